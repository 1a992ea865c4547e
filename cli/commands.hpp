#pragma once

#include "exit_status.hpp"

#include <mixfam/fit.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mixfam::cli {

/// `mixfam fit`, as given on the command line.
struct FitRequest {
  std::string data;
  std::string family;
  std::size_t components = 0;
  std::vector<std::string> columns;
  std::string start = "kmeans++";  ///< "kmeans++", "random" or the name of a file
  Update update = Update::ml;
  Assignment assignment = Assignment::soft;
  std::optional<std::string> prior;  ///< "default" or the name of a file
  double tolerance = FitOptions().tolerance;
  std::size_t max_iterations = FitOptions().max_iterations;
  std::size_t restarts = 1;
  std::uint64_t seed = 0;
  std::optional<std::string> output;
  std::optional<std::string> trace;
  bool json = false;
  bool verify = false;
  bool quiet = false;

  bool starts_from_file() const { return start != "kmeans++" && start != "random"; }
};

/// `mixfam families`.
struct FamiliesRequest {
  bool json = false;
};

/// `mixfam describe`.
struct DescribeRequest {
  std::string file;
  bool json = false;
};

ExitStatus fit_command(const FitRequest& request);
ExitStatus families_command(const FamiliesRequest& request);
ExitStatus describe_command(const DescribeRequest& request);

}  // namespace mixfam::cli

#pragma once

#include "exit_status.hpp"

#include <mixfam/fit.hpp>
#include <mixfam/selected_source.hpp>
#include <mixfam/slice.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mixfam::cli {

/// What stands for a cell that is missing.
struct Missing {
  bool allowed = false;         ///< NaN does; else it is refused
  std::optional<double> value;  ///< and this value
};

/// `mixfam fit`, as given on the command line; what was left out is empty.
struct FitRequest {
  std::string data;
  std::string family;
  std::optional<std::size_t> components;
  std::vector<std::string> columns;         ///< names, numbers, slices of numbers
  std::vector<std::string> except_columns;  ///< of these
  std::optional<Slice> rows;
  std::optional<double> split;
  std::optional<SplitPart> part;
  std::optional<std::string> row_weights;  ///< the place of a value for each row: a file, ":/path" or a column
  std::optional<std::string> labels;
  Missing missing;
  bool raw = false;
  bool transpose = false;
  std::string start = to_string(Start::kmeans_plus_plus);  ///< the name of a Start or of a file
  Update update = Update::ml;
  Assignment assignment = Assignment::soft;
  std::optional<std::string> prior;    ///< "default", "flat" or the name of a file
  std::optional<std::string> weights;  ///< the name of a WeightsPrior, or "fixed"
  std::vector<std::string> freeze;     ///< numbers of components and names of parameters
  bool freeze_weights = false;
  std::optional<double> tolerance;
  std::optional<std::size_t> max_iterations;
  std::optional<double> temperature;
  std::optional<double> cooling;
  std::optional<std::size_t> batch_rows;
  std::optional<double> forgetting;
  bool merge_rows = false;
  std::optional<DegeneratePolicy> degenerate;
  Acceleration accelerate = Acceleration::none;
  std::size_t restarts = 1;
  Prefer prefer = Prefer::sound;
  std::uint64_t seed = 0;
  std::size_t threads = 0;
  std::optional<std::string> output;
  std::optional<std::string> trace;
  std::optional<std::size_t> memory;  ///< bytes that the process may take
  bool json = false;
  bool verify = false;
  bool keep_saddle = false;
  bool quiet = false;

  bool starts_from_file() const { return !from_string<Start>(start); }
  std::optional<std::string> prior_file() const { return prior != "default" && prior != "flat" ? prior : std::nullopt; }
};

/// `mixfam families`.
struct FamiliesRequest {
  bool json = false;
};

/// `mixfam describe`.
struct DescribeRequest {
  std::string file;
  bool columns = false;
  bool json = false;
};

/// `mixfam convert`.
struct ConvertRequest {
  std::string input;
  std::string output;
  std::vector<std::string> columns;
  std::optional<char> delimiter;
  std::optional<bool> header;
};

/// `mixfam divergence`.
struct DivergenceRequest {
  std::string model;
  std::optional<std::string> other;
  std::size_t draws = 10000;
  std::uint64_t seed = 0;
  bool json = false;
};

ExitStatus fit_command(const FitRequest& request);
ExitStatus families_command(const FamiliesRequest& request);
ExitStatus describe_command(const DescribeRequest& request);
ExitStatus convert_command(const ConvertRequest& request);
ExitStatus divergence_command(const DivergenceRequest& request);

}  // namespace mixfam::cli

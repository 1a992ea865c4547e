#pragma once

#include "commands.hpp"

#include <mixfam/fit.hpp>
#include <mixfam/prior.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace mixfam::cli {

/// What a fit was asked for and what it came to: all that reports are made of.
struct FitOutcome {
  FitRequest request;
  std::string file;  ///< of the data
  std::string path;  ///< of the data set within the file
  std::size_t rows;
  std::vector<std::string> column_names;  ///< D; numbers where the file holds no names
  Prior prior;                            ///< of meaning for Update::map
  RestartsResult runs;
  bool interrupted;

  const FitResult& best() const { return runs.best; }
};

}  // namespace mixfam::cli

#pragma once

#include "commands.hpp"

#include <mixfam/hdf5.hpp>
#include <mixfam/source.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mixfam::cli {

/// The rows of a fit as the command line describes them: columns of a file, with weights and labels, of which some rows
/// are selected, with gaps.
class FitData {
 public:
  FitData(const FitRequest& request, std::size_t components);

  const Hdf5Source& file() const { return file_; }
  /// The rows that are fitted.
  Source& source() { return *top_; }
  /// What labels stand for which component; empty where their numbers say it.
  const std::vector<std::string>& label_names() const { return label_names_; }
  /// Every file that rows, weights or labels come from, where the fit writes any.
  const std::vector<std::string>& files() const { return files_; }

  /// Bytes of a row with what rides along, as it is handed out.
  std::size_t row_bytes() const;
  /// The most bytes that reading takes besides.
  std::size_t reading_bytes() const;
  /// Bytes of the weights and labels of all rows of the file.
  std::size_t held_bytes() const;

 private:
  void annotate(const FitRequest& request, std::size_t components);
  void select(const FitRequest& request);
  void allow_gaps(const FitRequest& request);

  /// Lays a source over those that there are.
  template <class S, class... Arguments>
  void lay(Arguments&&... arguments) {
    layers_.push_back(std::make_unique<S>(*top_, std::forward<Arguments>(arguments)...));
    top_ = layers_.back().get();
  }

  Hdf5Source file_;
  std::vector<std::unique_ptr<Source>> layers_;
  Source* top_ = &file_;
  std::vector<std::string> files_;
  std::vector<std::string> label_names_;
  bool weighted_ = false;
  bool labelled_ = false;
  bool has_gap_value_ = false;
  std::size_t copying_layers_ = 0;
};

}  // namespace mixfam::cli

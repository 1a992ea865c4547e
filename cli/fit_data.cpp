#include "fit_data.hpp"

#include "annotations.hpp"

#include <mixfam/annotated_source.hpp>
#include <mixfam/gap_value_source.hpp>
#include <mixfam/selected_source.hpp>

#include <algorithm>
#include <utility>

namespace mixfam::cli {

namespace {

/// A column that holds weights or labels is not data.
Hdf5Options options_of(const FitRequest& request) {
  Hdf5Options options;
  options.columns = request.columns;
  options.except = request.except_columns;
  for (const auto& text : {request.row_weights, request.labels})
    if (text && is_column(*text)) options.except.push_back(*text);
  options.raw = request.raw;
  options.transpose = request.transpose;
  options.gaps = request.missing.allowed;
  options.rehearse = true;
  return options;
}

/// What a source that copies rows takes for a piece of them, converted ones included.
constexpr std::size_t bytes_of_copies = std::size_t{8} << 20;

}  // namespace

FitData::FitData(const FitRequest& request, std::size_t components) : file_(request.data, options_of(request)) {
  // Where the rows lie is of interest only where something is written.
  if (request.output || request.trace) files_ = file_.files();
  annotate(request, components);
  select(request);
  allow_gaps(request);
}

void FitData::annotate(const FitRequest& request, std::size_t components) {
  std::vector<double> weights;
  ReadLabels labels;
  std::vector<std::string>* files = request.output || request.trace ? &files_ : nullptr;
  if (request.row_weights) weights = read_row_weights(RowValuesPlace::parse(*request.row_weights, file_), file_, files);
  if (request.labels) labels = read_labels(RowValuesPlace::parse(*request.labels, file_), file_, components, files);
  weighted_ = !weights.empty();
  labelled_ = !labels.values.empty();
  label_names_ = std::move(labels.names);
  if (weighted_ || labelled_) lay<AnnotatedSource>(RowWeights(std::move(weights)), RowLabels(std::move(labels.values)));
}

void FitData::select(const FitRequest& request) {
  if (request.rows) lay<SelectedSource>(*request.rows);
  if (request.split)
    lay<SelectedSource>(RowSplit{*request.split, request.seed, request.part.value_or(SplitPart::train)});
  copying_layers_ += (request.rows ? 1 : 0) + (request.split ? 1 : 0);
}

void FitData::allow_gaps(const FitRequest& request) {
  if (!request.missing.allowed) return;
  lay<GapValueSource>(request.missing.value);
  has_gap_value_ = request.missing.value.has_value();
  copying_layers_ += has_gap_value_ ? 1 : 0;
}

std::size_t FitData::row_bytes() const {
  // Rows of integers become float64 where a value stands for a gap.
  const std::size_t values =
      has_gap_value_ ? std::max(file_.row_bytes(), file_.columns() * sizeof(double)) : file_.row_bytes();
  return values + (weighted_ ? sizeof(double) : 0) + (labelled_ ? sizeof(std::int32_t) : 0);
}

std::size_t FitData::reading_bytes() const { return file_.reading_bytes() + copying_layers_ * bytes_of_copies; }

std::size_t FitData::held_bytes() const {
  return file_.rows() * ((weighted_ ? sizeof(double) : 0) + (labelled_ ? sizeof(std::int32_t) : 0));
}

}  // namespace mixfam::cli

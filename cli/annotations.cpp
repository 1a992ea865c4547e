#include "annotations.hpp"

#include "output/text.hpp"

#include <mixfam/chunk_values.hpp>
#include <mixfam/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <utility>

namespace mixfam::cli {

namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::data, message); }

/// One value for each row, as doubles.
struct Column {
  std::string name;  ///< of the data set
  std::vector<double> values;
  std::vector<std::string> labels;  ///< by code, or empty
};

Column read_column(const RowValuesPlace& place, const std::string& what, const Hdf5Source& data,
                   std::vector<std::string>* files) {
  Hdf5Options options;
  options.rehearse = true;
  if (!place.column.empty()) options.columns = {place.column};
  Hdf5Source source(place.location, options);
  if (files)
    for (std::string& file : source.files()) files->push_back(std::move(file));
  if (source.columns() != 1)
    refuse(fmt::format("{}: has {} columns, but {} are one column", source.name(), source.columns(), what));
  if (source.rows() != data.rows())
    refuse(fmt::format("{}: holds {} {}, but {} has {} rows (there must be as many)", source.name(), source.rows(),
                       what, data.name(), data.rows()));
  Column column{source.name(), std::vector<double>(source.rows()), {}};
  for (Chunk chunk = source.next(1); chunk.rows > 0; chunk = source.next(1))
    copy_column(chunk, 0, column.values.data() + chunk.first_row);
  if (!source.category_labels().empty()) column.labels = source.category_labels().front();
  return column;
}

/// For each code the component that its text stands for.
std::vector<std::int32_t> components_of(const std::vector<std::string>& labels, std::vector<std::string>& names) {
  std::vector<std::int32_t> components;
  for (const std::string& label : labels) {
    components.push_back(label.empty() ? unlabelled : static_cast<std::int32_t>(names.size()));
    if (!label.empty()) names.push_back(label);
  }
  return components;
}

/// The code -1 has no text, as in categories of AnnData.
std::int32_t component_of_code(const Column& column, std::size_t row, const std::vector<std::int32_t>& of_code) {
  const double code = column.values[row];
  if (code == -1) return unlabelled;
  if (code >= 0 && code < static_cast<double>(of_code.size())) return of_code[static_cast<std::size_t>(code)];
  refuse(fmt::format("{}: row {} holds the code {}, which has no label", column.name, row, code));
}

void check_label(const Column& column, std::size_t row, std::size_t components) {
  const double label = column.values[row];
  if (label == std::floor(label) && label >= unlabelled && label < static_cast<double>(components)) return;
  refuse(
      fmt::format("{}: the label of row {} is {} (must be the number of a component, 0 to {}, or -1 where it is not "
                  "known)",
                  column.name, row, label, components - 1));
}

}  // namespace

bool is_column(const std::string& text) {
  std::error_code ignored;
  return text.find(":/") == std::string::npos && !std::filesystem::exists(text, ignored);
}

RowValuesPlace RowValuesPlace::parse(const std::string& text, const Hdf5Source& data) {
  if (text.rfind(":/", 0) == 0) return {data.file() + text, ""};
  if (is_column(text)) return {data.name(), text};
  return {text, ""};
}

std::vector<double> read_row_weights(const RowValuesPlace& place, const Hdf5Source& data,
                                     std::vector<std::string>* files) {
  Column column = read_column(place, "row weights", data, files);
  if (!column.labels.empty()) refuse(column.name + ": holds labels (row weights are numbers)");
  const auto bad = std::find_if(column.values.begin(), column.values.end(),
                                [](double weight) { return !(weight >= 0) || std::isinf(weight); });
  if (bad != column.values.end())
    refuse(fmt::format("{}: the weight of row {} is {} (must be finite and >= 0)", column.name,
                       bad - column.values.begin(), *bad));
  return std::move(column.values);
}

ReadLabels read_labels(const RowValuesPlace& place, const Hdf5Source& data, std::size_t components,
                       std::vector<std::string>* files) {
  const Column column = read_column(place, "labels", data, files);
  ReadLabels labels;
  if (!column.labels.empty()) {
    const std::vector<std::int32_t> of_code = components_of(column.labels, labels.names);
    if (labels.names.size() > components)
      refuse(fmt::format("{}: holds {} labels ({}), but there are {} components", column.name, labels.names.size(),
                         printable(joined(labels.names, ", "), 80), components));
    for (std::size_t row = 0; row < column.values.size(); ++row)
      labels.values.push_back(component_of_code(column, row, of_code));
    return labels;
  }
  labels.values.reserve(column.values.size());
  for (std::size_t row = 0; row < column.values.size(); ++row) {
    check_label(column, row, components);
    labels.values.push_back(static_cast<std::int32_t>(column.values[row]));
  }
  return labels;
}

}  // namespace mixfam::cli

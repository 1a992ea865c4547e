#include "data_summary.hpp"

#include "output/text.hpp"

#include <mixfam/error.hpp>

#include <fmt/format.h>

#include <numeric>

namespace mixfam::cli {

namespace {

template <class T>
void count_missing(const Chunk& chunk, DataSummary& summary) {
  for (std::size_t n = 0; n < chunk.rows; ++n) {
    if (chunk.weights && chunk.weights[n] == 0) continue;
    const T* value = static_cast<const T*>(chunk.data) + static_cast<std::ptrdiff_t>(n) * chunk.row_stride;
    for (std::size_t j = 0; j < summary.missing.size(); ++j, value += chunk.column_stride) {
      if (*value == *value) continue;
      ++summary.missing[j];
      if (!summary.first_missing) summary.first_missing = {chunk.first_row + n, j};
    }
  }
}

void add(const Chunk& chunk, DataSummary& summary) {
  for (std::size_t n = 0; n < chunk.rows; ++n) {
    const double weight = chunk.weights ? chunk.weights[n] : 1;
    if (weight == 0) continue;
    ++summary.rows_used;
    summary.total_weight += weight;
    if (chunk.labels && chunk.labels[n] != unlabelled) ++summary.labelled_rows;
  }
  if (chunk.type == ElementType::float32) count_missing<float>(chunk, summary);
  if (chunk.type == ElementType::float64) count_missing<double>(chunk, summary);
}

std::string column_text(const Source& source, std::size_t column) {
  const auto& names = source.column_names();
  return column < names.size() ? fmt::format("column {} (\"{}\")", column, printable(names[column]))
                               : fmt::format("column {}", column);
}

}  // namespace

std::size_t DataSummary::missing_cells() const {
  return std::accumulate(missing.begin(), missing.end(), std::size_t{0});
}

DataSummary summarize(Source& source) {
  DataSummary summary;
  summary.missing.resize(source.columns());
  source.rewind();
  for (Chunk chunk = source.next(1); chunk.rows > 0; chunk = source.next(1)) {
    const bool floats = chunk.type == ElementType::float32 || chunk.type == ElementType::float64;
    if (!floats && !chunk.weights && !chunk.labels) {
      summary.rows_used = source.rows();
      summary.total_weight = static_cast<double>(source.rows());
      return summary;
    }
    add(chunk, summary);
  }
  return summary;
}

void refuse_gaps(const Source& source, const DataSummary& summary) {
  if (source.has_gaps() || !summary.first_missing) return;
  constexpr std::size_t shown = 5;
  const auto [row, column] = *summary.first_missing;
  std::vector<std::string> counts;
  std::size_t concerned = 0;
  for (std::size_t j = 0; j < summary.missing.size(); ++j) {
    if (summary.missing[j] == 0) continue;
    if (++concerned <= shown) counts.push_back(fmt::format("{} in {}", summary.missing[j], column_text(source, j)));
  }
  if (concerned > shown) counts.push_back(fmt::format("the others in {} more columns", concerned - shown));
  const std::size_t cells = summary.missing_cells();
  throw Error(ErrorKind::data,
              fmt::format("{} row {}, {}: nan is not a finite number; of {} cells {} nan: {}; --missing nan takes them "
                          "as missing, else remove or replace them before fitting",
                          source.name(), source.row_number(row), column_text(source, column),
                          summary.rows_used * source.columns(), cells == 1 ? "1 is" : fmt::format("{} are", cells),
                          joined(counts, ", ")));
}

}  // namespace mixfam::cli

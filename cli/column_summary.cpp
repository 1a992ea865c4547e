#include "column_summary.hpp"

#include <mixfam/chunk_values.hpp>
#include <mixfam/error.hpp>
#include <mixfam/matrix_view.hpp>
#include <mixfam/registry.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>

namespace mixfam::cli {

namespace {

/// As many as may be categories, of many columns fewer: they are kept in memory.
std::size_t most_distinct_of(std::size_t columns) {
  constexpr std::size_t most = 4096;
  constexpr std::size_t least = 20;
  constexpr std::size_t most_in_memory = std::size_t{1} << 22;
  return std::clamp(most_in_memory / std::max<std::size_t>(columns, 1), least, most);
}

/// Adds up one column.
class Summing {
 public:
  explicit Summing(std::size_t most_distinct) : most_distinct_(most_distinct) {}

  void add(double x) {
    ++rows_;
    if (std::isnan(x)) {
      ++gaps_;
      return;
    }
    least_ = std::min(least_, x);
    greatest_ = std::max(greatest_, x);
    mean_ += (x - mean_) / static_cast<double>(rows_ - gaps_);
    whole_ = whole_ && std::floor(x) == x;
    // Neighbouring rows are often equal.
    if (too_many_ || x == last_) return;
    last_ = x;
    distinct_.insert(x);
    if (distinct_.size() <= most_distinct_) return;
    too_many_ = true;
    distinct_ = {};
  }

  void conclude(ColumnSummary& column) const {
    column.rows = rows_;
    column.gaps = gaps_;
    const bool any = column.has_values();
    const double none = std::numeric_limits<double>::quiet_NaN();
    column.least = any ? least_ : none;
    column.greatest = any ? greatest_ : none;
    column.mean = any ? mean_ : none;
    column.whole = whole_;
    column.most_distinct = most_distinct_;
    column.distinct.assign(distinct_.begin(), distinct_.end());
    std::sort(column.distinct.begin(), column.distinct.end());
  }

 private:
  std::size_t most_distinct_;
  std::size_t rows_ = 0;
  std::size_t gaps_ = 0;
  double least_ = std::numeric_limits<double>::infinity();
  double greatest_ = -std::numeric_limits<double>::infinity();
  double mean_ = 0;
  bool whole_ = true;
  bool too_many_ = false;
  double last_ = std::numeric_limits<double>::quiet_NaN();
  std::unordered_set<double> distinct_;
};

void add_chunk(const Chunk& chunk, std::vector<Summing>& sums) {
  std::vector<double> values(chunk.rows);
  for (std::size_t j = 0; j < sums.size(); ++j) {
    copy_column(chunk, j, values.data());
    for (const double value : values) sums[j].add(value);
  }
}

/// A column with the same least, greatest and distinct values, as far as these are known.
std::vector<double> specimen(const ColumnSummary& column) {
  return column.distinct.empty() ? std::vector<double>{column.least, column.greatest} : column.distinct;
}

/// None where it needs options that only a user knows, or where no value is one of its own.
FamilyPtr try_make(const RegistryEntry& entry, const std::string& spec, const std::vector<double>& values) {
  try {
    Registry registry;
    registry.add(entry);
    MemorySource data(ConstMatrixView::row_major(values.data(), values.size(), 1));
    return registry.make(spec, 1, {}, &data);
  } catch (const Error&) {
    return nullptr;
  }
}

/// Supports are intervals, perhaps of whole numbers, or lists: the ends tell, or all distinct values do.
bool takes(const Support& support, const ColumnSummary& column, const std::vector<double>& values) {
  if (!column.labels.empty() && !support.labels_allowed) return false;
  if (support.integer && !column.whole) return false;
  if (!support.values.empty() && column.distinct.empty()) return false;
  return std::all_of(values.begin(), values.end(), [&](double x) { return support.contains(x); });
}

std::vector<std::string> families_of(const ColumnSummary& column, const Registry& registry) {
  std::vector<std::string> specs;
  if (!column.has_values() || !std::isfinite(column.least) || !std::isfinite(column.greatest)) return specs;
  const std::vector<double> values = specimen(column);
  for (const RegistryEntry& entry : registry.entries()) {
    if (entry.needs_categories && column.distinct.empty()) continue;
    std::string spec = entry.name;
    FamilyPtr family = try_make(entry, spec, values);
    if (!family && !entry.example.empty()) {
      spec = entry.example;
      family = try_make(entry, spec, values);
    }
    if (family && takes(family->support(0), column, values)) specs.push_back(spec);
  }
  return specs;
}

}  // namespace

std::string ColumnSummary::type() const {
  if (!labels.empty()) return "categories";
  return whole ? "whole numbers" : "numbers";
}

std::vector<ColumnSummary> summarise_columns(Source& source) {
  std::vector<Summing> sums(source.columns(), Summing(most_distinct_of(source.columns())));
  const Registry registry = Registry::builtin();
  source.rewind();
  for (Chunk chunk = source.next(1); chunk.rows > 0; chunk = source.next(1)) add_chunk(chunk, sums);
  std::vector<ColumnSummary> columns(sums.size());
  for (std::size_t j = 0; j < sums.size(); ++j) {
    ColumnSummary& column = columns[j];
    column.name = source.column_names().empty() ? std::to_string(j) : source.column_names()[j];
    if (!source.category_labels().empty()) column.labels = source.category_labels()[j];
    sums[j].conclude(column);
    column.families = families_of(column, registry);
  }
  return columns;
}

}  // namespace mixfam::cli

#include "family/ranges.hpp"

#include <mixfam/error.hpp>

#include "data/reduce.hpp"
#include "family/data_check.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace mixfam {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Ranges {
  std::vector<Range> columns;

  Ranges& operator+=(const Ranges& other) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      columns[i].least = std::min(columns[i].least, other.columns[i].least);
      columns[i].greatest = std::max(columns[i].greatest, other.columns[i].greatest);
    }
    return *this;
  }
};

void pack(const Ranges& ranges, std::vector<double>& message) {
  for (const Range& range : ranges.columns) message.insert(message.end(), {range.least, range.greatest});
}
void unpack(ConstVectorView numbers, Ranges& ranges) {
  for (std::size_t i = 0; i < ranges.columns.size(); ++i) ranges.columns[i] = {numbers[2 * i], numbers[2 * i + 1]};
}

}  // namespace

std::vector<Range> find_ranges(const std::vector<std::size_t>& columns, const Rows& rows) {
  Source& source = rows.source;
  const auto add = [&](const DataBlock& block, Ranges& leaf) {
    for (std::size_t n = 0; n < block.x.rows; ++n) {
      if (block.weights && block.weights[n] == 0) continue;
      for (std::size_t i = 0; i < columns.size(); ++i) {
        if (block.x.is_missing(n, columns[i])) continue;
        const double x = block.x.column(columns[i])[n];
        if (!std::isfinite(x))
          throw Error(ErrorKind::data, describe_cell(source, block.first_row + n, columns[i]) + ": " +
                                           std::to_string(x) +
                                           " is not a finite number; remove or replace such rows before fitting");
        leaf.columns[i].least = std::min(leaf.columns[i].least, x);
        leaf.columns[i].greatest = std::max(leaf.columns[i].greatest, x);
      }
    }
  };
  const Ranges found = reduce(rows, Ranges{std::vector<Range>(columns.size(), {infinity, -infinity})}, add);
  for (std::size_t i = 0; i < columns.size(); ++i)
    if (!(found.columns[i].least <= found.columns[i].greatest))
      throw Error(ErrorKind::data, source.name() + ", " + describe_column(source, columns[i]) +
                                       ": no row of positive weight has a value (there must be one to fit)");
  return found.columns;
}

}  // namespace mixfam

#include "family/categories.hpp"

#include <mixfam/error.hpp>

#include "data/reduce.hpp"
#include "family/data_check.hpp"
#include "numerics/plural.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

namespace mixfam {

namespace {

/// A column of more distinct values is hardly one of categories.
constexpr std::size_t most_found = 4096;
/// What may be declared in so many words as "1..1000000".
constexpr double most_declared = 1 << 20;
/// Whole numbers beyond are no longer exact in double precision.
constexpr double greatest_code = 9007199254740991;

std::string code_text(double code) {
  char text[32];
  std::snprintf(text, sizeof text, "%.16g", code);
  return text;
}

/// What a pass has found in the columns: rows before the first that ends the search, whose codes are all there is.
struct FoundCodes {
  struct Cell {
    std::size_t row;
    std::size_t column;  // of those searched
    double value;
  };
  /// For each column the rows where codes were first seen: the first `most_found` + 1 of them.
  std::vector<std::map<double, std::size_t>> columns;
  std::optional<Cell> no_code;  // the first

  bool complete() const {
    return no_code ||
           std::any_of(columns.begin(), columns.end(), [](const auto& codes) { return codes.size() > most_found; });
  }
  FoundCodes& operator+=(const FoundCodes& other) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      columns[i].insert(other.columns[i].begin(), other.columns[i].end());
      while (columns[i].size() > most_found + 1) columns[i].erase(last_seen(columns[i]));
    }
    if (!no_code) no_code = other.no_code;
    return *this;
  }
  /// The first cell that ends the search, if any does.
  std::optional<Cell> end() const {
    std::optional<Cell> first = no_code;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      if (columns[i].size() <= most_found) continue;
      const auto last = last_seen(columns[i]);
      if (!first || std::pair(last->second, i) < std::pair(first->row, first->column))
        first = Cell{last->second, i, last->first};
    }
    return first;
  }

 private:
  static std::map<double, std::size_t>::const_iterator last_seen(const std::map<double, std::size_t>& codes) {
    return std::max_element(codes.begin(), codes.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; });
  }
};

void pack(const FoundCodes& found, std::vector<double>& message) {
  const auto put = [&message](auto value) { message.push_back(static_cast<double>(value)); };
  put(found.no_code.has_value());
  const FoundCodes::Cell cell = found.no_code.value_or(FoundCodes::Cell{0, 0, 0});
  put(cell.row);
  put(cell.column);
  put(cell.value);
  for (const auto& codes : found.columns) {
    put(codes.size());
    for (const auto& [code, row] : codes) {
      put(code);
      put(row);
    }
  }
}
void unpack(ConstVectorView numbers, FoundCodes& found) {
  const double* next = numbers.begin();
  const auto take = [&next] { return static_cast<std::size_t>(*next++); };
  const bool any = take() != 0;
  const std::size_t row = take();
  const std::size_t column = take();
  const double value = *next++;
  if (any) found.no_code = FoundCodes::Cell{row, column, value};
  for (auto& codes : found.columns)
    for (std::size_t left = take(); left > 0; --left) {
      const double code = *next++;
      codes.emplace(code, take());
    }
}

/// The codes of one column that a worker has met; most are small, and a table is faster than a set.
class MetCodes {
 public:
  /// Whether the code is new.
  bool insert(double code) {
    if (!(code < static_cast<double>(small_.size()))) return large_.insert(code).second;
    const auto met = small_.begin() + static_cast<std::ptrdiff_t>(code);
    if (*met) return false;
    return *met = true;
  }

 private:
  std::vector<bool> small_ = std::vector<bool>(most_found);
  std::set<double> large_;
};

[[noreturn]] void refuse(const std::string& family, const std::string& text, const std::string& part,
                         const std::string& reason) {
  throw Error(ErrorKind::usage, "family '" + family + "': categories=" + text + ": '" + part + "' " + reason +
                                    "; write a number of categories (3 for 0, 1, 2), a range (1..4) or codes "
                                    "(0|5|7), for each column apart with ';' between (0..2;1..4)");
}

std::optional<double> parse_code(const std::string& text) {
  constexpr std::size_t most_digits = 16;
  if (text.empty() || text.size() > most_digits || text.find_first_not_of("0123456789") != std::string::npos)
    return std::nullopt;
  const double code = static_cast<double>(std::stoull(text));
  if (code > greatest_code) return std::nullopt;
  return code;
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else if (c != ' ') {
      parts.back() += c;
    }
  }
  return parts;
}

/// The run of codes that an entry such as "7" or "5..7" stands for.
struct Run {
  double first;
  double last;
};

std::vector<double> parse_column(const std::string& family, const std::string& text, const std::string& column) {
  const auto parse_entry = [&](const std::string& entry) {
    const auto dots = entry.find("..");
    const auto first = parse_code(entry.substr(0, dots));
    const auto last = dots == std::string::npos ? first : parse_code(entry.substr(dots + 2));
    if (!first || !last || *last < *first) refuse(family, text, entry, "is neither a code nor a range of codes");
    return Run{*first, *last};
  };
  std::vector<Run> runs;
  if (column.find_first_of("|.") == std::string::npos) {
    const auto count = parse_code(column);
    if (!count || *count < 1) refuse(family, text, column, "is not a number of categories");
    runs.push_back({0, *count - 1});
  } else {
    for (const std::string& entry : split(column, '|')) runs.push_back(parse_entry(entry));
  }
  double count = 0;
  for (const Run& run : runs) count += run.last - run.first + 1;
  if (count > most_declared) refuse(family, text, column, "declares more than 1048576 categories");
  std::vector<double> codes;
  for (const Run& run : runs)
    for (double code = run.first; code <= run.last; ++code) codes.push_back(code);
  std::sort(codes.begin(), codes.end());
  if (std::adjacent_find(codes.begin(), codes.end()) != codes.end())
    refuse(family, text, column, "names a category twice");
  return codes;
}

std::string column_text(const std::vector<double>& codes) {
  const std::size_t size = codes.size();
  const auto range = [](double first, double last) { return code_text(first) + ".." + code_text(last); };
  if (codes.back() - codes.front() == static_cast<double>(size - 1))
    return codes.front() == 0 ? std::to_string(size) : range(codes.front(), codes.back());
  std::string text;
  for (std::size_t i = 0; i < size;) {
    std::size_t end = i + 1;
    while (end < size && codes[end] == codes[end - 1] + 1) ++end;
    if (end - i < 3) end = i + 1;  // "5|6" is shorter than "5..6"
    text += (text.empty() ? "" : "|") + (end - i == 1 ? code_text(codes[i]) : range(codes[i], codes[end - 1]));
    i = end;
  }
  return text;
}

}  // namespace

CategoryLists find_categories(const std::string& family, const std::vector<std::size_t>& columns, const Rows& rows) {
  Source& source = rows.source;
  // A worker visits rows in order: what it has met is in the sum already, with a row before.
  const auto add = [&columns, met = std::vector<MetCodes>(columns.size())](const DataBlock& block,
                                                                           FoundCodes& leaf) mutable {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const double* x = block.x.column(columns[i]);
      for (std::size_t n = 0; n < block.x.rows; ++n) {
        if ((block.weights && block.weights[n] == 0) || block.x.is_missing(n, columns[i])) continue;
        const std::size_t row = block.first_row + n;
        if (x[n] >= 0 && x[n] <= greatest_code && x[n] == std::floor(x[n])) {
          const double code = x[n] + 0.0;  // -0 becomes 0
          if (met[i].insert(code)) leaf.columns[i].emplace(code, row);
        } else if (!leaf.no_code || row < leaf.no_code->row) {
          leaf.no_code = FoundCodes::Cell{row, i, x[n]};
        }
      }
    }
  };
  FoundCodes zero;
  zero.columns.resize(columns.size());
  const FoundCodes found = reduce(rows, zero, add);
  if (const auto cell = found.end()) {
    const std::string text =
        describe_cell(source, cell->row, columns[cell->column]) + ": " + code_text(cell->value) + " is ";
    const std::string advice =
        "; use another family for this column, such as gaussian, or leave the column out of the data (`columns`)";
    const bool no_code = found.no_code && found.no_code->row == cell->row && found.no_code->column == cell->column;
    throw Error(ErrorKind::data,
                text +
                    (no_code ? "no category of '" + family + "' (categories are whole numbers >= 0)"
                             : "one more than " + std::to_string(most_found) +
                                   " distinct values, which are the most that '" + family + "' looks for") +
                    advice);
  }
  CategoryLists lists;
  for (const auto& codes : found.columns) {
    if (codes.empty())
      throw Error(ErrorKind::data, source.name() + ": all row weights are 0 (there must be a row to fit)");
    std::vector<double>& list = lists.emplace_back();
    for (const auto& [code, row] : codes) list.push_back(code);
  }
  return lists;
}

CategoryLists parse_categories(const std::string& family, const std::string& text, std::size_t columns) {
  CategoryLists lists;
  for (const std::string& column : split(text, ';')) lists.push_back(parse_column(family, text, column));
  if (lists.size() == 1) lists.resize(columns, lists.front());
  if (lists.size() != columns)
    throw Error(ErrorKind::usage, "family '" + family + "': categories=" + text + " declares " +
                                      plural(lists.size(), "column") + ", but it has " + std::to_string(columns));
  return lists;
}

std::string categories_text(const CategoryLists& categories) {
  const bool alike = std::all_of(categories.begin(), categories.end(),
                                 [&](const auto& column) { return column == categories.front(); });
  if (alike) return column_text(categories.front());
  return std::accumulate(categories.begin(), categories.end(), std::string(),
                         [](const std::string& text, const std::vector<double>& column) {
                           return text + (text.empty() ? "" : ";") + column_text(column);
                         });
}

std::string categories_rule(const std::vector<double>& categories) {
  constexpr std::size_t shown = 8;
  const std::size_t size = categories.size();
  std::string text = size == 1 ? "the one category " : "one of " + std::to_string(size) + " categories ";
  if (size > shown && categories.back() - categories.front() == static_cast<double>(size - 1))
    return text + code_text(categories.front()) + " to " + code_text(categories.back());
  for (std::size_t i = 0; i < std::min(size, shown); ++i) text += (i == 0 ? "" : ", ") + code_text(categories[i]);
  return size > shown ? text + ", .." : text;
}

}  // namespace mixfam

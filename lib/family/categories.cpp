#include "family/categories.hpp"

#include <mixfam/error.hpp>

#include "data/blocks.hpp"
#include "family/data_check.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <optional>
#include <set>

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

/// The distinct codes of one column; most are small, and a table is faster than a set.
class DistinctCodes {
 public:
  void insert(double code) {
    if (code < static_cast<double>(small_.size())) {
      const auto seen = small_.begin() + static_cast<std::ptrdiff_t>(code);
      count_ += !*seen;
      *seen = true;
    } else {
      count_ += large_.insert(code).second;
    }
  }
  std::size_t count() const { return count_; }
  std::vector<double> sorted() const {
    std::vector<double> codes;
    for (std::size_t code = 0; code < small_.size(); ++code)
      if (small_[code]) codes.push_back(static_cast<double>(code));
    codes.insert(codes.end(), large_.begin(), large_.end());
    return codes;
  }

 private:
  std::vector<bool> small_ = std::vector<bool>(most_found);
  std::set<double> large_;
  std::size_t count_ = 0;
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

CategoryLists find_categories(const std::string& family, const std::vector<std::size_t>& columns, Source& source) {
  std::vector<DistinctCodes> found(columns.size());
  for_each_block(source, [&](const DataBlock& block) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const double* x = block.x.column(columns[i]);
      for (std::size_t n = 0; n < block.x.rows; ++n) {
        if (block.weights && block.weights[n] == 0) continue;
        const bool is_code = x[n] >= 0 && x[n] <= greatest_code && x[n] == std::floor(x[n]);
        if (is_code) found[i].insert(x[n] + 0.0);  // -0 becomes 0
        if (is_code && found[i].count() <= most_found) continue;
        const std::string cell =
            describe_cell(source, block.first_row + n, columns[i]) + ": " + code_text(x[n]) + " is ";
        const std::string advice =
            "; use another family for this column, such as gaussian, or leave the column out of the data (`columns`)";
        if (is_code)
          throw Error(ErrorKind::data, cell + "one more than " + std::to_string(most_found) +
                                           " distinct values, which are the most that '" + family + "' looks for" +
                                           advice);
        throw Error(ErrorKind::data,
                    cell + "no category of '" + family + "' (categories are whole numbers >= 0)" + advice);
      }
    }
    return true;
  });
  CategoryLists lists;
  for (const DistinctCodes& codes : found) {
    if (codes.count() == 0)
      throw Error(ErrorKind::data, source.name() + ": all row weights are 0 (there must be a row to fit)");
    lists.push_back(codes.sorted());
  }
  return lists;
}

CategoryLists parse_categories(const std::string& family, const std::string& text, std::size_t columns) {
  CategoryLists lists;
  for (const std::string& column : split(text, ';')) lists.push_back(parse_column(family, text, column));
  if (lists.size() == 1) lists.resize(columns, lists.front());
  if (lists.size() != columns)
    throw Error(ErrorKind::usage, "family '" + family + "': categories=" + text + " declares " +
                                      std::to_string(lists.size()) + " columns, but it has " + std::to_string(columns));
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

#include <mixfam/error.hpp>
#include <mixfam/product.hpp>
#include <mixfam/registry.hpp>

#include "family/categories.hpp"
#include "family/require_family.hpp"

#include <algorithm>
#include <cctype>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>

namespace mixfam {

namespace {

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find(separator, begin)) != std::string::npos; begin = end + 1)
    parts.push_back(trimmed(text.substr(begin, end - begin)));
  parts.push_back(trimmed(text.substr(begin)));
  return parts;
}

std::string joined(const std::vector<std::string>& parts) {
  return std::accumulate(
      parts.begin(), parts.end(), std::string(),
      [](const std::string& text, const std::string& part) { return text + (text.empty() ? "" : ", ") + part; });
}

bool is_name(const std::string& text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

/// Where the parenthesis that opens at `open` is closed.
std::size_t closing(const std::string& text, std::size_t open) {
  std::size_t depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '(') ++depth;
    if (text[i] == ')' && --depth == 0) return i;
  }
  throw Error(ErrorKind::usage, "family '" + text + "': the '(' is not closed");
}

/// The factors of a product: what stands between stars outside of parentheses.
std::vector<std::string> split_factors(const std::string& text) {
  std::vector<std::string> factors(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '*') {
      factors.emplace_back();
      continue;
    }
    const std::size_t end = text[i] == '(' ? closing(text, i) : i;
    factors.back() += text.substr(i, end - i + 1);
    i = end;
  }
  for (std::string& factor : factors) factor = trimmed(factor);
  return factors;
}

/// One factor of a specification, taken apart: a product in parentheses, or a name with options.
struct FactorSpec {
  std::optional<std::string> product;
  std::string name;
  std::map<std::string, std::string> options;
  std::optional<std::vector<std::string>> columns;
};

std::optional<std::vector<std::string>> parse_columns(const std::string& text, std::size_t open) {
  if (open == std::string::npos) return std::nullopt;
  if (closing(text, open) + 1 != text.size())
    throw Error(ErrorKind::usage,
                "family '" + text + "': something follows the columns; factors are joined by '*', as in 'a(0) * b(1)'");
  return split(text.substr(open + 1, text.size() - open - 2), ',');
}

FactorSpec parse_factor(const std::string& text) {
  FactorSpec factor;
  if (!text.empty() && text.front() == '(') {
    const std::size_t end = closing(text, 0);
    factor.product = text.substr(1, end - 1);
    factor.columns = parse_columns(text, text.find_first_not_of(" \t", end + 1));
    return factor;
  }
  const std::size_t open = text.find('(');
  factor.columns = parse_columns(text, open);
  const std::string head = trimmed(text.substr(0, open));
  const auto colon = head.find(':');
  factor.name = trimmed(head.substr(0, colon));
  if (!is_name(factor.name))
    throw Error(ErrorKind::usage,
                "family '" + text +
                    "' does not begin with a name; write it as in 'gaussian' or 'gaussian(a,b) * exponential(c)'");
  if (colon == std::string::npos) return factor;
  for (const std::string& option : split(head.substr(colon + 1), ',')) {
    const auto equals = option.find('=');
    if (equals == std::string::npos || equals == 0)
      throw Error(ErrorKind::usage, "family '" + text + "': the option '" + option + "' is not of the form key=value");
    const std::string key = trimmed(option.substr(0, equals));
    if (!factor.options.emplace(key, trimmed(option.substr(equals + 1))).second)
      throw Error(ErrorKind::usage, "family '" + text + "': the option '" + key + "' is given twice");
  }
  return factor;
}

/// The categories of columns of the data for a family of that name; empty where they are not known.
using FindCategories = std::function<CategoryLists(const std::string&, const std::vector<std::size_t>&)>;

/// The columns that a product divides among its factors.
struct ColumnChoice {
  std::vector<std::size_t> of_data;
  std::vector<std::string> names;  ///< one for each, or none
  FindCategories find_categories;
};

ColumnChoice all_columns(std::size_t columns, const std::vector<std::string>& names, FindCategories find) {
  ColumnChoice all{std::vector<std::size_t>(columns), names, std::move(find)};
  std::iota(all.of_data.begin(), all.of_data.end(), std::size_t{0});
  return all;
}

std::size_t find_column(const std::string& text, std::size_t columns, const std::vector<std::string>& names) {
  const auto named = std::find(names.begin(), names.end(), text);
  if (named != names.end()) return static_cast<std::size_t>(named - names.begin());
  if (!text.empty() && text.size() < 10 &&
      std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c); })) {
    if (const auto column = std::stoul(text); column < columns) return column;
  }
  throw Error(ErrorKind::usage, "no column '" + text + "'; there are " + std::to_string(columns) + " columns" +
                                    (names.empty() ? ", numbered from 0" : ": " + joined(names)));
}

ColumnChoice choose(const ColumnChoice& all, const std::vector<std::size_t>& columns) {
  ColumnChoice chosen;
  chosen.find_categories = all.find_categories;
  for (const std::size_t column : columns) {
    chosen.of_data.push_back(all.of_data[column]);
    if (!all.names.empty()) chosen.names.push_back(all.names[column]);
  }
  return chosen;
}

FamilyPtr make_named(const RegistryEntry& entry, const FactorSpec& factor, const ColumnChoice& columns) {
  for (const auto& given : factor.options) {
    const std::string& key = given.first;
    const bool known = std::any_of(entry.options.begin(), entry.options.end(), [&](const std::string& option) {
      return option.substr(0, option.find('=')) == key;
    });
    if (!known)
      throw Error(ErrorKind::usage, "family '" + factor.name + "' has no option '" + key + "'; " +
                                        (entry.options.empty() ? "it has none" : "it has: " + joined(entry.options)));
  }
  Shape shape{columns.of_data.size(), factor.options};
  if (entry.needs_categories && factor.options.count("categories") == 0)
    shape.categories = columns.find_categories(factor.name, columns.of_data);
  FamilyPtr family = entry.make(shape);
  require(family);
  return family;
}

/// Products within products that a specification may have.
constexpr std::size_t deepest = 32;

FamilyPtr make_product_of(const Registry& registry, const std::string& spec, const ColumnChoice& columns,
                          std::size_t depth);

FamilyPtr make_factor(const Registry& registry, const FactorSpec& factor, const ColumnChoice& columns,
                      std::size_t depth) {
  return factor.product ? make_product_of(registry, *factor.product, columns, depth + 1)
                        : make_named(registry.entry(factor.name), factor, columns);
}

FamilyPtr make_product_of(const Registry& registry, const std::string& spec, const ColumnChoice& columns,
                          std::size_t depth) {
  if (depth > deepest)
    throw Error(ErrorKind::usage, "a family of products within products deeper than " + std::to_string(deepest));
  const auto texts = split_factors(spec);
  const std::size_t count = columns.of_data.size();
  if (texts.size() == 1) {
    if (const FactorSpec parsed = parse_factor(texts.front()); !parsed.columns)
      return make_factor(registry, parsed, columns, depth);
  }
  std::vector<Factor> factors;
  std::size_t used = 0;
  for (const std::string& text : texts) {
    const FactorSpec parsed = parse_factor(text);
    if (!parsed.columns)
      throw Error(ErrorKind::usage, "family '" + text + "' is one of several factors and must name its columns: '" +
                                        text + "(column, ..)'");
    Factor factor;
    for (const std::string& column : *parsed.columns)
      factor.columns.push_back(find_column(column, count, columns.names));
    factor.family = make_factor(registry, parsed, choose(columns, factor.columns), depth);
    used += factor.columns.size();
    factors.push_back(std::move(factor));
  }
  if (used < count)
    throw Error(ErrorKind::usage, "family '" + spec + "' uses " + std::to_string(used) + " of " +
                                      std::to_string(count) +
                                      " columns; name the others too, or leave them out of the data (`columns`)");
  return make_product(std::move(factors));
}

}  // namespace

void Registry::add(RegistryEntry entry) {
  if (!is_name(entry.name))
    throw Error(ErrorKind::usage, "family name '" + entry.name + "' (must be letters, digits and underscores)");
  if (!entry.make) throw Error(ErrorKind::usage, "family '" + entry.name + "' is registered without a function");
  for (const RegistryEntry& other : entries_)
    if (other.name == entry.name) throw Error(ErrorKind::usage, "a family '" + entry.name + "' is registered already");
  entries_.push_back(std::move(entry));
}

const RegistryEntry& Registry::entry(const std::string& name) const {
  for (const RegistryEntry& one : entries_)
    if (one.name == name) return one;
  std::vector<std::string> names;
  for (const RegistryEntry& one : entries_) names.push_back(one.name);
  throw Error(ErrorKind::usage, "no family '" + name + "'; there are: " + joined(names));
}

FamilyPtr Registry::make(const std::string& spec, std::size_t columns, const std::vector<std::string>& column_names,
                         Source* data) const {
  if (data && data->columns() != columns)
    throw Error(ErrorKind::usage, data->name() + " has " + std::to_string(data->columns()) + " columns, but '" + spec +
                                      "' is asked for over " + std::to_string(columns));
  const auto find = [data](const std::string& family, const std::vector<std::size_t>& chosen) {
    return data ? find_categories(family, chosen, *data) : CategoryLists{};
  };
  return make_product_of(*this, spec, all_columns(columns, column_names, find), 0);
}

namespace {

/// Adds the categories that a specification over these columns declares for each of them.
void add_declared_categories(const std::string& spec, const std::vector<std::size_t>& columns, CategoryLists& lists) {
  for (const std::string& text : split_factors(spec)) {
    const FactorSpec factor = parse_factor(text);
    std::vector<std::size_t> own = columns;
    if (factor.columns) {
      own.clear();
      for (const std::string& column : *factor.columns) own.push_back(columns[find_column(column, columns.size(), {})]);
    }
    if (factor.product) add_declared_categories(*factor.product, own, lists);
    const auto declared = factor.options.find("categories");
    if (declared == factor.options.end()) continue;
    const CategoryLists parsed = parse_categories(factor.name, declared->second, own.size());
    for (std::size_t j = 0; j < own.size(); ++j) lists[own[j]] = parsed[j];
  }
}

/// The categories that the specification of a family declares for each column; empty for columns of other families.
CategoryLists declared_categories(const Family& family) {
  CategoryLists lists(family.columns());
  std::vector<std::size_t> columns(family.columns());
  std::iota(columns.begin(), columns.end(), std::size_t{0});
  add_declared_categories(family.spec(), columns, lists);
  return lists;
}

/// Parameters go by name, so that the order of factors does not matter where each name is about the same columns.
bool are_alike(const Family& a, const Family& b) {
  const auto factors = [](const Family& family) {
    std::vector<std::string> texts = split_factors(family.spec());
    std::sort(texts.begin(), texts.end());
    return texts;
  };
  const auto fields = [](const Family& family) {
    std::vector<Field> all = family.parameters().fields();
    std::sort(all.begin(), all.end(), [](const Field& x, const Field& y) { return x.name < y.name; });
    return all;
  };
  const std::vector<Field> of_a = fields(a);
  const std::vector<Field> of_b = fields(b);
  return factors(a) == factors(b) &&
         std::equal(of_a.begin(), of_a.end(), of_b.begin(), of_b.end(), [](const Field& x, const Field& y) {
           return x.name == y.name && x.shape == y.shape && x.columns == y.columns;
         });
}

}  // namespace

bool Registry::means(const std::string& spec, const Family& family,
                     const std::vector<std::string>& column_names) const {
  if (spec == family.spec()) return true;
  try {
    const CategoryLists known = declared_categories(family);
    const auto find = [&](const std::string&, const std::vector<std::size_t>& columns) {
      CategoryLists lists;
      for (const std::size_t column : columns) lists.push_back(known[column]);
      const bool complete = std::none_of(lists.begin(), lists.end(), [](const auto& list) { return list.empty(); });
      return complete ? lists : CategoryLists{};
    };
    return are_alike(*make_product_of(*this, spec, all_columns(family.columns(), column_names, find), 0), family);
  } catch (const Error&) {
    return false;
  }
}

}  // namespace mixfam

#include <mixfam/error.hpp>
#include <mixfam/product.hpp>
#include <mixfam/registry.hpp>

#include "categories.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>
#include <optional>

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

/// One factor of a specification, taken apart.
struct FactorSpec {
  std::string name;
  std::map<std::string, std::string> options;
  std::optional<std::vector<std::string>> columns;
};

FactorSpec parse_factor(const std::string& text) {
  FactorSpec factor;
  std::string head = text;
  if (const auto open = text.find('('); open != std::string::npos) {
    if (text.back() != ')') throw Error(ErrorKind::usage, "family '" + text + "': the '(' is not closed");
    factor.columns = split(text.substr(open + 1, text.size() - open - 2), ',');
    head = trimmed(text.substr(0, open));
  }
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

}  // namespace

void Registry::add(RegistryEntry entry) {
  if (!is_name(entry.name))
    throw Error(ErrorKind::usage, "family name '" + entry.name + "' (must be letters, digits and underscores)");
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
  return make(spec, columns, column_names, [&](const std::string& family, const std::vector<std::size_t>& chosen) {
    return data ? find_categories(family, chosen, *data) : CategoryLists{};
  });
}

FamilyPtr Registry::make(const std::string& spec, std::size_t columns, const std::vector<std::string>& column_names,
                         const FindCategories& find) const {
  const auto make_factor = [&](const FactorSpec& factor, const std::vector<std::size_t>& factor_columns) {
    const RegistryEntry& found = entry(factor.name);
    for (const auto& given : factor.options) {
      const std::string& key = given.first;
      const bool known = std::any_of(found.options.begin(), found.options.end(), [&](const std::string& option) {
        return option.substr(0, option.find('=')) == key;
      });
      if (!known)
        throw Error(ErrorKind::usage, "family '" + factor.name + "' has no option '" + key + "'; " +
                                          (found.options.empty() ? "it has none" : "it has: " + joined(found.options)));
    }
    Shape shape{factor_columns.size(), factor.options};
    if (found.needs_categories && factor.options.count("categories") == 0)
      shape.categories = find(factor.name, factor_columns);
    return found.make(shape);
  };

  const auto texts = split(spec, '*');
  if (texts.size() == 1 && texts.front().find('(') == std::string::npos) {
    std::vector<std::size_t> all(columns);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return make_factor(parse_factor(texts.front()), all);
  }

  std::vector<Factor> factors;
  for (const std::string& text : texts) {
    const FactorSpec parsed = parse_factor(text);
    if (!parsed.columns)
      throw Error(ErrorKind::usage, "family '" + text + "' is one of several factors and must name its columns: '" +
                                        text + "(column, ..)'");
    Factor factor;
    for (const std::string& column : *parsed.columns)
      factor.columns.push_back(find_column(column, columns, column_names));
    factor.family = make_factor(parsed, factor.columns);
    factors.push_back(std::move(factor));
  }
  std::size_t used = 0;
  for (const Factor& factor : factors) used += factor.columns.size();
  if (used < columns)
    throw Error(ErrorKind::usage, "family '" + spec + "' uses " + std::to_string(used) + " of " +
                                      std::to_string(columns) +
                                      " columns; name the others too, or leave them out of the data (columns)");
  return make_product(std::move(factors));
}

namespace {

/// The categories that the specification of a family declares for each column; empty for columns of other families.
CategoryLists declared_categories(const Family& family) {
  CategoryLists lists(family.columns());
  for (const std::string& text : split(family.spec(), '*')) {
    const FactorSpec factor = parse_factor(text);
    const auto declared = factor.options.find("categories");
    if (declared == factor.options.end()) continue;
    std::vector<std::size_t> columns(family.columns());
    std::iota(columns.begin(), columns.end(), std::size_t{0});
    if (factor.columns) {
      columns.clear();
      for (const std::string& column : *factor.columns) columns.push_back(find_column(column, family.columns(), {}));
    }
    const CategoryLists parsed = parse_categories(factor.name, declared->second, columns.size());
    for (std::size_t j = 0; j < columns.size(); ++j) lists[columns[j]] = parsed[j];
  }
  return lists;
}

/// Parameters go by name, so that the order of factors does not matter where each name is about the same columns.
bool are_alike(const Family& a, const Family& b) {
  const auto factors = [](const Family& family) {
    std::vector<std::string> texts = split(family.spec(), '*');
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
    return are_alike(*make(spec, family.columns(), column_names, find), family);
  } catch (const Error&) {
    return false;
  }
}

}  // namespace mixfam

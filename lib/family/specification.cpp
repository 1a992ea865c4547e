#include "family/specification.hpp"

#include <mixfam/error.hpp>

#include "numerics/plural.hpp"

#include <algorithm>
#include <cctype>
#include <numeric>

namespace mixfam {

namespace {

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return "";
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
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

}  // namespace

bool is_name(const std::string& text) {
  return !text.empty() && std::isdigit(static_cast<unsigned char>(text.front())) == 0 &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

std::string listed(const std::vector<std::string>& parts) {
  return std::accumulate(
      parts.begin(), parts.end(), std::string(),
      [](const std::string& text, const std::string& part) { return text + (text.empty() ? "" : ", ") + part; });
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t end; (end = text.find(separator, begin)) != std::string::npos; begin = end + 1)
    parts.push_back(trimmed(text.substr(begin, end - begin)));
  parts.push_back(trimmed(text.substr(begin)));
  return parts;
}

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

namespace {

std::optional<std::vector<std::string>> parse_columns(const std::string& text, std::size_t open) {
  if (open == std::string::npos) return std::nullopt;
  if (closing(text, open) + 1 != text.size())
    throw Error(ErrorKind::usage,
                "family '" + text + "': something follows the columns; factors are joined by '*', as in 'a(0) * b(1)'");
  return split(text.substr(open + 1, text.size() - open - 2), ',');
}

/// What stands between commas, or between semicolons where a key follows: those within a value separate columns.
std::vector<std::string> split_options(const std::string& text) {
  std::vector<std::string> options;
  for (const std::string& part : split(text, ',')) {
    const auto pieces = split(part, ';');
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      if (i == 0 || pieces[i].find('=') != std::string::npos) {
        options.push_back(pieces[i]);
      } else {
        options.back() += ";" + pieces[i];
      }
    }
  }
  return options;
}

}  // namespace

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
                    "' does not begin with a name; write it as in 'gaussian' or 'gaussian(a,b) * exponential(c)', and "
                    "components of several families as in '3 gaussian + 1 uniform'");
  if (colon == std::string::npos) return factor;
  for (const std::string& option : split_options(head.substr(colon + 1))) {
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
  throw Error(ErrorKind::usage, "no column '" + text + "'; there " + (columns == 1 ? "is " : "are ") +
                                    plural(columns, "column") +
                                    (names.empty() ? ", numbered from 0" : ": " + listed(names)));
}

namespace {

/// Whether the sign is that of an exponent, as in 1e+05.
bool is_exponent_sign(const std::string& text, std::size_t at) {
  return at >= 2 && at + 1 < text.size() && (text[at - 1] == 'e' || text[at - 1] == 'E') &&
         std::isdigit(static_cast<unsigned char>(text[at + 1])) != 0 &&
         (std::isdigit(static_cast<unsigned char>(text[at - 2])) != 0 || text[at - 2] == '.');
}

bool begins_family(char c) { return c == '(' || is_name({c}); }

GroupSpec parse_group(const std::string& text, const std::string& whole) {
  const auto refuse = [&](const std::string& what) {
    throw Error(ErrorKind::usage, "family '" + whole + "': " + what);
  };
  const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string number = text.substr(0, digits);
  const std::string family = trimmed(text.substr(digits));
  if (family.empty()) refuse("'" + text + "' names no family; groups are written as in '3 gaussian + 1 uniform'");
  if (!begins_family(family.front()))
    refuse("'" + text +
           "' begins with neither a whole number of components nor a family; groups are written as in "
           "'3 gaussian + 1 uniform'");
  if (number.empty()) return {family, std::nullopt};
  constexpr std::size_t most_digits = 9;
  const std::size_t components = digits <= most_digits ? std::stoul(number) : 0;
  if (components == 0) refuse(number + " components (must be at least 1, below 1000000000)");
  return {family, components};
}

}  // namespace

std::vector<GroupSpec> split_groups(const std::string& text) {
  std::vector<std::string> parts(1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && !is_exponent_sign(text, i)) {
      parts.emplace_back();
      continue;
    }
    const std::size_t end = text[i] == '(' ? closing(text, i) : i;
    parts.back() += text.substr(i, end - i + 1);
    i = end;
  }
  std::vector<GroupSpec> groups;
  for (const std::string& part : parts) groups.push_back(parse_group(trimmed(part), text));
  return groups;
}

void count_components(std::vector<GroupSpec>& groups, std::optional<std::size_t> components, const std::string& spec) {
  const auto refuse = [&](const std::string& what) { throw Error(ErrorKind::usage, "family '" + spec + "': " + what); };
  std::size_t numbered = 0;
  GroupSpec* open = nullptr;
  for (GroupSpec& group : groups) {
    if (!group.components && open) refuse("of its families only one may be without a number of components");
    if (!group.components) open = &group;
    numbered += group.components.value_or(0);
  }
  if (open == nullptr) {
    if (components && *components != numbered)
      refuse("its numbers add up to " + std::to_string(numbered) + ", but " + std::to_string(*components) +
             " components are asked for; leave one of the two out");
    return;
  }
  if (!components)
    refuse("how many components of '" + open->family + "'? Write a number before it or give `components`");
  if (*components <= numbered)
    refuse("of " + std::to_string(*components) + " components none is left for '" + open->family + "'");
  open->components = *components - numbered;
}

}  // namespace mixfam

#include <mixfam/error.hpp>
#include <mixfam/product.hpp>
#include <mixfam/registry.hpp>

#include "family/categories.hpp"
#include "family/data_check.hpp"
#include "family/declared_columns.hpp"
#include "family/ranges.hpp"
#include "family/require_family.hpp"
#include "family/specification.hpp"
#include "numerics/plural.hpp"

#include <algorithm>
#include <functional>
#include <numeric>
#include <optional>
#include <utility>

namespace mixfam {

namespace {

/// What is known of columns of the data.
struct ColumnFacts {
  /// For a family of that name; empty where they are not known.
  std::function<CategoryLists(const std::string&, const std::vector<std::size_t>&)> categories;
  std::function<std::vector<Range>(const std::vector<std::size_t>&)> ranges;
  std::vector<bool> whole;  ///< for each column of the data
};

/// The columns that a product divides among its factors.
struct ColumnChoice {
  std::vector<std::size_t> of_data;
  std::vector<std::string> names;  ///< one for each, or none
  ColumnFacts facts;
};

ColumnChoice all_columns(std::size_t columns, const std::vector<std::string>& names, ColumnFacts facts) {
  ColumnChoice all{std::vector<std::size_t>(columns), names, std::move(facts)};
  std::iota(all.of_data.begin(), all.of_data.end(), std::size_t{0});
  return all;
}

ColumnChoice choose(const ColumnChoice& all, const std::vector<std::size_t>& columns) {
  ColumnChoice chosen;
  chosen.facts = all.facts;
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
                                        (entry.options.empty() ? "it has none" : "it has: " + listed(entry.options)));
  }
  Shape shape{columns.of_data.size(), factor.options};
  for (std::size_t i = 0; i < shape.columns; ++i)
    shape.column_labels.push_back(describe_column(columns.of_data[i], columns.names.empty() ? "" : columns.names[i]));
  if (entry.needs_categories && factor.options.count("categories") == 0)
    shape.categories = columns.facts.categories(factor.name, columns.of_data);
  if (entry.needs_ranges) {
    if (factor.options.count("lower") == 0 || factor.options.count("upper") == 0)
      shape.ranges = columns.facts.ranges(columns.of_data);
    for (const std::size_t column : columns.of_data)
      shape.whole.push_back(column < columns.facts.whole.size() && columns.facts.whole[column]);
  }
  FamilyPtr family = entry.make(shape);
  require(family);
  return family;
}

/// Products within products that a specification may have.
constexpr std::size_t deepest = 32;

void check_depth(std::size_t depth) {
  if (depth > deepest)
    throw Error(ErrorKind::usage, "a family of products within products deeper than " + std::to_string(deepest));
}

std::vector<std::size_t> find_columns(const std::vector<std::string>& texts, const ColumnChoice& columns) {
  std::vector<std::size_t> found;
  for (const std::string& text : texts) found.push_back(find_column(text, columns.of_data.size(), columns.names));
  return found;
}

FamilyPtr make_product_of(const Registry& registry, const std::string& spec, const ColumnChoice& columns,
                          std::size_t depth);

FamilyPtr make_factor(const Registry& registry, const FactorSpec& factor, const ColumnChoice& columns,
                      std::size_t depth) {
  return factor.product ? make_product_of(registry, *factor.product, columns, depth + 1)
                        : make_named(registry.entry(factor.name), factor, columns);
}

FamilyPtr make_product_of(const Registry& registry, const std::string& spec, const ColumnChoice& columns,
                          std::size_t depth) {
  check_depth(depth);
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
    factor.columns = find_columns(*parsed.columns, columns);
    factor.family = make_factor(registry, parsed, choose(columns, factor.columns), depth);
    used += factor.columns.size();
    factors.push_back(std::move(factor));
  }
  if (used < count)
    throw Error(ErrorKind::usage, "family '" + spec + "' uses " + std::to_string(used) + " of " +
                                      plural(count, "column") +
                                      "; name the others too, or leave them out of the data (`columns`)");
  return make_product(std::move(factors));
}

}  // namespace

void Registry::add(RegistryEntry entry) {
  if (!is_name(entry.name))
    throw Error(ErrorKind::usage,
                "family name '" + entry.name + "' (must be letters, digits and underscores, and begin with no digit)");
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
  throw Error(ErrorKind::usage, "no family '" + name + "'; there are: " + listed(names));
}

namespace {

ColumnFacts facts_of(Source* data) {
  return {[data](const std::string& family, const std::vector<std::size_t>& chosen) {
            return data ? find_categories(family, chosen, *data) : CategoryLists{};
          },
          [data](const std::vector<std::size_t>& chosen) {
            return data ? find_ranges(chosen, *data) : std::vector<Range>{};
          },
          {}};
}

void check_columns(const std::string& spec, std::size_t columns, const Source* data) {
  if (data && data->columns() != columns)
    throw Error(ErrorKind::usage, data->name() + " has " + plural(data->columns(), "column") + ", but '" + spec +
                                      "' is asked for over " + std::to_string(columns));
}

}  // namespace

FamilyPtr Registry::make(const std::string& spec, std::size_t columns, const std::vector<std::string>& column_names,
                         Source* data) const {
  check_columns(spec, columns, data);
  return make_product_of(*this, spec, all_columns(columns, column_names, facts_of(data)), 0);
}

namespace {

/// Calls visit(entry, factor, columns of it) for each factor that is no product.
template <class Visit>
void each_factor(const Registry& registry, const std::string& spec, const ColumnChoice& columns, Visit visit,
                 std::size_t depth = 0) {
  check_depth(depth);
  for (const std::string& text : split_factors(spec)) {
    const FactorSpec factor = parse_factor(text);
    const ColumnChoice own = factor.columns ? choose(columns, find_columns(*factor.columns, columns)) : columns;
    if (factor.product) {
      each_factor(registry, *factor.product, own, visit, depth + 1);
    } else {
      visit(registry.entry(factor.name), factor, own);
    }
  }
}

/// Whether some factor asks what its columns span.
bool needs_ranges(const Registry& registry, const std::string& spec, const ColumnChoice& columns) {
  bool needs = false;
  each_factor(registry, spec, columns, [&](const RegistryEntry& entry, const FactorSpec&, const ColumnChoice&) {
    needs = needs || entry.needs_ranges;
  });
  return needs;
}

void mark_whole(const Family& family, const std::vector<std::size_t>& columns, std::vector<bool>& whole) {
  for (std::size_t j = 0; j < columns.size(); ++j)
    if (family.support(j).integer) whole[columns[j]] = true;
}

/// Families that ask what their columns span are made last: whether those count depends on all factors that say so.
Groups make_groups_of(const Registry& registry, const std::vector<GroupSpec>& specs, ColumnChoice columns) {
  std::vector<Group> groups;
  std::vector<bool> whole(columns.of_data.size());
  const auto mark_factor = [&](const RegistryEntry& entry, const FactorSpec& factor, const ColumnChoice& own) {
    if (!entry.needs_ranges || factor.options.count("whole") > 0)
      mark_whole(*make_named(entry, factor, own), own.of_data, whole);
  };
  for (const GroupSpec& spec : specs) {
    groups.push_back({nullptr, *spec.components});
    if (needs_ranges(registry, spec.family, columns)) {
      each_factor(registry, spec.family, columns, mark_factor);
    } else {
      groups.back().family = make_product_of(registry, spec.family, columns, 0);
      mark_whole(*groups.back().family, columns.of_data, whole);
    }
  }
  columns.facts.whole = std::move(whole);
  for (std::size_t g = 0; g < groups.size(); ++g)
    if (!groups[g].family) groups[g].family = make_product_of(registry, specs[g].family, columns, 0);
  return Groups(std::move(groups));
}

}  // namespace

std::size_t Registry::count_components(const std::string& spec, std::optional<std::size_t> components) {
  std::vector<GroupSpec> groups = split_groups(spec);
  mixfam::count_components(groups, components, spec);
  return std::accumulate(groups.begin(), groups.end(), std::size_t{0},
                         [](std::size_t sum, const GroupSpec& group) { return sum + *group.components; });
}

Groups Registry::make_groups(const std::string& spec, std::optional<std::size_t> components, std::size_t columns,
                             const std::vector<std::string>& column_names, Source* data) const {
  check_columns(spec, columns, data);
  std::vector<GroupSpec> specs = split_groups(spec);
  mixfam::count_components(specs, components, spec);
  return make_groups_of(*this, specs, all_columns(columns, column_names, facts_of(data)));
}

namespace {

/// For a family that means the given one, as far as it does not declare them itself.
ColumnFacts facts_of(const Family& family, const Registry& registry) {
  const DeclaredColumns known = declared_columns(family, registry);
  return {[known](const std::string&, const std::vector<std::size_t>& chosen) {
            CategoryLists lists;
            for (const std::size_t column : chosen) lists.push_back(known.categories[column]);
            const bool complete =
                std::none_of(lists.begin(), lists.end(), [](const auto& list) { return list.empty(); });
            return complete ? lists : CategoryLists{};
          },
          [known](const std::vector<std::size_t>& chosen) {
            std::vector<Range> ranges;
            for (const std::size_t column : chosen)
              if (known.ranges[column]) ranges.push_back(*known.ranges[column]);
            return ranges.size() == chosen.size() ? ranges : std::vector<Range>{};
          },
          known.whole};
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
    return are_alike(
        *make_product_of(*this, spec, all_columns(family.columns(), column_names, facts_of(family, *this)), 0), family);
  } catch (const Error&) {
    return false;
  }
}

bool Registry::means(const std::string& spec, const Groups& groups,
                     const std::vector<std::string>& column_names) const {
  if (spec == groups.spec()) return true;
  try {
    std::vector<GroupSpec> specs = split_groups(spec);
    if (specs.size() == 1 && !specs.front().components) specs.front().components = groups.components();
    mixfam::count_components(specs, groups.components(), spec);
    if (specs.size() != groups.size()) return false;
    for (std::size_t g = 0; g < groups.size(); ++g)
      if (*specs[g].components != groups.components(g) || !means(specs[g].family, groups.family(g), column_names))
        return false;
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace mixfam

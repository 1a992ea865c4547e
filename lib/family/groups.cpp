#include <mixfam/error.hpp>
#include <mixfam/groups.hpp>

#include "family/require_family.hpp"
#include "numerics/plural.hpp"

#include <utility>

namespace mixfam {

struct Groups::Data {
  std::vector<Group> groups;
  std::vector<std::size_t> first;
  ParameterTable parameters;
  ParameterTable hyperparameters;
  Statistics statistics;

  explicit Data(std::vector<Group> given) : groups(std::move(given)) {
    std::vector<ParameterTable::Group> theta, h;
    std::vector<Statistics::Group> sums;
    std::size_t components = 0;
    for (const Group& group : groups) {
      const Family& family = *group.family;
      first.push_back(components);
      components += group.components;
      theta.push_back({family.parameters(), group.components});
      h.push_back({family.prior() ? family.prior()->hyperparameters() : Schema(), group.components});
      sums.push_back({group.components, family.statistic_size(), family.origin_size()});
    }
    parameters = ParameterTable(std::move(theta));
    hyperparameters = ParameterTable(std::move(h));
    statistics = Statistics(sums);
  }
};

Groups::Groups() {
  static const auto none = std::make_shared<const Data>(std::vector<Group>());
  data_ = none;
}

Groups::Groups(FamilyPtr family, std::size_t components) {
  require(family);
  data_ = std::make_shared<const Data>(std::vector<Group>{{std::move(family), components}});
}

Groups::Groups(std::vector<Group> groups) {
  for (const Group& group : groups) {
    require(group.family);
    if (group.components == 0)
      throw Error(ErrorKind::usage, "a group of 0 components of '" + group.family->spec() + "' (must be at least 1)");
    if (group.family->columns() != groups.front().family->columns())
      throw Error(ErrorKind::usage, "'" + groups.front().family->spec() + "' models " +
                                        plural(groups.front().family->columns(), "column") + ", but '" +
                                        group.family->spec() + "' models " + std::to_string(group.family->columns()) +
                                        " (components of one mixture are over the same columns)");
  }
  data_ = std::make_shared<const Data>(std::move(groups));
}

std::size_t Groups::columns() const { return size() == 0 ? 0 : family(0).columns(); }

std::string Groups::spec() const {
  if (size() == 1) return family(0).spec();
  std::string text;
  for (const Group& group : data_->groups) {
    const std::string one = group.family->spec();
    const bool is_product = one.find('*') != std::string::npos;
    text += (text.empty() ? "" : " + ") + std::to_string(group.components) + " " + (is_product ? "(" + one + ")" : one);
  }
  return text;
}

std::size_t Groups::group_of(std::size_t k) const {
  std::size_t group = 0;
  while (group + 1 < size() && k >= first(group + 1)) ++group;
  return group;
}

const Family* Groups::find_without_prior() const {
  for (const Group& group : data_->groups)
    if (group.family->prior() == nullptr) return group.family.get();
  return nullptr;
}

std::size_t Groups::free_parameters() const {
  std::size_t sum = 0;
  for (const Group& group : data_->groups) sum += group.family->free_parameters(group.components);
  return sum;
}

const ParameterTable& Groups::parameters() const { return data_->parameters; }
const ParameterTable& Groups::hyperparameters() const { return data_->hyperparameters; }
const Statistics& Groups::statistics() const { return data_->statistics; }
std::size_t Groups::size() const { return data_->groups.size(); }
std::size_t Groups::components() const { return data_->parameters.components(); }
const FamilyPtr& Groups::family_ptr(std::size_t group) const { return data_->groups[group].family; }
std::size_t Groups::components(std::size_t group) const { return data_->groups[group].components; }
std::size_t Groups::first(std::size_t group) const { return data_->first[group]; }

Groups Groups::singles() const {
  std::vector<Group> singles = data_->groups;
  for (Group& group : singles) group.components = 1;
  return Groups(std::move(singles));
}

Groups Groups::without(const std::set<std::size_t>& components) const {
  std::vector<Group> left;
  for (std::size_t g = 0; g < size(); ++g) {
    std::size_t count = 0;
    for (std::size_t k = first(g); k < end(g); ++k) count += components.count(k) == 0;
    if (count > 0) left.push_back({family_ptr(g), count});
  }
  return Groups(std::move(left));
}

}  // namespace mixfam

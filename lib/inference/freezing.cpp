#include "inference/freezing.hpp"

#include <mixfam/error.hpp>

#include <algorithm>
#include <limits>

namespace mixfam {

namespace {

[[noreturn]] void refuse(const std::string& what) { throw Error(ErrorKind::usage, "`freeze`: " + what); }

/// Whether parameters are shared by all components, as a tied covariance is.
bool shares_parameters(const Family& family) { return family.free_parameters(2) < 2 * family.free_parameters(1); }

std::size_t frozen_in(const Groups& groups, std::size_t g, const std::set<std::size_t>& components) {
  std::size_t count = 0;
  for (std::size_t k = groups.first(g); k < groups.end(g); ++k) count += components.count(k);
  return count;
}

void check_components(const Groups& groups, const std::vector<std::size_t>& components) {
  for (const std::size_t k : components)
    if (k >= groups.components())
      refuse("component " + std::to_string(k) + " of " + std::to_string(groups.components()) +
             " (they are numbered from 0)");
  const std::set<std::size_t> frozen(components.begin(), components.end());
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::size_t count = frozen_in(groups, g, frozen);
    if (count > 0 && count < groups.components(g) && shares_parameters(groups.family(g)))
      refuse("the components of '" + groups.family(g).spec() + "' share parameters; freeze all of them or none");
  }
}

std::string parameter_names(const Groups& groups) {
  std::set<std::string> names;
  for (std::size_t g = 0; g < groups.size(); ++g)
    for (const Field& field : groups.family(g).parameters().fields())
      if (field.is_shown()) names.insert(field.name);
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

void check_parameter(const Groups& groups, const std::string& name) {
  bool known = false;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const Family& family = groups.family(g);
    if (!family.parameters().find(name)) continue;
    known = true;
    if (!family.can_hold(name))
      refuse("'" + family.spec() + "' has no formula of its other parameters given '" + name +
             "'; freeze whole components by their numbers");
  }
  if (!known) refuse("no component has a parameter '" + name + "'; there are: " + parameter_names(groups));
}

}  // namespace

void check_freeze(const Groups& groups, Update update, const Freeze& freeze) {
  check_components(groups, freeze.components);
  for (const std::string& name : freeze.parameters) check_parameter(groups, name);
  if (!freeze.parameters.empty() && update != Update::ml && update != Update::map)
    refuse(
        "a parameter of all components is for `update = ml` and `update = map`: under a posterior the others are "
        "not of the family's conjugate prior; freeze whole components by their numbers");
}

Frozen frozen_of(const Mixture& start, const Freeze& freeze) {
  Frozen frozen;
  if (freeze.weights) frozen.weights = start.weights();
  frozen.components.insert(freeze.components.begin(), freeze.components.end());
  frozen.parameters = freeze.parameters;
  if (freeze.needs_start()) frozen.theta = start.parameters();
  return frozen;
}

std::size_t frozen_values(const Groups& groups, const Frozen& frozen) {
  std::size_t values = frozen.weights.empty() ? 0 : groups.components() - 1;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const Family& family = groups.family(g);
    const std::size_t count = frozen_in(groups, g, frozen.components);
    const std::size_t free = groups.components(g) - count;
    values += family.free_parameters(groups.components(g)) - (free > 0 ? family.free_parameters(free) : 0);
    for (const Field& field : family.parameters().fields())
      if (free > 0 && std::ranges::find(frozen.parameters, field.name) != frozen.parameters.end()) {
        const Family& factor = field.columns.empty() ? family : family.factor_of(field.columns.front());
        const bool shared = shares_parameters(factor) && field.domain == Domain::covariance;
        values += field.free_values() * (shared ? 1 : free);
      }
  }
  return values;
}

void set_known(Posterior& posterior, std::size_t k, ConstVectorView theta) {
  for (ParameterTable* table : {&posterior.mode, &posterior.mean, &posterior.lower, &posterior.upper})
    std::ranges::copy(theta, table->row(k).begin());
  std::ranges::fill(posterior.hyperparameters.row(k), std::numeric_limits<double>::quiet_NaN());
}

}  // namespace mixfam

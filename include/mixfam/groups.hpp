#pragma once

#include <mixfam/export.hpp>
#include <mixfam/family.hpp>
#include <mixfam/parameters.hpp>
#include <mixfam/statistics.hpp>

#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace mixfam {

/// Components of one family.
struct Group {
  FamilyPtr family;
  std::size_t components;
};

/// What a mixture is made of: K components in groups, each of a family of its own over the same columns. Components are
/// numbered through all groups. A value that is cheap to copy.
class MIXFAM_API Groups {
 public:
  /// No components.
  Groups();
  /// One group. Throws Error(usage) for a null pointer.
  Groups(FamilyPtr family, std::size_t components);
  /// Throws Error(usage) for a null pointer, a group without components or families over different numbers of columns.
  explicit Groups(std::vector<Group> groups);

  std::size_t size() const;
  std::size_t components() const;
  std::size_t columns() const;
  /// "gaussian", or "3 gaussian + 1 uniform" where there are several groups.
  std::string spec() const;

  const Family& family(std::size_t group) const { return *family_ptr(group); }
  const FamilyPtr& family_ptr(std::size_t group) const;
  std::size_t components(std::size_t group) const;
  /// The first component of a group.
  std::size_t first(std::size_t group) const;
  /// Behind the last component of a group.
  std::size_t end(std::size_t group) const { return first(group) + components(group); }
  std::size_t group_of(std::size_t k) const;
  const Family& family_of(std::size_t k) const { return family(group_of(k)); }

  /// Whether each family has a conjugate prior, and the specification of the first that has none.
  bool has_prior() const { return find_without_prior() == nullptr; }
  const Family* find_without_prior() const;
  /// Of all components, without the mixture weights.
  std::size_t free_parameters() const;

  /// A table of zeros for parameters of all components.
  const ParameterTable& parameters() const;
  /// The same for hyperparameters of families that have a conjugate prior.
  const ParameterTable& hyperparameters() const;
  /// Zero statistics about zeros.
  const Statistics& statistics() const;

  /// Each group with one component: what it is that holds for a group.
  Groups singles() const;
  /// Without some components, and the groups that lose all.
  Groups without(const std::set<std::size_t>& components) const;

 private:
  struct Data;
  std::shared_ptr<const Data> data_;
};

}  // namespace mixfam

#pragma once

#include <mixfam/export.hpp>
#include <mixfam/family.hpp>
#include <mixfam/groups.hpp>
#include <mixfam/source.hpp>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mixfam {

/// The least and the greatest value of a column.
struct Range {
  double least;
  double greatest;
};

/// What a family is asked for by name.
struct Shape {
  std::size_t columns = 1;
  std::map<std::string, std::string> options;  ///< from "name:key=value,key=value"
  /// The distinct values of each column, sorted, where the entry needs them and they are known; else empty.
  std::vector<std::vector<double>> categories = {};
  /// What each column spans, where the entry needs that and it is known; else empty.
  std::vector<Range> ranges = {};
  /// Of each column, whether components of the mixture take its values for whole numbers; empty: of none.
  std::vector<bool> whole = {};
  /// What messages call each column, such as `column 2 ("age")`; empty: nothing.
  std::vector<std::string> column_labels = {};
};

/// A family that can be made by name.
struct RegistryEntry {
  std::string name;
  std::string summary;  ///< one line for people: the density
  /// The option names that `make` understands, each with its values: "covariance=full".
  std::vector<std::string> options;
  std::function<FamilyPtr(const Shape&)> make;
  /// The page of the family in docs/families.md: density, t, c, A, h, estimates, prior, mode, E[c], references.
  std::string formulas = {};
  /// Whether the family is over categories, which come from the data unless the option `categories` declares them.
  bool needs_categories = false;
  /// A specification that makes the family over any number of columns without data; empty: the name is one.
  std::string example = {};
  /// Whether the family needs to know what its columns span, which comes from the data unless options declare it.
  bool needs_ranges = false;
};

/// Families by name: a value that can be copied and extended.
class MIXFAM_API Registry {
 public:
  /// An empty registry.
  Registry() = default;
  /// The families that come with the library.
  static Registry builtin();

  /// Throws Error(usage) when the name is taken, is not made of letters, digits and underscores or begins with a digit,
  /// and without `make`.
  void add(RegistryEntry entry);
  const std::vector<RegistryEntry>& entries() const { return entries_; }
  /// Throws Error(usage) for an unknown name.
  const RegistryEntry& entry(const std::string& name) const;

  /// The family of a specification over columns 0 .. columns-1:
  ///
  ///     family  = factor { "*" factor }
  ///     factor  = ( name [ ":" key "=" value { "," key "=" value } ] | "(" family ")" ) [ "(" column { "," column }
  ///     ")" ]
  ///
  /// where a column is a name out of `column_names` or a number from 0. A factor without columns takes all of them. A
  /// family in parentheses is a product that is itself a factor: the numbers within count the columns that follow it,
  /// so that in "gaussian(2) * (exponential(1) * gamma(0))(0,3)" the gamma distribution is that of column 0 and the
  /// exponential one that of column 3. `Family::spec` of what is made makes it again.
  /// Where a factor needs the categories of its columns and does not declare them, they are the distinct values in
  /// `data`, found by one pass for each such factor.
  /// Throws Error(usage) for an unknown name, option or column, for a column used twice or not at all, for categories
  /// neither declared nor in data; Error(data) for a value that can be no category.
  FamilyPtr make(const std::string& spec, std::size_t columns, const std::vector<std::string>& column_names = {},
                 Source* data = nullptr) const;

  /// The components of a mixture, as in "3 gaussian + 1 uniform" or "2 (gaussian(a,b) * categorical(c)) + 1 uniform":
  ///
  ///     groups = group { "+" group }      group = [ number ] family
  ///
  /// `components`: how many there are in all, where that is known. A family without a number takes what the others
  /// leave. Throws Error(usage) besides where numbers do not agree, or more than one is left open.
  Groups make_groups(const std::string& spec, std::optional<std::size_t> components, std::size_t columns,
                     const std::vector<std::string>& column_names = {}, Source* data = nullptr) const;

  /// How many components a specification makes. Throws as `make_groups` does.
  static std::size_t count_components(const std::string& spec, std::optional<std::size_t> components);

  /// Whether a specification means a given family, whatever the words: it makes one with the same factors and
  /// parameters, where categories that it does not declare are those of the family. False where it makes none.
  bool means(const std::string& spec, const Family& family, const std::vector<std::string>& column_names = {}) const;
  bool means(const std::string& spec, const Groups& groups, const std::vector<std::string>& column_names = {}) const;

 private:
  std::vector<RegistryEntry> entries_;
};

}  // namespace mixfam

#include "family/require_family.hpp"
#include "family/responsibilities.hpp"
#include "io/model_file/components.hpp"
#include "io/model_file/version.hpp"
#include "numerics/plural.hpp"

#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>

namespace mixfam {

using namespace model_file;

Mixture load_start(const std::string& file, const Groups& groups, const Registry& registry,
                   const std::vector<std::string>& column_names) {
  const hdf5::Silence silence;
  const Reader reader(file);
  require_known_version(reader);
  const auto spec = reader.text("family");
  if (spec && !registry.means(*spec, groups, column_names)) {
    refuse(file + ": holds components of the family '" + *spec + "', but the fit is of '" + groups.spec() +
           "'; give the fit that family, or start it from another file");
  }
  const auto columns = reader.integer("columns");
  if (columns && static_cast<std::size_t>(*columns) != groups.columns()) {
    refuse(file + ": holds components over " + plural(static_cast<std::size_t>(*columns), "column") +
           ", but the fit is over " + std::to_string(groups.columns()));
  }
  return read_mixture(reader, groups);
}

Mixture load_start(const std::string& file, const FamilyPtr& family, const Registry& registry,
                   const std::vector<std::string>& column_names) {
  require(family);
  return load_start(file, Groups(family, start_components(file)), registry, column_names);
}

std::size_t start_components(const std::string& file) {
  const hdf5::Silence silence;
  return read_components(Reader(file));
}

StartFileKind start_file_kind(const std::string& file) {
  const hdf5::Silence silence;
  const Reader reader(file);
  const bool model = reader.has("/weights");
  const bool responsibilities = reader.has("/responsibilities");
  if (model && responsibilities) refuse(file + ": holds both /weights and /responsibilities; keep one to start from");
  if (model) return StartFileKind::model;
  if (responsibilities) return StartFileKind::responsibilities;
  refuse(file + ": is no start: it holds neither /weights with /components nor /responsibilities");
}

Responsibilities load_responsibilities(const std::string& file) {
  const hdf5::Silence silence;
  const Reader reader(file);
  const Reader::Dataset data = reader.dataset("/responsibilities");
  if (data.shape.empty() || data.shape.size() > 2 || data.shape.front() == 0 || data.shape.back() == 0) {
    refuse(data.where + ": has shape " + hdf5::shape_text(data.shape) +
           "; responsibilities are N x K, a row for each row of the data and a column for each component");
  }
  Responsibilities given{data.shape[0], data.shape.size() == 2 ? data.shape[1] : 1, Reader::values(data)};
  check_responsibilities(given.view(), data.where);
  return given;
}

}  // namespace mixfam

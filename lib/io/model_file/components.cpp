#include "io/model_file/components.hpp"

#include <mixfam/error.hpp>

#include "numerics/plural.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace mixfam::model_file {

using hdf5::Dimensions;

namespace {

Dimensions stored_shape(const Field& field, std::size_t components) {
  Dimensions shape = {components};
  shape.insert(shape.end(), field.shape.begin(), field.shape.end());
  return shape;
}

std::vector<double> read_weights(const Reader& reader) {
  const Reader::Dataset data = reader.dataset("/weights");
  if (data.shape.size() != 1 || data.shape[0] == 0) {
    refuse(data.where + ": has shape " + hdf5::shape_text(data.shape) +
           "; weights are K numbers, one for each component");
  }
  return Reader::values(data);
}

/// `/components`, or `/components/0` where there are several groups.
std::string path_of_group(const std::string& path, std::size_t g, std::size_t groups) {
  return groups == 1 ? path : path + "/" + std::to_string(g);
}

std::string shown_names(const Schema& schema) {
  std::string names;
  for (const Field& field : schema.fields())
    if (field.is_shown()) names += (names.empty() ? "" : ", ") + field.name;
  return names;
}

/// The values of a field, K_g times its size; those of a correction may be missing.
std::vector<double> read_field(const Reader& reader, const std::string& path, const Field& field,
                               const std::string& needed_names, const Family& family, std::size_t components) {
  const std::string where = path + "/" + field.name;
  if (!reader.has(where)) {
    if (field.domain == Domain::correction) return std::vector<double>(components * field.size());
    refuse(reader.name() + ":" + where + " is missing: the family '" + family.spec() + "' needs " + needed_names +
           " in " + path);
  }
  const Reader::Dataset data = reader.dataset(where);
  const Dimensions needed = stored_shape(field, components);
  if (data.shape.empty() || squeezed(data.shape) != squeezed(needed)) {
    refuse(data.where + " has shape " + hdf5::shape_text(data.shape) + ", but the family '" + family.spec() +
           "' over " + plural(family.columns(), "column") + " with " + plural(components, "component") + " needs " +
           hdf5::shape_text(needed));
  }
  return Reader::values(data);
}

}  // namespace

void put_table(Image& image, const std::string& path, const ParameterTable& table) {
  for (std::size_t g = 0, first = 0; g < table.groups(); ++g) {
    const ConstMatrixView rows = table.view(g);
    const Schema& schema = table.schema(first);
    first += rows.rows();
    for (std::size_t f = 0; f < schema.fields().size(); ++f) {
      const Field& field = schema.fields()[f];
      std::vector<double> values;
      for (std::size_t k = 0; k < rows.rows(); ++k) {
        const ConstVectorView row = rows.row(k).part(schema.offset(f), field.size());
        values.insert(values.end(), row.begin(), row.end());
      }
      if (field.domain == Domain::correction &&
          std::all_of(values.begin(), values.end(), [](double x) { return x == 0; }))
        continue;
      image.doubles(path_of_group(path, g, table.groups()) + "/" + field.name, stored_shape(field, rows.rows()),
                    values.data());
    }
  }
}

void put_mixture(Image& image, const Mixture& mixture) {
  image.doubles("/weights", {mixture.components()}, mixture.weights().data());
  put_table(image, "/components", mixture.parameters());
}

ParameterTable read_table(const Reader& reader, const std::string& path, const Groups& groups, ParameterTable table) {
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const std::size_t components = groups.components(g);
    const Schema& schema = table.schema(groups.first(g));
    for (std::size_t f = 0; f < schema.fields().size(); ++f) {
      const Field& field = schema.fields()[f];
      const auto values = read_field(reader, path_of_group(path, g, groups.size()), field, shown_names(schema),
                                     groups.family(g), components);
      for (std::size_t k = 0; k < components; ++k)
        std::copy_n(values.begin() + static_cast<std::ptrdiff_t>(k * field.size()), field.size(),
                    table.row(groups.first(g) + k).begin() + schema.offset(f));
    }
  }
  return table;
}

std::size_t read_components(const Reader& reader) { return read_weights(reader).size(); }

Mixture read_mixture(const Reader& reader, const Groups& groups) {
  std::vector<double> weights = read_weights(reader);
  if (weights.size() != groups.components())
    refuse(reader.name() + ":/weights holds " + std::to_string(weights.size()) + " components, but '" + groups.spec() +
           "' has " + std::to_string(groups.components()));
  ParameterTable table = read_table(reader, "/components", groups, groups.parameters());
  try {
    return Mixture(groups, std::move(weights), std::move(table));
  } catch (const Error& error) {
    refuse(reader.name() + ": " + error.what());
  }
}

}  // namespace mixfam::model_file

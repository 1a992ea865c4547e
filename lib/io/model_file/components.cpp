#include "io/model_file/components.hpp"

#include <mixfam/error.hpp>

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

}  // namespace

void put_table(Image& image, const std::string& group, const ParameterTable& table) {
  for (const Field& field : table.schema().fields()) {
    std::vector<double> values;
    for (std::size_t k = 0; k < table.components(); ++k) {
      const ConstVectorView row = table.field(k, field.name);
      values.insert(values.end(), row.begin(), row.end());
    }
    if (field.domain == Domain::correction &&
        std::all_of(values.begin(), values.end(), [](double x) { return x == 0; }))
      continue;
    image.doubles(group + "/" + field.name, stored_shape(field, table.components()), values.data());
  }
}

void put_mixture(Image& image, const Mixture& mixture) {
  image.doubles("/weights", {mixture.components()}, mixture.weights().data());
  put_table(image, "/components", mixture.parameters());
}

ParameterTable read_table(const Reader& reader, const std::string& group, const Family& family, const Schema& schema,
                          std::size_t components) {
  std::vector<std::vector<double>> fields;
  for (const Field& field : schema.fields()) {
    const std::string path = group + "/" + field.name;
    if (!reader.has(path)) {
      if (field.domain == Domain::correction) {
        fields.emplace_back(components * field.size());
        continue;
      }
      std::string names;
      for (const Field& each : schema.fields())
        if (each.domain != Domain::correction) names += (names.empty() ? "" : ", ") + each.name;
      refuse(reader.name() + ":" + path + " is missing: the family '" + family.spec() + "' needs " + names + " in " +
             group);
    }
    const Reader::Dataset data = reader.dataset(path);
    const Dimensions needed = stored_shape(field, components);
    if (data.shape.empty() || squeezed(data.shape) != squeezed(needed)) {
      refuse(data.where + " has shape " + hdf5::shape_text(data.shape) + ", but the family '" + family.spec() +
             "' over " + std::to_string(family.columns()) + (family.columns() == 1 ? " column" : " columns") +
             " with " + std::to_string(components) + (components == 1 ? " component" : " components") + " needs " +
             hdf5::shape_text(needed));
    }
    fields.push_back(Reader::values(data));
  }

  ParameterTable table(schema, components);
  for (std::size_t f = 0; f < fields.size(); ++f) {
    const std::size_t size = schema.fields()[f].size();
    for (std::size_t k = 0; k < components; ++k) {
      std::copy_n(fields[f].begin() + static_cast<std::ptrdiff_t>(k * size), size,
                  table.row(k).begin() + schema.offset(f));
    }
  }
  return table;
}

Mixture read_mixture(const Reader& reader, const FamilyPtr& family) {
  std::vector<double> weights = read_weights(reader);
  ParameterTable table = read_table(reader, "/components", *family, family->parameters(), weights.size());
  try {
    return Mixture(family, std::move(weights), std::move(table));
  } catch (const Error& error) {
    refuse(reader.name() + ": " + error.what());
  }
}

}  // namespace mixfam::model_file

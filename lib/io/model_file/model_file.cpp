#include "io/model_file/components.hpp"
#include "io/model_file/posterior.hpp"
#include "io/model_file/trace.hpp"
#include "io/model_file/version.hpp"
#include "numerics/plural.hpp"

#include <mixfam/atomic_file.hpp>
#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>

namespace mixfam {
namespace model_file {
namespace {

constexpr const char* format_name = "mixfam-model";

std::string labels_path(std::size_t column) { return "/categories/" + std::to_string(column); }

void put_labels(Image& image, const SavedModel& model) {
  const std::size_t columns = model.mixture.groups().columns();
  if (!model.category_labels.empty() && model.category_labels.size() != columns) {
    throw Error(ErrorKind::write, "there are labels of " + plural(model.category_labels.size(), "column") +
                                      ", but the mixture has " + std::to_string(columns));
  }
  for (std::size_t j = 0; j < model.category_labels.size(); ++j) {
    if (!model.category_labels[j].empty()) image.strings(labels_path(j), model.category_labels[j]);
  }
}

std::string model_bytes(const SavedModel& model) {
  Image image;
  image.attribute("format", std::string(format_name));
  image.attribute("format_version", format_version);
  image.attribute("mixfam_version", std::string(MIXFAM_VERSION));
  image.attribute("family", model.mixture.groups().spec());
  image.attribute("columns", static_cast<std::int64_t>(model.mixture.groups().columns()));
  if (model.seed) image.attribute("seed", *model.seed);
  if (model.options_json) image.text("/options", *model.options_json);
  put_mixture(image, model.mixture);
  put_labels(image, model);
  if (model.posterior) put_posterior(image, *model.posterior);
  put_trace(image, model.trace);
  return image.bytes();
}

std::vector<std::vector<std::string>> read_labels(const Reader& reader, std::size_t columns) {
  if (!reader.has("/categories")) return {};
  std::vector<std::vector<std::string>> labels(columns);
  for (std::size_t j = 0; j < columns; ++j) {
    if (reader.has(labels_path(j))) labels[j] = reader.strings(labels_path(j));
  }
  return labels;
}

Groups read_groups(const Reader& reader, const Registry& registry) {
  const auto spec = reader.text("family");
  const auto columns = reader.integer("columns");
  if (!spec) refuse(reader.name() + ": the attribute 'family' is missing; it names the family, such as 'gaussian'");
  if (!columns || *columns < 1) {
    refuse(reader.name() + ": the attribute 'columns', the number of data columns (>= 1), is " +
           (columns ? std::to_string(*columns) : "missing"));
  }
  try {
    return registry.make_groups(*spec, read_components(reader), static_cast<std::size_t>(*columns));
  } catch (const Error& error) {
    refuse(reader.name() + ": its family '" + *spec + "' cannot be made: " + error.what());
  }
}

std::optional<std::string> read_options(const Reader& reader) {
  if (!reader.has("/options")) return std::nullopt;
  const auto texts = reader.strings("/options");
  if (texts.size() != 1) refuse(reader.name() + ":/options must be one string");
  return texts.front();
}

}  // namespace
}  // namespace model_file

using namespace model_file;

void save_model(const std::string& file, const SavedModel& model) {
  const hdf5::Silence silence;
  std::string bytes;
  try {
    bytes = model_bytes(model);
  } catch (const Error& error) {
    throw Error(ErrorKind::write, "cannot write '" + file + "': " + error.what());
  }
  write_atomically(file, {bytes.data(), bytes.size()});
}

SavedModel load_model(const std::string& file, const Registry& registry) {
  const hdf5::Silence silence;
  const Reader reader(file);
  const auto format = reader.text("format");
  if (format != format_name) {
    refuse(file + ": is not a saved model: its attribute 'format' is " + (format ? "'" + *format + "'" : "missing") +
           " and should be '" + format_name + "'");
  }
  require_known_version(reader);
  Mixture mixture = read_mixture(reader, read_groups(reader, registry));
  auto posterior = read_posterior(reader, mixture.groups());
  auto labels = read_labels(reader, mixture.groups().columns());
  return {std::move(mixture), reader.natural("seed"), read_options(reader),
          read_trace(reader), std::move(labels),      std::move(posterior)};
}

}  // namespace mixfam

#include "family/require_family.hpp"
#include "family/responsibilities.hpp"
#include "io/checksum_block.hpp"
#include "io/hdf5/objects.hpp"

#include <mixfam/atomic_file.hpp>
#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>

namespace mixfam {
namespace {

using hdf5::Dimensions;
using hdf5::Handle;

constexpr const char* format_name = "mixfam-model";
constexpr std::int64_t format_version = 1;
/// Between the texts of several events of one iteration; a data set holds one string for each.
constexpr char event_separator = '\n';

struct PosteriorTable {
  const char* name;
  ParameterTable Posterior::*table;
};
constexpr PosteriorTable posterior_tables[] = {
    {"hyperparameters", &Posterior::hyperparameters},
    {"mode", &Posterior::mode},
    {"mean", &Posterior::mean},
    {"lower", &Posterior::lower},
    {"upper", &Posterior::upper},
};

struct PosteriorWeights {
  const char* name;
  std::vector<double> Posterior::*values;
};
/// The concentration only where there is one.
constexpr PosteriorWeights posterior_weights[] = {
    {"mean", &Posterior::weight_mean}, {"lower", &Posterior::weight_lower}, {"upper", &Posterior::weight_upper}};

Dimensions stored_shape(const Field& field, std::size_t components) {
  Dimensions shape = {components};
  shape.insert(shape.end(), field.shape.begin(), field.shape.end());
  return shape;
}

// --- the image of a file, in memory -----------------------------------------------------------------------------

void must(herr_t status) {
  if (status < 0) throw Error(ErrorKind::write, hdf5::ErrorStack::last().cause());
}

Handle made(hid_t id) {
  must(id < 0 ? -1 : 0);
  return Handle(id);
}

/// An HDF5 file that exists in memory only: HDF5 itself does not survive a full disk.
class Image {
 public:
  Image() {
    const Handle access = made(H5Pcreate(H5P_FILE_ACCESS));
    must(H5Pset_fapl_core(access.id(), std::size_t{1} << 20, /*backing_store=*/0));
    must(H5Pset_libver_bounds(access.id(), H5F_LIBVER_EARLIEST, H5F_LIBVER_V18));
    const Handle creation = made(H5Pcreate(H5P_FILE_CREATE));
    // Times of change would make the bytes of equal models differ.
    must(H5Pset_obj_track_times(creation.id(), 0));
    file_ = made(H5Fcreate(format_name, H5F_ACC_TRUNC, creation.id(), access.id()));
    link_creation_ = made(H5Pcreate(H5P_LINK_CREATE));
    must(H5Pset_create_intermediate_group(link_creation_.id(), 1));
    must(H5Pset_char_encoding(link_creation_.id(), H5T_CSET_UTF8));
    dataset_creation_ = made(H5Pcreate(H5P_DATASET_CREATE));
    must(H5Pset_obj_track_times(dataset_creation_.id(), 0));
  }

  template <class T>
  void attribute(const std::string& name, T value) {
    const bool is_signed = std::is_signed_v<T>;
    attribute(name, is_signed ? H5T_STD_I64LE : H5T_STD_U64LE, is_signed ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64,
              &value);
  }
  void attribute(const std::string& name, const std::string& text) {
    const Handle type = string_type(H5T_VARIABLE);
    const char* const start = text.c_str();
    attribute(name, type.id(), type.id(), &start);
  }

  void doubles(const std::string& path, const Dimensions& shape, const double* values) {
    dataset(path, shape, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values);
  }
  void integers(const std::string& path, const std::vector<std::uint64_t>& values) {
    dataset(path, {values.size()}, H5T_STD_U64LE, H5T_NATIVE_UINT64, values.data());
  }
  void strings(const std::string& path, const std::vector<std::string>& texts) {
    std::size_t longest = 1;
    for (const std::string& text : texts) longest = std::max(longest, text.size());
    std::vector<char> bytes(longest * texts.size(), '\0');
    for (std::size_t i = 0; i < texts.size(); ++i) std::copy(texts[i].begin(), texts[i].end(), &bytes[i * longest]);
    const Handle type = string_type(longest);
    dataset(path, {texts.size()}, type.id(), type.id(), bytes.data());
  }

  void text(const std::string& path, const std::string& value) {
    const Handle type = string_type(std::max<std::size_t>(1, value.size()));
    dataset(path, {}, type.id(), type.id(), value.c_str());
  }
  void number(const std::string& path, double value) { doubles(path, {}, &value); }

  /// With the checksum in front.
  std::string bytes() {
    must(H5Fflush(file_.id(), H5F_SCOPE_LOCAL));
    const ssize_t size = H5Fget_file_image(file_.id(), nullptr, 0);
    must(size < 0 ? -1 : 0);
    std::string image(static_cast<std::size_t>(size), '\0');
    must(H5Fget_file_image(file_.id(), image.data(), image.size()) < 0 ? -1 : 0);
    return checksum_block(image) + image;
  }

 private:
  static Handle string_type(std::size_t size) {
    Handle type = made(H5Tcopy(H5T_C_S1));
    must(H5Tset_size(type.id(), size));
    must(H5Tset_cset(type.id(), H5T_CSET_UTF8));
    must(H5Tset_strpad(type.id(), H5T_STR_NULLPAD));
    return type;
  }

  void attribute(const std::string& name, hid_t stored, hid_t memory, const void* value) {
    const Handle space = made(H5Screate(H5S_SCALAR));
    const Handle handle = made(H5Acreate2(file_.id(), name.c_str(), stored, space.id(), H5P_DEFAULT, H5P_DEFAULT));
    must(H5Awrite(handle.id(), memory, value));
  }

  void dataset(const std::string& path, const Dimensions& shape, hid_t stored, hid_t memory, const void* values) {
    const std::vector<hsize_t> dims(shape.begin(), shape.end());
    const Handle space = made(dims.empty() ? H5Screate(H5S_SCALAR)
                                           : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr));
    const Handle handle = made(H5Dcreate2(file_.id(), path.c_str(), stored, space.id(), link_creation_.id(),
                                          dataset_creation_.id(), H5P_DEFAULT));
    must(H5Dwrite(handle.id(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
  }

  Handle file_;
  Handle link_creation_;
  Handle dataset_creation_;
};

/// Corrections only where there are some.
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

void put_components(Image& image, const Mixture& mixture) {
  image.doubles("/weights", {mixture.components()}, mixture.weights().data());
  put_table(image, "/components", mixture.parameters());
}

void put_posterior(Image& image, const Posterior& posterior) {
  for (const PosteriorTable& part : posterior_tables)
    put_table(image, std::string("/posterior/") + part.name, posterior.*part.table);
  const auto put_weights = [&](const char* name, const std::vector<double>& values) {
    image.doubles(std::string("/posterior/weights/") + name, {values.size()}, values.data());
  };
  for (const PosteriorWeights& part : posterior_weights) put_weights(part.name, posterior.*part.values);
  if (!posterior.concentration.empty()) put_weights("concentration", posterior.concentration);
  image.number("/posterior/level", posterior.level);
}

/// T x K for the largest K of the trace: components may have been dropped on the way, and NaN stands behind the rest.
void put_lists(Image& image, const std::string& path, const Trace& trace, std::vector<double> TraceEntry::*list) {
  std::size_t width = 0;
  for (const TraceEntry& entry : trace) width = std::max(width, (entry.*list).size());
  if (width == 0) return;
  std::vector<double> values(trace.size() * width, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t t = 0; t < trace.size(); ++t)
    std::copy((trace[t].*list).begin(), (trace[t].*list).end(),
              values.begin() + static_cast<std::ptrdiff_t>(t * width));
  image.doubles(path, {trace.size(), width}, values.data());
}

void put_trace(Image& image, const Trace& trace) {
  if (trace.empty()) return;
  std::vector<std::uint64_t> iterations;
  std::vector<std::string> events;
  for (const TraceEntry& entry : trace) {
    iterations.push_back(entry.iteration);
    std::string text;
    for (const std::string& event : entry.events) text += (text.empty() ? "" : std::string(1, event_separator)) + event;
    events.push_back(text);
  }
  image.integers("/trace/iteration", iterations);
  if (std::any_of(trace.begin(), trace.end(), [](const TraceEntry& entry) { return entry.accelerated; })) {
    std::vector<std::uint64_t> accelerated;
    for (const TraceEntry& entry : trace) accelerated.push_back(entry.accelerated ? 1 : 0);
    image.integers("/trace/accelerated", accelerated);
  }
  const auto put = [&](const TraceQuantity& field) {
    std::vector<double> values;
    for (const TraceEntry& entry : trace) values.push_back(entry.*field.value);
    image.doubles(std::string("/trace/") + field.name, {trace.size()}, values.data());
  };
  for (const TraceQuantity& quantity : trace_quantities()) put(quantity);
  put_lists(image, "/trace/counts", trace, &TraceEntry::counts);
  put_lists(image, "/trace/kl_components", trace, &TraceEntry::kl_components);
  image.strings("/trace/events", events);
}

std::string labels_path(std::size_t column) { return "/categories/" + std::to_string(column); }

void put_labels(Image& image, const SavedModel& model) {
  const std::size_t columns = model.mixture.family().columns();
  if (!model.category_labels.empty() && model.category_labels.size() != columns) {
    throw Error(ErrorKind::write, "there are labels of " + std::to_string(model.category_labels.size()) +
                                      " columns, but the mixture has " + std::to_string(columns));
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
  image.attribute("family", model.mixture.family().spec());
  image.attribute("columns", static_cast<std::int64_t>(model.mixture.family().columns()));
  if (model.seed) image.attribute("seed", *model.seed);
  if (model.options_json) image.text("/options", *model.options_json);
  put_components(image, model.mixture);
  put_labels(image, model);
  if (model.posterior) put_posterior(image, *model.posterior);
  put_trace(image, model.trace);
  return image.bytes();
}

// --- reading ----------------------------------------------------------------------------------------------------

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::data, message); }

/// A file being read, with what its messages begin with.
class Reader {
 public:
  explicit Reader(const std::string& file) : name_(file), file_(hdf5::open_file(file)) {
    const Handle creation = hdf5::require(H5Fget_create_plist(file_.id()), file, "read how it was made");
    hsize_t before = 0;
    hdf5::require_status(H5Pget_userblock(creation.id(), &before), file, "read how it was made");
    // Damage to its first bytes must not pass for a file that never had a checksum.
    if (before > 0 && !has_checksum_block(file)) {
      refuse(file + ": begins with " + std::to_string(before) +
             " bytes that are no checksum of a model: it is damaged, or another program put them there; where the rest "
             "is known to be sound, take them off: tail -c +" +
             std::to_string(before + 1) + " '" + file + "' > edited.h5");
    }
  }

  const std::string& name() const { return name_; }

  bool has(const std::string& path) const {
    for (std::size_t end = path.find('/', 1); end != std::string::npos; end = path.find('/', end + 1)) {
      if (H5Lexists(file_.id(), path.substr(0, end).c_str(), H5P_DEFAULT) <= 0) return false;
    }
    return H5Lexists(file_.id(), path.c_str(), H5P_DEFAULT) > 0;
  }

  std::optional<std::string> text(const std::string& name) const {
    const Handle attribute = hdf5::open_attribute(file_.id(), name);
    if (!attribute && !has("/" + name)) return std::nullopt;
    const auto strings = attribute ? hdf5::read_strings(attribute.id()) : this->strings("/" + name);
    if (!strings || strings->size() != 1) refuse(name_ + ": the attribute '" + name + "' must be one string");
    return strings->front();
  }

  template <class T>
  std::optional<T> integer(const std::string& name) const {
    const Handle attribute = hdf5::open_attribute(file_.id(), name);
    if (!attribute) return std::nullopt;
    const Handle type(H5Aget_type(attribute.id()));
    const Handle space(H5Aget_space(attribute.id()));
    T value = 0;
    const hid_t memory = std::is_signed_v<T> ? H5T_NATIVE_INT64 : H5T_NATIVE_UINT64;
    if (H5Tget_class(type.id()) != H5T_INTEGER || H5Sget_simple_extent_npoints(space.id()) != 1 ||
        H5Aread(attribute.id(), memory, &value) < 0) {
      refuse(name_ + ": the attribute '" + name + "' must be one whole number");
    }
    return value;
  }

  struct Dataset {
    Handle handle;
    std::string where;
    Dimensions shape;
  };

  Dataset dataset(const std::string& path) const {
    Dataset data{hdf5::open_dataset(file_, name_, path), name_ + ":" + path, {}};
    const Handle type(H5Dget_type(data.handle.id()));
    const auto shape = hdf5::extent(data.handle.id());
    if (!shape) refuse(data.where + ": holds no values (its data space is null)");
    data.shape = *shape;
    return data;
  }

  static std::vector<double> values(const Dataset& data) {
    const Handle type(H5Dget_type(data.handle.id()));
    const H5T_class_t kind = H5Tget_class(type.id());
    if (kind != H5T_INTEGER && kind != H5T_FLOAT) {
      refuse(data.where + ": holds " + hdf5::type_text(type.id()) + ", not numbers");
    }
    std::size_t count = 1;
    for (const std::size_t n : data.shape) {
      if (__builtin_mul_overflow(count, n, &count)) refuse(data.where + ": is too large to be read");
    }
    hdf5::require_memory(count, sizeof(double), data.where);
    std::vector<double> numbers(count);
    hdf5::require_status(H5Dread(data.handle.id(), H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, numbers.data()),
                         data.where, "read its values");
    return numbers;
  }

  std::vector<std::string> strings(const std::string& path) const {
    const Dataset data = dataset(path);
    auto texts = hdf5::read_strings(data.handle.id());
    if (!texts) refuse(data.where + ": must hold strings");
    return *std::move(texts);
  }

 private:
  std::string name_;
  Handle file_;
};

/// Without the axes of length 1 behind the first: people drop them when D = 1.
Dimensions squeezed(const Dimensions& shape) {
  Dimensions kept;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i == 0 || shape[i] != 1) kept.push_back(shape[i]);
  }
  return kept;
}

std::vector<double> read_weights(const Reader& reader) {
  const Reader::Dataset data = reader.dataset("/weights");
  if (data.shape.size() != 1 || data.shape[0] == 0) {
    refuse(data.where + ": has shape " + hdf5::shape_text(data.shape) +
           "; weights are K numbers, one for each component");
  }
  return Reader::values(data);
}

/// The data sets of a schema within a group.
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

std::vector<double> read_values(const Reader& reader, const std::string& path, const Dimensions& needed) {
  const Reader::Dataset data = reader.dataset(path);
  if (squeezed(data.shape) != squeezed(needed)) {
    refuse(data.where + " has shape " + hdf5::shape_text(data.shape) + ", but the rest of this file needs " +
           hdf5::shape_text(needed));
  }
  return Reader::values(data);
}

std::optional<Posterior> read_posterior(const Reader& reader, const Family& family, std::size_t components) {
  if (!reader.has("/posterior")) return std::nullopt;
  Posterior posterior;
  for (const PosteriorTable& part : posterior_tables) {
    const Schema& schema = part.table == &Posterior::hyperparameters ? family.hyperparameters() : family.parameters();
    posterior.*part.table = read_table(reader, std::string("/posterior/") + part.name, family, schema, components);
  }
  for (const PosteriorWeights& part : posterior_weights)
    posterior.*part.values = read_values(reader, std::string("/posterior/weights/") + part.name, {components});
  const std::string concentration = "/posterior/weights/concentration";
  if (reader.has(concentration)) posterior.concentration = read_values(reader, concentration, {components});
  posterior.level = read_values(reader, "/posterior/level", {}).front();
  return posterior;
}

/// The lists of each iteration: the columns of a T x K matrix up to the first NaN.
void read_lists(const Reader& reader, const std::string& path, Trace& trace, std::vector<double> TraceEntry::*list) {
  const Dimensions shape = reader.dataset(path).shape;
  const std::size_t width = shape.size() == 2 ? shape[1] : 1;
  const std::vector<double> values = read_values(reader, path, {trace.size(), width});
  for (std::size_t t = 0; t < trace.size(); ++t) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(t * width);
    const auto last =
        std::find_if(first, first + static_cast<std::ptrdiff_t>(width), [](double value) { return std::isnan(value); });
    (trace[t].*list).assign(first, last);
  }
}

std::vector<std::string> split_events(const std::string& text) {
  std::vector<std::string> events;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(event_separator, begin), text.size());
    events.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return events;
}

Trace read_trace(const Reader& reader) {
  if (!reader.has("/trace")) return {};
  const Dimensions shape = reader.dataset("/trace/iteration").shape;
  if (shape.size() != 1) {
    refuse(reader.name() + ":/trace/iteration has shape " + hdf5::shape_text(shape) + "; it must have rank 1");
  }
  const std::size_t length = shape[0];
  const std::vector<double> iterations = read_values(reader, "/trace/iteration", {length});
  Trace trace(length);
  for (std::size_t t = 0; t < length; ++t) {
    if (!(iterations[t] >= 0 && iterations[t] < 0x1p53)) {
      refuse(reader.name() + ":/trace/iteration: entry " + std::to_string(t) + " must be a whole number >= 0");
    }
    trace[t].iteration = static_cast<std::size_t>(iterations[t]);
  }
  if (reader.has("/trace/accelerated")) {
    const std::vector<double> accelerated = read_values(reader, "/trace/accelerated", {length});
    for (std::size_t t = 0; t < length; ++t) trace[t].accelerated = accelerated[t] != 0;
  }
  const auto read = [&](const TraceQuantity& field) {
    const std::vector<double> values = read_values(reader, std::string("/trace/") + field.name, {length});
    for (std::size_t t = 0; t < length; ++t) trace[t].*field.value = values[t];
  };
  for (const TraceQuantity& quantity : trace_quantities()) read(quantity);
  read_lists(reader, "/trace/counts", trace, &TraceEntry::counts);
  if (reader.has("/trace/kl_components")) read_lists(reader, "/trace/kl_components", trace, &TraceEntry::kl_components);
  const std::vector<std::string> events = reader.strings("/trace/events");
  if (events.size() != length) {
    refuse(reader.name() + ":/trace/events has " + std::to_string(events.size()) + " strings for " +
           std::to_string(length) + " entries");
  }
  for (std::size_t t = 0; t < length; ++t) trace[t].events = split_events(events[t]);
  return trace;
}

std::vector<std::vector<std::string>> read_labels(const Reader& reader, std::size_t columns) {
  if (!reader.has("/categories")) return {};
  std::vector<std::vector<std::string>> labels(columns);
  for (std::size_t j = 0; j < columns; ++j) {
    if (reader.has(labels_path(j))) labels[j] = reader.strings(labels_path(j));
  }
  return labels;
}

void require_known_version(const Reader& reader) {
  const std::int64_t version = reader.integer<std::int64_t>("format_version").value_or(format_version);
  if (version >= 1 && version <= format_version) return;
  refuse(reader.name() + ": has model format version " + std::to_string(version) + ", but this program reads version " +
         std::to_string(format_version) + (version > format_version ? "; a newer mixfam wrote it" : ""));
}

FamilyPtr read_family(const Reader& reader, const Registry& registry) {
  const auto spec = reader.text("family");
  const auto columns = reader.integer<std::int64_t>("columns");
  if (!spec) refuse(reader.name() + ": the attribute 'family' is missing; it names the family, such as 'gaussian'");
  if (!columns || *columns < 1) {
    refuse(reader.name() + ": the attribute 'columns', the number of data columns (>= 1), is " +
           (columns ? std::to_string(*columns) : "missing"));
  }
  try {
    return registry.make(*spec, static_cast<std::size_t>(*columns));
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
  Mixture mixture = read_mixture(reader, read_family(reader, registry));
  auto posterior = read_posterior(reader, mixture.family(), mixture.components());
  auto labels = read_labels(reader, mixture.family().columns());
  return {std::move(mixture),   reader.integer<std::uint64_t>("seed"),
          read_options(reader), read_trace(reader),
          std::move(labels),    std::move(posterior)};
}

Mixture load_start(const std::string& file, const FamilyPtr& family, const Registry& registry,
                   const std::vector<std::string>& column_names) {
  require(family);
  const hdf5::Silence silence;
  const Reader reader(file);
  require_known_version(reader);
  const auto spec = reader.text("family");
  if (spec && !registry.means(*spec, *family, column_names)) {
    refuse(file + ": holds components of the family '" + *spec + "', but the fit is of '" + family->spec() + "'");
  }
  const auto columns = reader.integer<std::int64_t>("columns");
  if (columns && static_cast<std::size_t>(*columns) != family->columns()) {
    refuse(file + ": holds components over " + std::to_string(*columns) + " columns, but the fit is over " +
           std::to_string(family->columns()));
  }
  return read_mixture(reader, family);
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

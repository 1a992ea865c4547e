#include "prior_file.hpp"

#include "output/text.hpp"
#include "weights_names.hpp"

#include <mixfam/error.hpp>

#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <vector>

namespace mixfam::cli {

namespace {

using Json = nlohmann::json;

std::string needed_text(const std::vector<std::size_t>& shape) {
  if (shape.empty()) return "one number";
  return shape_text(shape) +
         (shape.size() == 1 ? " numbers, or one for all" : " numbers (an array of rows), or one for the diagonal");
}

class PriorReader {
 public:
  PriorReader(std::string file, const Groups& groups, std::optional<std::string> weights)
      : file_(std::move(file)), groups_(groups), weights_(std::move(weights)) {}

  PriorFile read() {
    Prior prior = read_document();
    return {std::move(prior), fixed_weights_};
  }

 private:
  Prior read_document() {
    const Json document = parse();
    if (!document.is_object()) refuse("an object {..} is needed");
    Prior prior;
    if (weights_) set_weights_prior(prior, *weights_);
    if (!document.contains("weights") && !document.contains("components")) {
      if (!document.empty()) set_components(prior, document);
      return prior;
    }
    for (const auto& [name, value] : document.items()) {
      if (name == "weights") {
        set_weights(prior, value);
      } else if (name == "components") {
        set_components(prior, value);
      } else {
        refuse("'" + name + "' is unknown beside weights and components");
      }
    }
    return prior;
  }

  [[noreturn]] void refuse(const std::string& reason) const {
    throw Error(ErrorKind::usage, "prior " + file_ + ": " + reason);
  }

  Json parse() const {
    const auto unreadable = [&](const std::string& reason) {
      throw Error(ErrorKind::data, "cannot read prior " + file_ + ": " + reason);
    };
    // A pipe may keep its reader waiting for ever, a device may never end.
    struct ::stat status = {};
    if (::stat(file_.c_str(), &status) != 0) unreadable(std::strerror(errno));
    if (S_ISDIR(status.st_mode)) unreadable("it is a directory");
    if (!S_ISREG(status.st_mode)) unreadable("it is not a regular file; save what it would hand out to a file first");
    std::ifstream stream(file_);
    if (!stream) unreadable(std::strerror(errno));
    try {
      return Json::parse(stream);
    } catch (const Json::exception& error) {
      throw Error(ErrorKind::data, "prior " + file_ + " is not JSON: " + error.what());
    }
  }

  void set_weights(Prior& prior, const Json& weights) {
    if (!weights.is_object()) refuse("weights: an object {\"prior\": name, \"concentration\": a} is needed");
    for (const auto& [name, value] : weights.items())
      if (name != "prior" && name != "concentration")
        refuse("weights: '" + name + "' is unknown; known: prior, concentration");
    if (const auto name = weights.find("prior"); name != weights.end()) set_weights_prior(prior, *name);
    if (const auto value = weights.find("concentration"); value != weights.end()) {
      if (fixed_weights_) refuse("weights: concentration has no meaning for fixed weights");
      set_concentration(prior, *value);
    }
  }

  void set_weights_prior(Prior& prior, const Json& name) {
    const std::string text = name.is_string() ? name.get<std::string>() : "";
    const auto found = from_string<WeightsPrior>(text);
    if (!found && text != fixed_weights_name)
      refuse("weights: prior = " + name.dump() + ": must be " + joined(names_of_weights(), " or "));
    if (weights_ && *weights_ != text) refuse("weights: prior is " + text + ", but --weights is " + *weights_);
    fixed_weights_ = text == fixed_weights_name;
    prior.weights = found.value_or(WeightsPrior::dirichlet);
  }

  void set_concentration(Prior& prior, const Json& value) const {
    const Json values = value.is_array() ? value : Json::array({value});
    prior.concentration.clear();
    for (const Json& one : values) {
      if (!one.is_number()) refuse("weights: concentration must be one number, or one for each component");
      prior.concentration.push_back(one.get<double>());
    }
  }

  void set_components(Prior& prior, const Json& components) const {
    prior.components = flat_hyperparameters(groups_);
    if (groups_.size() == 1) return set_group(*prior.components, 0, components);
    if (!components.is_array() || components.size() != groups_.size())
      refuse("components: an array of " + std::to_string(groups_.size()) +
             " objects of hyperparameters is needed, one for each family of '" + groups_.spec() + "'");
    for (std::size_t g = 0; g < groups_.size(); ++g) set_group(*prior.components, g, components[g]);
  }

  void set_group(ParameterTable& table, std::size_t g, const Json& components) const {
    if (!components.is_object())
      refuse((groups_.size() == 1 ? "components: " : of_group(g)) + "an object of hyperparameters is needed");
    set_fields(table, g, components, "");
  }

  void set_fields(ParameterTable& table, std::size_t g, const Json& object, const std::string& prefix) const {
    const Schema& schema = table.schema(g);
    for (const auto& [name, value] : object.items()) {
      const std::string full_name = prefix + name;
      if (const auto index = schema.find(full_name)) {
        set_field(schema.fields()[*index], value, g, table.field(g, full_name));
      } else if (is_factor(schema, full_name) && value.is_object()) {
        set_fields(table, g, value, full_name + "/");
      } else {
        refuse(of_group(g) + "'" + full_name + "' is unknown; known: " + known_names(schema));
      }
    }
  }

  /// Which of several groups a message is about.
  std::string of_group(std::size_t g) const {
    return groups_.size() == 1 ? "" : "components[" + std::to_string(g) + "]: ";
  }

  static bool is_factor(const Schema& schema, const std::string& name) {
    for (const Field& field : schema.fields())
      if (field.name.rfind(name + "/", 0) == 0) return true;
    return false;
  }

  static std::string known_names(const Schema& schema) {
    std::vector<std::string> names;
    for (const Field& field : schema.fields()) names.push_back(field.name);
    return names.empty() ? "none" : joined(names, ", ");
  }

  void set_field(const Field& field, const Json& value, std::size_t g, VectorView out) const {
    if (!value.is_number()) {
      double* next = out.data();
      if (!set_array(field, value, 0, next))
        refuse(of_group(g) + "'" + field.name + "' must be " + needed_text(field.shape));
      return;
    }
    const auto number = value.get<double>();
    const bool square = field.dimension > 0 && field.shape.size() == 2;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = !square || i % (field.dimension + 1) == 0 ? number : 0;
  }

  /// Whether the array has the shape of the field.
  static bool set_array(const Field& field, const Json& value, std::size_t axis, double*& next) {
    if (axis == field.shape.size()) {
      if (value.is_number()) *next++ = value.get<double>();
      return value.is_number();
    }
    if (!value.is_array() || value.size() != field.shape[axis]) return false;
    for (const Json& part : value)
      if (!set_array(field, part, axis + 1, next)) return false;
    return true;
  }

  std::string file_;
  const Groups& groups_;
  std::optional<std::string> weights_;
  bool fixed_weights_ = false;
};

}  // namespace

PriorFile read_prior(const std::string& file, const Groups& groups, const std::optional<std::string>& weights) {
  return PriorReader(file, groups, weights).read();
}

}  // namespace mixfam::cli

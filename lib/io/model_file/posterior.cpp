#include "io/model_file/posterior.hpp"

#include "io/model_file/components.hpp"

#include <string>
#include <vector>

namespace mixfam::model_file {

namespace {

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

}  // namespace

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

std::optional<Posterior> read_posterior(const Reader& reader, const Groups& groups) {
  if (!reader.has("/posterior")) return std::nullopt;
  if (const Family* family = groups.find_without_prior())
    refuse(reader.name() + ":/posterior: the family '" + family->spec() +
           "' has no conjugate prior, and so no posterior; remove the group");
  Posterior posterior;
  for (const PosteriorTable& part : posterior_tables) {
    const ParameterTable& needed =
        part.table == &Posterior::hyperparameters ? groups.hyperparameters() : groups.parameters();
    posterior.*part.table = read_table(reader, std::string("/posterior/") + part.name, groups, needed);
  }
  for (const PosteriorWeights& part : posterior_weights)
    posterior.*part.values = reader.values(std::string("/posterior/weights/") + part.name, {groups.components()});
  const std::string concentration = "/posterior/weights/concentration";
  if (reader.has(concentration)) posterior.concentration = reader.values(concentration, {groups.components()});
  posterior.level = reader.values("/posterior/level", {}).front();
  return posterior;
}

}  // namespace mixfam::model_file

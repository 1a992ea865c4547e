#include "commands.hpp"

#include "memory_budget.hpp"
#include "output/parameters_json.hpp"
#include "output/text.hpp"
#include "output/text_table.hpp"
#include "rehearsed.hpp"
#include "standard_streams.hpp"

#include <mixfam/divergence.hpp>
#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>
#include <mixfam/registry.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <vector>

namespace mixfam::cli {

namespace {

using Json = nlohmann::ordered_json;

Mixture load(const std::string& file) {
  return rehearsed(file, [&] { return load_model(file, Registry::builtin()).mixture; });
}

/// JSON has no number for it.
Json nats_json(double value) { return std::isinf(value) ? Json("infinite") : Json(value); }

std::string nats_text(double value) { return std::isinf(value) ? "infinite" : format_value(value); }

/// Draws are held all at once, with their log densities or responsibilities.
void check_draws(const DivergenceRequest& request, const Mixture& mixture) {
  const std::size_t numbers = mixture.groups().columns() + mixture.components() + 2;
  const std::size_t most = available_memory() / 2 / (numbers * sizeof(double));
  if (request.draws > most)
    throw Error(ErrorKind::usage,
                fmt::format("--draws = {}: this machine's memory is enough for {} draws of {} column{}", request.draws,
                            most, mixture.groups().columns(), mixture.groups().columns() == 1 ? "" : "s"));
}

Json estimate_json(const Estimate& estimate) {
  return {{"value", nats_json(estimate.value)}, {"standard_error", estimate.standard_error}};
}

std::string estimate_text(const Estimate& estimate) {
  if (estimate.standard_error == 0) return nats_text(estimate.value);
  return fmt::format("{} +- {:.2g}", format_value(estimate.value), estimate.standard_error);
}

/// K x K values as an array of rows, each value by way of `convert`.
template <class Value, class Convert>
Json matrix_json(const std::vector<Value>& values, std::size_t components, Convert convert) {
  Json rows = Json::array();
  for (std::size_t j = 0; j < components; ++j) {
    Json row = Json::array();
    for (std::size_t k = 0; k < components; ++k) row.push_back(convert(values[j * components + k]));
    rows.push_back(std::move(row));
  }
  return rows;
}

template <class Value, class Convert>
std::string matrix_text(const std::vector<Value>& values, std::size_t components, Convert convert) {
  TextTable table;
  table.add_column("j", TextTable::Align::left);
  for (std::size_t k = 0; k < components; ++k) table.add_column(fmt::format("k = {}", k));
  for (std::size_t j = 0; j < components; ++j) {
    std::vector<std::string> cells = {std::to_string(j)};
    for (std::size_t k = 0; k < components; ++k) cells.push_back(convert(values[j * components + k]));
    table.add_row(std::move(cells));
  }
  return table.str();
}

void compare_components(const DivergenceRequest& request) {
  const Mixture mixture = load(request.model);
  check_draws(request, mixture);
  const std::size_t K = mixture.components();
  const std::vector<Estimate> kl = component_divergences(mixture, request.draws, request.seed);
  const std::vector<Estimate> overlaps = overlap(mixture, request.draws, request.seed);
  if (request.json) {
    const auto value = [](const Estimate& estimate) { return estimate.value; };
    const auto standard_error = [](const Estimate& estimate) { return estimate.standard_error; };
    print(document_text(
        {{"mixfam", MIXFAM_VERSION},
         {"model", request.model},
         {"family", mixture.groups().spec()},
         {"kl", matrix_json(kl, K, [](const Estimate& estimate) { return nats_json(estimate.value); })},
         {"overlap",
          {{"value", matrix_json(overlaps, K, value)}, {"standard_error", matrix_json(overlaps, K, standard_error)}}},
         {"draws", request.draws},
         {"seed", request.seed}}));
    return;
  }
  std::string text = fmt::format("{}: {} component{} of {}\n", printable(request.model, 80), K, K == 1 ? "" : "s",
                                 printable(mixture.groups().spec(), 80));
  text += "\nKL(component j || component k), nats\n" + matrix_text(kl, K, estimate_text);
  text += fmt::format("\nOverlap: E[p(component k | x)] for x from component j, {} draws each, seed {}\n",
                      request.draws, request.seed);
  print(text + matrix_text(overlaps, K, estimate_text));
}

void compare_mixtures(const DivergenceRequest& request) {
  const Mixture p = load(request.model);
  const Mixture q = load(*request.other);
  check_draws(request, p);
  const Estimate there = divergence(p, q, request.draws, request.seed);
  const Estimate back = divergence(q, p, request.draws, request.seed);
  if (request.json) {
    print(document_text({{"mixfam", MIXFAM_VERSION},
                         {"p", request.model},
                         {"q", *request.other},
                         {"kl_pq", estimate_json(there)},
                         {"kl_qp", estimate_json(back)},
                         {"draws", request.draws},
                         {"seed", request.seed}}));
    return;
  }
  const bool drawn = there.standard_error > 0 || back.standard_error > 0;
  print(fmt::format(
      "p  {}\nq  {}\n\nKL(p || q)  {}\nKL(q || p)  {}\n\nnats{}\n", printable(request.model, 80),
      printable(*request.other, 80), estimate_text(there), estimate_text(back),
      drawn ? fmt::format("; +-: by {} draws from the first of each, seed {}", request.draws, request.seed) : ""));
}

}  // namespace

ExitStatus divergence_command(const DivergenceRequest& request) {
  if (request.other) {
    compare_mixtures(request);
  } else {
    compare_components(request);
  }
  return ExitStatus::done;
}

}  // namespace mixfam::cli

#pragma once

#include "output/column_labels.hpp"

#include <mixfam/mixture.hpp>
#include <mixfam/posterior.hpp>

#include <nlohmann/json_fwd.hpp>

#include <optional>

namespace mixfam::cli {

/// One object for each component: weight, parameters, and their posterior where there is one.
nlohmann::ordered_json components_json(const Mixture& mixture, const std::optional<Posterior>& posterior);

/// For each column the labels of its categories, or their codes where they have none, in the order of the parameters;
/// empty when no column has categories.
nlohmann::ordered_json categories_json(const ColumnLabels& columns);

}  // namespace mixfam::cli

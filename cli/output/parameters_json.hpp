#pragma once

#include <mixfam/fit.hpp>
#include <mixfam/matrix_view.hpp>
#include <mixfam/parameters.hpp>

#include <nlohmann/json_fwd.hpp>

#include <string>

namespace mixfam::cli {

/// One row of a schema as an object: nested arrays under the fields' names, "factor/name" as an object within an
/// object. Covariance and scatter matrices always as D x D, however they are stored.
nlohmann::ordered_json parameters_json(const Schema& schema, ConstVectorView row);

/// The prior, in the same shape of document that `--prior FILE.json` takes.
nlohmann::ordered_json prior_json(const FitOptions& options);

/// The document as text for people and programs alike; NaN is null, text that is not UTF-8 is made so.
std::string document_text(const nlohmann::ordered_json& document);
/// The same without line breaks.
std::string compact_text(const nlohmann::ordered_json& document);

}  // namespace mixfam::cli

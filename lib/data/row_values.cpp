#include "data/row_values.hpp"

#include <mixfam/error.hpp>

#include "numerics/plural.hpp"

#include <cmath>
#include <numeric>

namespace mixfam {

namespace {

void check_number(const Source& source, std::size_t values, const std::string& noun) {
  if (values != 0 && values != source.rows())
    throw Error(ErrorKind::data, source.name() + ": " + plural(values, noun) + " for " + plural(source.rows(), "row") +
                                     " (there must be as many)");
}

std::string of_row(const Source& source, const std::string& what, std::size_t row) {
  return source.name() + ": the " + what + " of row " + std::to_string(source.row_number(row)) + " is ";
}

}  // namespace

void check_row_weights(const Source& source, ConstVectorView weights) {
  check_number(source, weights.size(), "row weight");
  for (std::size_t n = 0; n < weights.size(); ++n)
    if (!(weights[n] >= 0) || !std::isfinite(weights[n]))
      throw Error(ErrorKind::data,
                  of_row(source, "weight", n) + std::to_string(weights[n]) + " (must be finite and >= 0)");
  if (std::isinf(std::accumulate(weights.begin(), weights.end(), 0.0)))
    throw Error(ErrorKind::data, source.name() +
                                     ": the sum of the row weights is beyond the greatest double; divide "
                                     "them by a constant");
}

void check_row_labels(const Source& source, BasicVectorView<const std::int32_t> labels) {
  check_number(source, labels.size(), "label");
  for (std::size_t n = 0; n < labels.size(); ++n)
    if (labels[n] < unlabelled)
      throw Error(ErrorKind::data, of_row(source, "label", n) + std::to_string(labels[n]) +
                                       " (must be the number of a component, from 0, or -1 where it is not known)");
}

}  // namespace mixfam

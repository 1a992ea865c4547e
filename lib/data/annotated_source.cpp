#include <mixfam/annotated_source.hpp>
#include <mixfam/error.hpp>

#include "data/row_values.hpp"

#include <algorithm>
#include <utility>

namespace mixfam {

AnnotatedSource::AnnotatedSource(Source& inner, RowWeights weights, RowLabels labels)
    : ForwardingSource(inner), weights_(std::move(weights)), labels_(std::move(labels)) {
  const ConstVectorView values = weights_.view();
  check_row_weights(inner, values);
  check_row_labels(inner, labels_.view());
  if (!values.empty() && std::all_of(values.begin(), values.end(), [](double weight) { return weight == 0; }))
    throw Error(ErrorKind::data, inner.name() + ": the weights of rows " + std::to_string(inner.row_number(0)) +
                                     " to " + std::to_string(inner.row_number(values.size() - 1)) +
                                     " are all 0 (there must be a row to fit)");
}

Chunk AnnotatedSource::next(std::size_t granularity) {
  Chunk chunk = inner().next(granularity);
  if (chunk.rows == 0) return chunk;
  if (const double* weights = row_values(weights_, chunk.first_row)) chunk.weights = weights;
  if (const std::int32_t* labels = row_values(labels_, chunk.first_row)) chunk.labels = labels;
  return chunk;
}

}  // namespace mixfam

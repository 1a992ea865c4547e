#pragma once

#include <mixfam/matrix_view.hpp>
#include <mixfam/parameters.hpp>

#include <vector>

namespace mixfam::cli {

/// Whether the field is a D x D matrix that may be stored in a shorter form.
bool is_matrix(const Field& field);

/// All D x D entries of a matrix field, row-major.
std::vector<double> dense_matrix(const Field& field, ConstVectorView values);

}  // namespace mixfam::cli

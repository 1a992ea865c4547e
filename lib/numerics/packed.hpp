#pragma once

#include <cstddef>

/// The order of vech: the lower triangle of a symmetric matrix, row by row.
namespace mixfam::packed {

constexpr std::size_t size(std::size_t d) { return d * (d + 1) / 2; }
/// Place of entry (i, j), j <= i.
constexpr std::size_t at(std::size_t i, std::size_t j) { return i * (i + 1) / 2 + j; }

}  // namespace mixfam::packed

#pragma once

/// All of the library. Callers may compile as C++17; headers for authors of families need C++20.

#include <mixfam/annotated_source.hpp>
#include <mixfam/atomic_file.hpp>
#include <mixfam/block.hpp>
#include <mixfam/cached_source.hpp>
#include <mixfam/chunk_values.hpp>
#include <mixfam/column_source.hpp>
#include <mixfam/convert.hpp>
#include <mixfam/divergence.hpp>
#include <mixfam/enum_names.hpp>
#include <mixfam/error.hpp>
#include <mixfam/family.hpp>
#include <mixfam/fit.hpp>
#include <mixfam/fit_state.hpp>
#include <mixfam/forwarding_source.hpp>
#include <mixfam/freeze.hpp>
#include <mixfam/gap_value_source.hpp>
#include <mixfam/groups.hpp>
#include <mixfam/hdf5.hpp>
#include <mixfam/initialize.hpp>
#include <mixfam/matrix_view.hpp>
#include <mixfam/merged_source.hpp>
#include <mixfam/mixture.hpp>
#include <mixfam/parameters.hpp>
#include <mixfam/posterior.hpp>
#include <mixfam/prior.hpp>
#include <mixfam/product.hpp>
#include <mixfam/random.hpp>
#include <mixfam/registry.hpp>
#include <mixfam/selected_source.hpp>
#include <mixfam/slice.hpp>
#include <mixfam/source.hpp>
#include <mixfam/statistics.hpp>
#include <mixfam/trace.hpp>

#if __cplusplus >= 202002L
#include <mixfam/exponential_family.hpp>
#endif

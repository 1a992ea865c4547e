#pragma once

#include <mixfam/mixture.hpp>
#include <mixfam/source.hpp>

#include "update.hpp"

/// The policies for components that no parameters fit; each makes the result of an update whole again.
namespace mixfam {

/// Degenerate components begin anew at a row drawn by weight, as wide as all the data, with a weight of 1/K.
void reseed(UpdateResult& result, const Family& family, Source& source, const UpdateRule& rule);

/// Degenerate components leave, and their concentrations with them; false when none would be left.
bool drop(UpdateResult& result, Prior& prior);

/// Degenerate components keep the parameters that they had.
void keep(UpdateResult& result, const Mixture& before);

}  // namespace mixfam

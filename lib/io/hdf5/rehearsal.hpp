#pragma once

#include <cstdint>
#include <string>

/// What a reader of files tells the rehearsal that it may be part of (`rehearse_hdf5`); outside of one, nothing
/// happens.
namespace mixfam::rehearsal {

/// Reading goes on, at this file or object: the time allowed for one step begins anew.
void step(const std::string& where);

/// A file of this size is read: it may take memory and time accordingly.
void allow_for(std::uint64_t file_bytes);

}  // namespace mixfam::rehearsal

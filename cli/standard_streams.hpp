#pragma once

#include <string>

namespace mixfam::cli {

/// Takes the places of standard streams that the caller closed, so that no file opened later is written to by mistake,
/// and turns a reader that has gone away into an error of `print` instead of a silent end.
void prepare_standard_streams();

/// Writes the result to standard output, whole. Throws Error(write) when it does not arrive.
void print(const std::string& result);

/// One line on standard error: "mixfam: message".
void complain(const std::string& message);

}  // namespace mixfam::cli

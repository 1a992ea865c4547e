#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace mixfam::cli {

std::string joined(const std::vector<std::string>& parts, const std::string& separator);

/// "272 x 2"; empty for a scalar.
std::string shape_text(const std::vector<std::size_t>& shape);

/// Text from a file or a user made fit for a terminal: control characters become '?', and what is longer than `width`
/// is cut.
std::string printable(const std::string& text, std::size_t width = 60);

/// A log likelihood or another number of nats, five digits behind the point; empty for NaN.
std::string format_nats(double value);
/// A small quantity that spans many powers of ten; empty for NaN.
std::string format_small(double value);
/// A parameter, six significant digits.
std::string format_value(double value);

}  // namespace mixfam::cli

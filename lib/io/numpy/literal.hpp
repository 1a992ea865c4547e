#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace mixfam::numpy {

/// A literal of Python as the headers of NumPy's files have them.
struct Literal {
  enum class Kind { text, number, boolean, sequence, dictionary };
  Kind kind;
  std::string text;  ///< of a text; the digits of a number
  bool truth = false;
  std::vector<Literal> items;  ///< of a list or tuple; of a dictionary, keys and values in turn
};

/// Throws std::invalid_argument saying what was expected.
Literal parse_literal(std::string_view text);

}  // namespace mixfam::numpy

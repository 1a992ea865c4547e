#include "data/reduce.hpp"

#include <stdexcept>
#include <string>

namespace mixfam::detail {

namespace {

/// The first number of an outcome: nodes, an exception of the standard library, or an Error of a kind beyond.
constexpr double of_nodes = 0;
constexpr double of_exception = 1;
constexpr double of_kind = 2;

}  // namespace

Outcome no_nodes() { return {of_nodes}; }

Outcome outcome_of_error(const std::exception& error) {
  const auto* own = dynamic_cast<const Error*>(&error);
  Outcome outcome = {own ? of_kind + static_cast<double>(own->kind()) : of_exception};
  for (const char* c = error.what(); *c; ++c) outcome.push_back(static_cast<unsigned char>(*c));
  return outcome;
}

ConstVectorView nodes_or_error(const Outcome& outcome) {
  const ConstVectorView numbers = ConstVectorView(outcome).part(1, outcome.size() - 1);
  if (outcome[0] == of_nodes) return numbers;
  std::string message;
  for (const double c : numbers) message += static_cast<char>(static_cast<unsigned char>(c));
  if (outcome[0] == of_exception) throw std::runtime_error(message);
  throw Error(static_cast<ErrorKind>(static_cast<int>(outcome[0] - of_kind)), message);
}

}  // namespace mixfam::detail

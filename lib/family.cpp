#include <mixfam/family.hpp>

#include <cmath>

namespace mixfam {

Family::~Family() = default;
Evaluator::~Evaluator() = default;

bool Support::contains(double x) const {
  if (!std::isfinite(x)) return false;
  if (open ? !(x > lower && x < upper) : !(x >= lower && x <= upper)) return false;
  return !integer || x == std::floor(x);
}

}  // namespace mixfam

#pragma once

namespace mixfam {

/// f'(0) from f(+-step) and f(+-2 step): the error is f^(5) step^4 / 30.
template <class Function>
double five_point_slope(const Function& f, double step) {
  return (8 * (f(step) - f(-step)) - (f(2 * step) - f(-2 * step))) / (12 * step);
}

}  // namespace mixfam

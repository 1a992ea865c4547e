#include <mixfam/family.hpp>

#include <algorithm>
#include <cmath>

namespace mixfam {

Family::~Family() = default;
ConjugatePrior::~ConjugatePrior() = default;

Step::Step(std::size_t components, std::vector<double> origins)
    : components_(components), origins_(std::move(origins)) {}
Step::~Step() = default;

Block Step::prepare(const Block& x, Workspace::Frame&) const { return x; }

bool Step::add_soft(const Block&, ConstVectorView, Statistics&, Workspace&) const { return false; }

std::string Family::name() const {
  const std::string all = spec();
  return all.substr(0, all.find_first_of(":( "));
}

const Family& Family::factor_of(std::size_t) const { return *this; }

bool Family::reads_native(ElementType) const { return false; }

bool Support::contains(double x) const {
  if (!std::isfinite(x)) return false;
  if (open ? !(x > lower && x < upper) : !(x >= lower && x <= upper)) return false;
  if (integer && x != std::floor(x)) return false;
  return values.empty() || std::binary_search(values.begin(), values.end(), x);
}

bool Family::can_hold(const std::string&) const { return false; }

void Family::hold(const std::string&, ConstVectorView, ConstVectorView, VectorView) const {}

}  // namespace mixfam

#include <mixfam/error.hpp>
#include <mixfam/statistics.hpp>

#include <algorithm>
#include <cmath>
#include <string>

namespace mixfam {

namespace {

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

}  // namespace

Statistics::Statistics(std::size_t components, std::size_t statistic_size, std::size_t origin_size)
    : Statistics({{components, statistic_size, origin_size}}) {}

Statistics::Statistics(const std::vector<Group>& groups) {
  for (const Group& group : groups) components_ += group.components;
  std::vector<Part> parts;
  std::size_t first = 0;
  std::size_t sums = scalars + components_;
  std::size_t origins = 0;
  for (const Group& group : groups) {
    parts.push_back({group, first, sums, origins});
    first += group.components;
    sums += group.components * group.statistic_size;
    origins += group.components * group.origin_size;
  }
  parts_ = std::make_shared<const std::vector<Part>>(std::move(parts));
  buffer_.resize(sums);
  origins_.resize(origins);
}

Statistics::Statistics(std::size_t statistic_size, ConstMatrixView origins, ConstVectorView buffer)
    : Statistics(origins.rows(), statistic_size, origins.columns()) {
  set_buffer(buffer);
  for (std::size_t k = 0; k < origins.rows(); ++k)
    for (std::size_t i = 0; i < origins.columns(); ++i) origin(k)[i] = origins(k, i);
}

const Statistics::Part& Statistics::part(std::size_t group) const {
  static const Part none{};
  return group < groups() ? (*parts_)[group] : none;
}

const Statistics::Part& Statistics::part_of(std::size_t k) const {
  std::size_t group = 0;
  while (group + 1 < groups() && k >= part(group).first + part(group).components) ++group;
  return part(group);
}

std::size_t Statistics::component_of_origin(std::size_t place) const {
  std::size_t group = 0;
  while (place >= part(group).origins_at + part(group).components * part(group).origin_size) ++group;
  return part(group).first + (place - part(group).origins_at) / part(group).origin_size;
}

std::string Statistics::shape_text() const {
  std::string text;
  for (std::size_t g = 0; g < groups(); ++g)
    text += (g == 0 ? "" : " and ") + std::to_string(part(g).components) + " components, " +
            std::to_string(part(g).statistic_size) + " statistics and " + std::to_string(part(g).origin_size) +
            " coordinates of the origin";
  return text.empty() ? "no components" : text;
}

void Statistics::set_buffer(ConstVectorView buffer) {
  if (buffer.size() != buffer_.size())
    throw Error(ErrorKind::usage, "a buffer of " + std::to_string(buffer.size()) + " numbers for statistics of " +
                                      shape_text() + " (there must be " + std::to_string(buffer_.size()) + ")");
  std::copy(buffer.begin(), buffer.end(), buffer_.begin());
}

void Statistics::clear() { std::fill(buffer_.begin(), buffer_.end(), 0.0); }

Statistics& Statistics::operator+=(const Statistics& other) {
  bool alike = groups() == other.groups();
  for (std::size_t g = 0; alike && g < groups(); ++g)
    alike = part(g).components == other.part(g).components && part(g).statistic_size == other.part(g).statistic_size &&
            part(g).origin_size == other.part(g).origin_size;
  if (!alike)
    throw Error(ErrorKind::usage,
                "statistics of different shapes cannot be added: " + shape_text() + ", but " + other.shape_text());
  for (std::size_t i = 0; i < origins_.size(); ++i)
    if (!same(origins_[i], other.origins_[i]))
      throw Error(ErrorKind::usage, "statistics about different origins cannot be added: component " +
                                        std::to_string(component_of_origin(i)) + " has " + std::to_string(origins_[i]) +
                                        " and " + std::to_string(other.origins_[i]));
  for (std::size_t i = 0; i < buffer_.size(); ++i) buffer_[i] += other.buffer_[i];
  return *this;
}

}  // namespace mixfam

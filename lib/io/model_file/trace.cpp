#include "io/model_file/trace.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace mixfam::model_file {

using hdf5::Dimensions;

namespace {

/// Between the texts of several events of one iteration; a data set holds one string for each.
constexpr char event_separator = '\n';

/// T x K for the largest K of the trace: components may have been dropped on the way, and NaN stands behind the rest.
void put_lists(Image& image, const std::string& path, const Trace& trace, std::vector<double> TraceEntry::*list) {
  std::size_t width = 0;
  for (const TraceEntry& entry : trace) width = std::max(width, (entry.*list).size());
  if (width == 0) return;
  std::vector<double> values(trace.size() * width, std::numeric_limits<double>::quiet_NaN());
  for (std::size_t t = 0; t < trace.size(); ++t)
    std::copy((trace[t].*list).begin(), (trace[t].*list).end(),
              values.begin() + static_cast<std::ptrdiff_t>(t * width));
  image.doubles(path, {trace.size(), width}, values.data());
}

/// The lists of each iteration: the columns of a T x K matrix up to the first NaN.
void read_lists(const Reader& reader, const std::string& path, Trace& trace, std::vector<double> TraceEntry::*list) {
  const Dimensions shape = reader.dataset(path).shape;
  const std::size_t width = shape.size() == 2 ? shape[1] : 1;
  const std::vector<double> values = reader.values(path, {trace.size(), width});
  for (std::size_t t = 0; t < trace.size(); ++t) {
    const auto first = values.begin() + static_cast<std::ptrdiff_t>(t * width);
    const auto last =
        std::find_if(first, first + static_cast<std::ptrdiff_t>(width), [](double value) { return std::isnan(value); });
    (trace[t].*list).assign(first, last);
  }
}

std::vector<std::string> split_events(const std::string& text) {
  std::vector<std::string> events;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find(event_separator, begin), text.size());
    events.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return events;
}

}  // namespace

void put_trace(Image& image, const Trace& trace) {
  if (trace.empty()) return;
  std::vector<std::uint64_t> iterations;
  std::vector<std::string> events;
  for (const TraceEntry& entry : trace) {
    iterations.push_back(entry.iteration);
    std::string text;
    for (const std::string& event : entry.events) text += (text.empty() ? "" : std::string(1, event_separator)) + event;
    events.push_back(text);
  }
  image.integers("/trace/iteration", iterations);
  if (std::any_of(trace.begin(), trace.end(), [](const TraceEntry& entry) { return entry.accelerated; })) {
    std::vector<std::uint64_t> accelerated;
    for (const TraceEntry& entry : trace) accelerated.push_back(entry.accelerated ? 1 : 0);
    image.integers("/trace/accelerated", accelerated);
  }
  const auto put = [&](const TraceQuantity& field) {
    std::vector<double> values;
    for (const TraceEntry& entry : trace) values.push_back(entry.*field.value);
    image.doubles(std::string("/trace/") + field.name, {trace.size()}, values.data());
  };
  for (const TraceQuantity& quantity : trace_quantities()) put(quantity);
  put_lists(image, "/trace/counts", trace, &TraceEntry::counts);
  put_lists(image, "/trace/kl_components", trace, &TraceEntry::kl_components);
  image.strings("/trace/events", events);
}

Trace read_trace(const Reader& reader) {
  if (!reader.has("/trace")) return {};
  const Dimensions shape = reader.dataset("/trace/iteration").shape;
  if (shape.size() != 1) {
    refuse(reader.name() + ":/trace/iteration has shape " + hdf5::shape_text(shape) + "; it must have rank 1");
  }
  const std::size_t length = shape[0];
  const std::vector<double> iterations = reader.values("/trace/iteration", {length});
  Trace trace(length);
  for (std::size_t t = 0; t < length; ++t) {
    if (!(iterations[t] >= 0 && iterations[t] < 0x1p53)) {
      refuse(reader.name() + ":/trace/iteration: entry " + std::to_string(t) + " must be a whole number >= 0");
    }
    trace[t].iteration = static_cast<std::size_t>(iterations[t]);
  }
  if (reader.has("/trace/accelerated")) {
    const std::vector<double> accelerated = reader.values("/trace/accelerated", {length});
    for (std::size_t t = 0; t < length; ++t) trace[t].accelerated = accelerated[t] != 0;
  }
  const auto read = [&](const TraceQuantity& field) {
    const std::vector<double> values = reader.values(std::string("/trace/") + field.name, {length});
    for (std::size_t t = 0; t < length; ++t) trace[t].*field.value = values[t];
  };
  for (const TraceQuantity& quantity : trace_quantities()) read(quantity);
  read_lists(reader, "/trace/counts", trace, &TraceEntry::counts);
  if (reader.has("/trace/kl_components")) read_lists(reader, "/trace/kl_components", trace, &TraceEntry::kl_components);
  const std::vector<std::string> events = reader.strings("/trace/events");
  if (events.size() != length) {
    refuse(reader.name() + ":/trace/events has " + std::to_string(events.size()) + " strings for " +
           std::to_string(length) + " entries");
  }
  for (std::size_t t = 0; t < length; ++t) trace[t].events = split_events(events[t]);
  return trace;
}

}  // namespace mixfam::model_file

// Fits of one data set from many starts, each to its limit; prints one JSON line: see measure_starts.py.
//
//     start_peer FAMILY DATA.h5 COMPONENTS START STARTS [LABELS.h5]
//
// START is kmeans++ or random. With LABELS.h5 the fits begin with given groups instead: row s of its data set
// (STARTS x N) holds those of start s. One thread, and seconds are those of the processor, so that a machine with other
// work to do measures the same.

#include <mixfam/mixfam.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace mixfam;

constexpr const char* usage = "usage: start_peer FAMILY DATA.h5 COMPONENTS START STARTS [LABELS.h5]";
constexpr double tolerance = 1e-7;  // nats: well below the distance from the best optimum that counts as a hit

double processor_seconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::vector<std::vector<double>> read_rows(const std::string& location) {
  Hdf5Source file(location);
  CachedSource source(file, {});
  std::vector<std::vector<double>> rows;
  source.rewind();
  for (Chunk chunk = source.next(1); chunk.rows > 0; chunk = source.next(1)) {
    if (chunk.type != ElementType::float64) throw Error(ErrorKind::data, location + ": labels are float64 here");
    const auto* values = static_cast<const double*>(chunk.data);
    const ConstMatrixView view(values, chunk.rows, source.columns(), chunk.row_stride, chunk.column_stride);
    for (std::size_t n = 0; n < chunk.rows; ++n) {
      rows.emplace_back();
      for (std::size_t j = 0; j < source.columns(); ++j) rows.back().push_back(view(n, j));
    }
  }
  return rows;
}

FitResult fit_groups(const FamilyPtr& family, std::size_t components, const std::vector<double>& labels, Source& source,
                     const FitOptions& options) {
  std::vector<double> R(labels.size() * components);
  for (std::size_t n = 0; n < labels.size(); ++n) R[n * components + static_cast<std::size_t>(labels[n])] = 1;
  return fit_responsibilities(family, ConstMatrixView::row_major(R.data(), labels.size(), components), source, options);
}

nlohmann::json measure(const std::vector<std::string>& arguments) {
  if (arguments.size() != 5 && arguments.size() != 6) throw Error(ErrorKind::usage, usage);
  Hdf5Source file(arguments[1]);
  CachedSource source(file, {});
  const FamilyPtr family = Registry::builtin().make(arguments[0], source.columns(), {}, &source);
  const std::size_t components = std::stoul(arguments[2]);
  const Start start = arguments[3] == "random" ? Start::random_rows : Start::kmeans_plus_plus;
  const std::size_t starts = std::stoul(arguments[4]);
  const auto labels = arguments.size() == 6 ? read_rows(arguments[5]) : std::vector<std::vector<double>>();

  nlohmann::json runs = nlohmann::json::array();
  for (std::size_t s = 0; s < starts; ++s) {
    double begin = 0;
    double first = 0;
    double last = 0;
    FitOptions options;
    options.tolerance = tolerance;
    options.threads = 1;
    options.observer = [&](const FitState&) {
      last = processor_seconds();
      if (first == 0) first = last;
      return Observe::go_on;
    };
    RestartsOptions restarts;
    restarts.start = start;
    restarts.seed = s;
    restarts.observer = [&](std::size_t) { begin = processor_seconds(); };
    try {
      const FitResult result = labels.empty() ? fit_restarts(family, components, source, restarts, options).best
                                              : fit_groups(family, components, labels.at(s), source, options);
      const auto& counts = result.trace.back().counts;
      const double iteration = (last - first) / static_cast<double>(std::max<std::size_t>(result.iterations(), 1));
      runs.push_back({{"log_likelihood", result.log_likelihood()},
                      {"verdict", to_string(result.verdict)},
                      {"iterations", result.iterations()},
                      {"least_rows", *std::min_element(counts.begin(), counts.end())},
                      {"start_seconds", first - begin - iteration},
                      {"iteration_seconds", iteration}});
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::numerical) throw;
      runs.push_back({{"verdict", error.what()}});
    }
  }
  return {{"component_parameters", family->free_parameters(1)}, {"runs", runs}};
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::printf("%s\n", measure({argv + 1, argv + argc}).dump().c_str());
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return error.kind() == ErrorKind::usage ? 2 : 1;
  }
  return 0;
}

// mixfam itself: see peers/peer.py for the command line. An iteration lasts from one call of the observer to the next:
// an M-step and an E-step. Besides:
//
//     --stream              the rows come from the file in each iteration; otherwise they are in memory when the
//                           clock starts
//     --accelerate A        none, squarem or anderson
//     --until LL            each run ends when the log likelihood reaches LL; "seconds" are those of whole runs, from
//                           the start, and "iterations" those of the last run

#include <mixfam/mixfam.hpp>

#include <nlohmann/json.hpp>

#include <charconv>
#include <chrono>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace mixfam;
using Clock = std::chrono::steady_clock;

constexpr std::size_t minimum_timings = 5;
constexpr const char* usage =
    "usage: mixfam_peer FAMILY DATA.h5 START.h5 ITERATIONS SECONDS THREADS [--stream] [--accelerate A] [--until LL]";

struct Task {
  std::string family, data, start;
  std::size_t iterations = 0;
  double seconds = 0;
  std::size_t threads = 1;
  bool stream = false;
  Acceleration acceleration = Acceleration::none;
  std::optional<double> until = std::nullopt;
};

template <class Number>
Number number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw Error(ErrorKind::usage, "'" + std::string(text) + "' is no number here; " + usage);
  return value;
}

Acceleration acceleration(const std::string& name) {
  for (const auto one : {Acceleration::none, Acceleration::squarem, Acceleration::anderson})
    if (name == to_string(one)) return one;
  throw Error(ErrorKind::usage, usage);
}

Task command_line(const std::vector<std::string>& arguments) {
  if (arguments.size() < 6) throw Error(ErrorKind::usage, usage);
  Task task{arguments[0],
            arguments[1],
            arguments[2],
            number<std::size_t>(arguments[3]),
            number<double>(arguments[4]),
            number<std::size_t>(arguments[5])};
  for (std::size_t i = 6; i < arguments.size(); ++i) {
    const bool more = i + 1 < arguments.size();
    if (arguments[i] == "--stream") {
      task.stream = true;
    } else if (arguments[i] == "--accelerate" && more) {
      task.acceleration = acceleration(arguments[++i]);
    } else if (arguments[i] == "--until" && more) {
      task.until = number<double>(arguments[++i]);
    } else {
      throw Error(ErrorKind::usage, usage);
    }
  }
  return task;
}

double seconds_between(Clock::time_point begin, Clock::time_point end) {
  return std::chrono::duration<double>(end - begin).count();
}

/// One fit and when each of its E-steps ended.
struct Run {
  std::vector<Clock::time_point> stamps;
  double log_likelihood = 0;
};

Run run(const Task& task, const Mixture& start, Source& source) {
  Run result;
  FitOptions options;
  options.tolerance = 0;
  options.max_iterations = task.iterations;
  options.threads = task.threads;
  options.accelerate = task.acceleration;
  const double until = task.until.value_or(std::numeric_limits<double>::infinity());
  options.observer = [&](const FitState& state) {
    result.stamps.push_back(Clock::now());
    result.log_likelihood = state.last_entry().log_likelihood;
    return result.log_likelihood < until ? Observe::go_on : Observe::stop_fit;
  };
  fit(start, source, options);
  return result;
}

nlohmann::json measure(const Task& task) {
  Hdf5Source file(task.data);
  CacheOptions cache;
  if (task.stream) cache.cache_bytes = 0;
  CachedSource source(file, cache);
  const Mixture start = load_start(task.start, Registry::builtin().make(task.family, source.columns()));

  while (!task.stream && source.next(pass_granularity).rows > 0) continue;

  std::vector<double> seconds;
  Run last;
  const auto begin = Clock::now();
  while (seconds.size() < minimum_timings || seconds_between(begin, Clock::now()) < task.seconds) {
    const auto run_begin = Clock::now();
    last = run(task, start, source);
    if (task.until) {
      seconds.push_back(seconds_between(run_begin, last.stamps.back()));
    } else {
      for (std::size_t t = 1; t < last.stamps.size(); ++t)
        seconds.push_back(seconds_between(last.stamps[t - 1], last.stamps[t]));
    }
  }
  return {{"peer", "mixfam"},
          {"version", MIXFAM_VERSION},
          {"seconds", seconds},
          {"log_likelihood", last.log_likelihood},
          {"iterations", last.stamps.size() - 1}};
}

}  // namespace

int main(int argc, char** argv) {
  try {
    std::printf("%s\n", measure(command_line({argv + 1, argv + argc})).dump().c_str());
  } catch (const Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return error.kind() == ErrorKind::usage ? 2 : 1;
  }
  return 0;
}

#include <mixfam/mixfam.hpp>

#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "reference/faithful.hpp"
#include "support.hpp"

// A fit is a value: copies of its state, other fits at the same time and exceptions change no bit of what follows.

namespace mixfam {
namespace {

/// Everything that a fit reports, bit for bit: NaNs are equal, 0 and -0 are not.
std::string bits_of(const FitResult& result) {
  std::string all;
  const auto add = [&](double value) { all.append(reinterpret_cast<const char*>(&value), sizeof value); };
  for (const double weight : result.mixture.weights()) add(weight);
  for (std::size_t k = 0; k < result.mixture.components(); ++k)
    for (const double value : result.mixture.parameters().row(k)) add(value);
  for (const TraceEntry& entry : result.trace) {
    add(static_cast<double>(entry.iteration));
    for (const TraceQuantity& quantity : trace_quantities()) add(entry.*quantity.value);
    for (const double count : entry.counts) add(count);
    for (const std::string& event : entry.events) all += event;
  }
  if (result.posterior)
    for (std::size_t k = 0; k < result.posterior->hyperparameters.components(); ++k)
      for (const double value : result.posterior->hyperparameters.row(k)) add(value);
  add(result.remaining_gain);
  add(result.final_log_likelihood);
  return all + to_string(result.verdict) + result.message;
}

FitResult go_on(FitState state, Source& source, const FitOptions& options) {
  while (!state.is_done()) state = step(std::move(state), source, options);
  return result_of(std::move(state), source, options);
}

/// Copies made on the way, each taken up when the original has ended.
void check_copies(const Mixture& start, Source& source, const FitOptions& options) {
  const std::string whole = bits_of(fit(start, source, options));
  std::vector<FitState> copies;
  FitState state = begin_fit(start, source, options);
  for (std::size_t i = 0; !state.is_done(); ++i) {
    if (i < 4 || i % 5 == 0) copies.push_back(state);
    state = step(std::move(state), source, options);
  }
  CHECK(bits_of(result_of(std::move(state), source, options)) == whole);
  for (const FitState& copy : copies) {
    INFO("from entry " << copy.last_entry().iteration);
    CHECK(bits_of(go_on(copy, source, options)) == whole);
  }
}

/// Three overlapping groups in two columns.
Table overlapping(std::size_t rows, std::uint64_t seed) {
  Random random{seed};
  Table table{2, {}};
  for (std::size_t n = 0; n < rows; ++n)
    for (std::size_t j = 0; j < 2; ++j)
      table.values.push_back(random.normal() + 2 * static_cast<double>(n % 3) * (j == 0 ? 1 : 0.5));
  return table;
}

FamilyPtr gaussian() { return Registry::builtin().make("gaussian", 2); }

class Broken : public std::runtime_error {
 public:
  Broken() : std::runtime_error("broken") {}
};

/// Rows that can be read so many times.
class FailingSource final : public Source {
 public:
  FailingSource(const Table& table, std::size_t passes) : inner_(table.source()), left_(passes) {}
  void repair() { left_ = static_cast<std::size_t>(-1); }

  std::size_t rows() const override { return inner_.rows(); }
  std::size_t columns() const override { return inner_.columns(); }
  const std::vector<std::string>& column_names() const override { return inner_.column_names(); }
  std::string name() const override { return inner_.name(); }
  void rewind() override {
    if (left_ == 0) throw Broken();
    --left_;
    inner_.rewind();
  }
  Chunk next(std::size_t granularity) override { return inner_.next(granularity); }

 private:
  MemorySource inner_;
  std::size_t left_;
};

}  // namespace

TEST_CASE("fit state: a copy goes on with the same bits, whatever the method", "[fit][state]") {
  const Table table = overlapping(500, 3);
  MemorySource source = table.source();
  const FamilyPtr family = gaussian();
  const Mixture start = initialize(family, 3, source, {Start::random_rows, 5, 0, {}});
  for (const Update update : {Update::ml, Update::map, Update::vb, Update::sampled})
    for (const Assignment assignment : {Assignment::soft, Assignment::hard, Assignment::sampled})
      for (const std::size_t batch_rows : {0, 90})
        for (const Acceleration accelerate : {Acceleration::none, Acceleration::squarem, Acceleration::anderson}) {
          const bool smooth = assignment == Assignment::soft && update != Update::sampled && batch_rows == 0;
          if (accelerate != Acceleration::none && !smooth) continue;
          FitOptions options;
          options.update = update;
          if (update != Update::ml) options.prior = default_prior(family, 3, source);
          options.assignment = assignment;
          options.batch_rows = batch_rows;
          options.accelerate = accelerate;
          options.max_iterations = 30;
          INFO(to_string(update) << ' ' << to_string(assignment) << ", batches of " << batch_rows << ", accelerate "
                                 << to_string(accelerate));
          check_copies(start, source, options);
        }
}

TEST_CASE("fit state: a copy has all that repairs, saddles and cooling depend on", "[fit][state]") {
  SECTION("reseeding until it is given up") {
    Table table{1, std::vector<double>(12, 1.0)};
    table.values[0] = 5;
    table.values[1] = 6;
    MemorySource source = table.source();
    const FamilyPtr family = Registry::builtin().make("gaussian", 1);
    const Mixture start(family, {0.5, 0.5}, parameter_table(*family, {{1, 0.5}, {5.5, 0.5}}));
    for (const DegeneratePolicy policy :
         {DegeneratePolicy::error, DegeneratePolicy::reseed, DegeneratePolicy::drop, DegeneratePolicy::keep}) {
      FitOptions options;
      options.degenerate = policy;
      options.max_iterations = 60;
      INFO(to_string(policy));
      check_copies(start, source, options);
    }
  }
  SECTION("a saddle") {
    const Table table = overlapping(300, 8);
    MemorySource source = table.source();
    const FamilyPtr family = gaussian();
    const Mixture start(family, {0.5, 0.5}, parameter_table(*family, {{2, 1, 3, 0, 0, 3}, {2, 1, 3, 0, 0, 3}}));
    FitOptions options;
    for (const std::size_t batch_rows : {0, 100}) {
      options.batch_rows = batch_rows;
      CHECK(bits_of(fit(start, source, options)).find("left a saddle") != std::string::npos);
      check_copies(start, source, options);
      options.tolerance = 1e-2;
      options.max_iterations = 100;
    }
    options.keep_saddle = true;
    check_copies(start, source, options);
  }
  SECTION("cooling") {
    const Table table = overlapping(300, 8);
    MemorySource source = table.source();
    FitOptions options;
    options.temperature = 3;
    check_copies(initialize(gaussian(), 3, source, {}), source, options);
  }
}

TEST_CASE("fit state: what a step is given must belong to the fit", "[fit][state]") {
  const Table table{2, reference::faithful};
  MemorySource source = table.source();
  const FamilyPtr family = gaussian();
  const Mixture start = initialize(family, 2, source, {});
  FitOptions options;
  options.max_iterations = 5;
  FitState state = begin_fit(start, source, options);
  CHECK(state.trace().size() == 1);
  while (!state.is_done()) state = step(std::move(state), source, options);
  CHECK(state.verdict() == Verdict::max_iterations);
  CHECK(bits_of(result_of(state, source, options)) == bits_of(fit(start, source, options)));
  CHECK(step(state, source, options).trace().size() == state.trace().size());

  // A greater limit lets it go on as if that had been there from the beginning.
  FitOptions more = options;
  more.max_iterations = 1000;
  CHECK(bits_of(go_on(step(state, source, more), source, more)) == bits_of(fit(start, source, more)));

  CHECK(result_of(begin_fit(start, source, options), source, options).verdict == Verdict::interrupted);
  FitOptions other = options;
  other.update = Update::map;
  CHECK(error_of([&] { step(state, source, other); }) ==
        "usage: a fit that began with `update = ml` cannot go on with map");
  Table narrow{1, {1, 2, 3}};
  MemorySource other_source = narrow.source();
  CHECK(error_of([&] { step(state, other_source, options); }) == "usage: data has 1 column, but the fit began with 2");
  other = options;
  other.tolerance = -1;
  CHECK(error_of([&] { step(state, source, other); }).find("usage: tolerance") == 0);
}

TEST_CASE("fit state: two fits at once are what each is alone", "[fit][state][threads]") {
  const Table table = overlapping(9000, 4);
  MemorySource source = table.source();
  const FamilyPtr family = gaussian();
  const Mixture start = initialize(family, 3, source, {});
  for (const Update update : {Update::ml, Update::vb}) {
    FitOptions options;
    options.update = update;
    options.threads = 2;
    options.max_iterations = 20;
    if (update == Update::vb) options.prior = default_prior(family, 3, source);
    const std::string alone = bits_of(fit(start, source, options));
    std::string first, second;
    const auto run = [&](std::string& bits) {
      MemorySource own = table.source();
      bits = bits_of(fit(start, own, options));
    };
    std::thread other([&] { run(second); });
    run(first);
    other.join();
    CHECK(first == alone);
    CHECK(second == alone);
  }
}

TEST_CASE("fit state: an observer that throws ends its fit and nothing else", "[fit][state]") {
  const Table table{2, reference::faithful};
  MemorySource source = table.source();
  const Mixture start = initialize(gaussian(), 2, source, {});
  const std::string undisturbed = bits_of(fit(start, source, {}));
  std::optional<FitState> seen;
  FitOptions options;
  options.observer = [&](const FitState& state) -> Observe {
    seen = state;
    if (state.last_entry().iteration == 3) throw Broken();
    return Observe::go_on;
  };
  CHECK_THROWS_AS(fit(start, source, options), Broken);
  REQUIRE(seen);
  CHECK(seen->trace().size() == 4);
  CHECK(bits_of(fit(start, source, {})) == undisturbed);
  CHECK(bits_of(go_on(*seen, source, {})) == undisturbed);
}

TEST_CASE("fit state: a source that throws ends its fit and nothing else", "[fit][state]") {
  const Table table = overlapping(6000, 9);
  MemorySource whole = table.source();
  const Mixture start = initialize(gaussian(), 3, whole, {});
  FitOptions options;
  options.max_iterations = 12;
  for (const std::size_t threads : {1, 3})
    for (const std::size_t batch_rows : {0, 1000}) {
      options.threads = threads;
      options.batch_rows = batch_rows;
      const std::string undisturbed = bits_of(fit(start, whole, options));
      FailingSource source(table, 8);
      FitState state = begin_fit(start, source, options);
      CHECK_THROWS_AS(
          [&] {
            while (!state.is_done()) state = step(state, source, options);
          }(),
          Broken);
      CHECK(state.trace().size() > 2);
      source.repair();
      CHECK(bits_of(fit(start, source, options)) == undisturbed);
      CHECK(bits_of(go_on(state, source, options)) == undisturbed);
    }
}

namespace {

/// All that restarts report.
std::string bits_of(const RestartsResult& result) {
  std::string all =
      bits_of(result.best) + ' ' + std::to_string(result.best_restart) + ' ' + std::to_string(result.agreeing);
  for (const RestartSummary& one : result.restarts) {
    all.append(reinterpret_cast<const char*>(&one.objective), sizeof one.objective);
    all += ' ' + std::to_string(one.restart) + ' ' + std::to_string(one.seed) + ' ' +
           (one.verdict ? to_string(*one.verdict) : "none") + one.message + std::to_string(one.iterations);
  }
  return all;
}

}  // namespace

TEST_CASE("restarts: side by side they are what they are one after another", "[fit][restarts][threads]") {
  const Table table = overlapping(400, 6);
  const std::vector<double> weights(400, 1.5);
  RestartsOptions restarts;
  restarts.restarts = 11;
  restarts.start = Start::random_rows;
  const auto run = [&](std::size_t threads, FitOptions options, Source& source) {
    options.threads = threads;
    return bits_of(fit_restarts(gaussian(), 5, source, restarts, options));
  };
  FitOptions options;
  options.max_iterations = 40;
  for (const Update update : {Update::ml, Update::vb, Update::sampled}) {
    MemorySource source = table.source(weights);
    options.update = update;
    options.prior = update == Update::ml ? Prior() : default_prior(gaussian(), 5, source);
    const std::string one_after_another = run(1, options, source);
    for (const std::size_t threads : {2, 4, 32}) CHECK(run(threads, options, source) == one_after_another);
  }
  SECTION("rows of another type, in any order") {
    std::vector<float> X(table.values.begin(), table.values.end());
    const BasicMatrixView<const float> columns(X.data(), 400, 2, 1, 400);
    MemorySource source(columns);
    options.update = Update::ml;
    options.prior = {};
    CHECK(run(4, options, source) == run(1, options, source));
  }
  SECTION("starts that fail") {
    const Table twelve{1, {-1, 0, 1, 0.5, 2, 3, 40, 40, 40, -2, 1.5, 0.7}};
    MemorySource source = twelve.source();
    FitOptions own;
    own.threads = 1;
    const auto family = Registry::builtin().make("gaussian", 1);
    const std::string one_after_another = bits_of(fit_restarts(family, 2, source, restarts, own));
    own.threads = 5;
    CHECK(bits_of(fit_restarts(family, 2, source, restarts, own)) == one_after_another);
  }
}

TEST_CASE("restarts: an observer ends one fit or all, whoever runs beside", "[fit][restarts]") {
  const Table table = overlapping(400, 6);
  MemorySource source = table.source();
  for (const std::size_t threads : {1, 2, 5}) {
    INFO(threads << " threads");
    RestartsOptions restarts;
    restarts.restarts = 9;
    FitOptions options;
    options.threads = threads;
    std::vector<std::size_t> begun, ended;
    std::map<std::size_t, std::size_t> entries;
    restarts.observer = [&](std::size_t restart) { begun.push_back(restart); };
    restarts.ended = [&](const RestartSummary& one) { ended.push_back(one.restart); };
    Observe answer = Observe::stop_fit;
    options.observer = [&](const FitState& state) {
      entries[state.restart()] = state.trace().size();
      return state.restart() == 4 && state.last_entry().iteration == 2 ? answer : Observe::go_on;
    };
    const RestartsResult others = fit_restarts(gaussian(), 3, source, restarts, options);
    REQUIRE(others.restarts.size() == 9);
    for (const RestartSummary& one : others.restarts) {
      CHECK((one.verdict == Verdict::interrupted) == (one.restart == 4));
      CHECK(entries[one.restart] > 0);
    }
    CHECK(others.restarts[4].iterations == 2);
    const std::vector<std::size_t> all = {0, 1, 2, 3, 4, 5, 6, 7, 8};
    CHECK(begun == all);
    CHECK(ended == all);

    answer = Observe::stop_all;
    ended.clear();
    const RestartsResult stopped = fit_restarts(gaussian(), 3, source, restarts, options);
    CHECK(ended == std::vector<std::size_t>{0, 1, 2, 3, 4});
    REQUIRE(stopped.restarts.size() == 5);
    for (std::size_t r = 0; r < 4; ++r) CHECK(stopped.restarts[r].objective == others.restarts[r].objective);
    CHECK(stopped.restarts[4].verdict == Verdict::interrupted);
  }
}

TEST_CASE("restarts: the first exception in their order is thrown", "[fit][restarts]") {
  const Table table = overlapping(400, 6);
  MemorySource source = table.source();
  const std::string undisturbed = bits_of(fit_restarts(gaussian(), 3, source, {Start::random_rows, 6}));
  for (const std::size_t threads : {1, 2, 5}) {
    INFO(threads << " threads");
    RestartsOptions restarts;
    restarts.start = Start::random_rows;
    restarts.restarts = 6;
    FitOptions options;
    options.threads = threads;
    // The third throws at once, the second later: the second's comes first.
    options.observer = [](const FitState& state) -> Observe {
      if (state.restart() == 2) throw std::runtime_error("third");
      if (state.restart() == 1 && state.trace().size() == 3) throw Broken();
      return Observe::go_on;
    };
    CHECK_THROWS_AS(fit_restarts(gaussian(), 3, source, restarts, options), Broken);
    // What stops all makes an exception of a later one undone.
    options.observer = [](const FitState& state) -> Observe {
      if (state.restart() == 2) throw Broken();
      return state.restart() == 1 && state.trace().size() == 3 ? Observe::stop_all : Observe::go_on;
    };
    CHECK(fit_restarts(gaussian(), 3, source, restarts, options).restarts.size() == 2);
    options.observer = {};
    restarts.observer = [](std::size_t restart) {
      if (restart == 3) throw Broken();
    };
    CHECK_THROWS_AS(fit_restarts(gaussian(), 3, source, restarts, options), Broken);
    restarts.observer = {};
    restarts.ended = [](const RestartSummary& one) {
      if (one.restart == 3) throw Broken();
    };
    CHECK_THROWS_AS(fit_restarts(gaussian(), 3, source, restarts, options), Broken);
    restarts.ended = {};
    CHECK(bits_of(fit_restarts(gaussian(), 3, source, restarts, options)) == undisturbed);
  }
}

}  // namespace mixfam

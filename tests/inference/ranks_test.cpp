#include <mixfam/mixfam.hpp>

#include <algorithm>
#include <barrier>
#include <functional>
#include <thread>

#include "catch.hpp"
#include "data/reduce.hpp"
#include "family/categories.hpp"
#include "family/data_check.hpp"
#include "family/ranges.hpp"
#include "family/responsibilities.hpp"
#include "family/total_statistics.hpp"
#include "inference/start/clusters.hpp"
#include "inference/start/row_sample.hpp"
#include "model/e_step.hpp"
#include "support.hpp"

// Processes that share the rows, each of which sums a range of leaves, find the same bits as one alone. Here they are
// threads that meet where processes would send messages.

namespace mixfam {
namespace {

constexpr std::size_t most_ranks = 7;

struct Meeting {
  explicit Meeting(std::size_t ranks) : messages(ranks), barrier(static_cast<std::ptrdiff_t>(ranks)) {}
  std::vector<std::vector<double>> messages;
  std::barrier<> barrier;
};

class Rank final : public Communicator {
 public:
  Rank(Meeting& meeting, std::size_t rank) : meeting_(meeting), rank_(rank) {}
  std::size_t rank() const override { return rank_; }
  std::size_t size() const override { return meeting_.messages.size(); }
  std::vector<std::vector<double>> gather(const std::vector<double>& message) const override {
    meeting_.messages[rank_] = message;
    meeting_.barrier.arrive_and_wait();
    std::vector<std::vector<double>> result = meeting_.messages;
    meeting_.barrier.arrive_and_wait();
    return result;
  }

 private:
  Meeting& meeting_;
  std::size_t rank_;
};

struct Outcome {
  std::vector<double> numbers;
  std::string error;
  bool operator==(const Outcome& other) const { return numbers == other.numbers && error == other.error; }
};

using Pass = std::function<std::vector<double>(const Rows&)>;

Outcome outcome_of(const Pass& pass, const Rows& rows) {
  Outcome outcome;
  outcome.error = error_of([&] { outcome.numbers = pass(rows); });
  return outcome;
}

/// What each rank finds in a source of its own.
std::vector<Outcome> on_ranks(std::size_t ranks, const Table& table, ConstVectorView weights, const Pass& pass) {
  std::vector<Outcome> outcomes(ranks);
  Meeting meeting(ranks);
  std::vector<std::jthread> threads;
  for (std::size_t r = 0; r < ranks; ++r)
    threads.emplace_back([&, r] {
      const Rank rank(meeting, r);
      ChunkedSource source(table, {3, 1, 2}, weights);
      outcomes[r] = outcome_of(pass, Rows(source, 1 + r % 2, rank));
    });
  threads.clear();
  return outcomes;
}

Outcome check_ranks(const Table& table, ConstVectorView weights, const Pass& pass) {
  ChunkedSource source(table, {1}, weights);
  const Outcome expected = outcome_of(pass, Rows(source, 1));
  for (std::size_t ranks = 1; ranks <= most_ranks; ++ranks)
    for (const Outcome& outcome : on_ranks(ranks, table, weights, pass)) {
      CAPTURE(ranks, expected.error, outcome.error);
      CHECK(outcome == expected);
    }
  return expected;
}

std::vector<double> numbers_of(const Statistics& statistics) {
  std::vector<double> numbers = to_vector(statistics.buffer());
  for (std::size_t k = 0; k < statistics.components(); ++k)
    for (const double value : statistics.origin(k)) numbers.push_back(value);
  return numbers;
}

/// Two columns of codes in a wide spread, whose second column is seldom 1.
Table table_of(std::size_t rows) {
  Table table{2, {}};
  Random random{rows, 7};
  for (std::size_t n = 0; n < rows; ++n) {
    table.values.push_back(std::floor(random.gamma(2, 0.5)));
    table.values.push_back(n % 3000 == 2999 ? 1 : 0);
  }
  return table;
}

std::vector<double> weights_of(std::size_t rows) {
  Random random{rows, 8};
  std::vector<double> weights(rows);
  for (std::size_t n = 0; n < rows; ++n) weights[n] = n / block_rows % 5 == 1 || n % 3 == 1 ? 0 : 2 * random.uniform();
  return weights;
}

}  // namespace

TEST_CASE("ranks: sums of 1 to 7 processes are those of one, bit for bit", "[ranks][determinism]") {
  const FamilyPtr gaussian = Registry::builtin().make("gaussian", 2);
  const Mixture mixture(gaussian, {0.4, 0.6},
                        parameter_table(*gaussian, {{1, 0, 2, 0, 0, 1}, {6, 0.1, 9, 0.5, 0.5, 1}}));
  const Mixture other(gaussian, {0.5, 0.5}, parameter_table(*gaussian, {{2, 0, 2, 0, 0, 1}, {5, 0.1, 8, 0.5, 0.5, 1}}));
  const EStepParameters parameters = EStepParameters::of(mixture);
  for (const std::size_t rows : {std::size_t{5}, 3 * leaf_rows, 9 * leaf_rows + 1, 21 * leaf_rows + 700}) {
    const Table table = table_of(rows);
    const std::vector<double> some = weights_of(rows);
    for (const ConstVectorView weights : {ConstVectorView(), ConstVectorView(some)}) {
      CAPTURE(rows, weights.size());
      const std::vector<Pass> passes = {
          [&](const Rows& all) { return numbers_of(e_step(parameters, all, {})); },
          [&](const Rows& all) {
            return numbers_of(e_step(parameters, all, {Assignment::sampled, 1, 3, 4}));
          },
          [&](const Rows& all) {
            return numbers_of(total_statistics({gaussian, 1}, all));
          },
          [&](const Rows& all) {
            return std::vector<double>{kl_by_definition(parameters, EStepParameters::of(other), all, {})};
          },
          [&](const Rows& all) {
            const DataCheck check = check_data({Registry::builtin().make("poisson", 2), 1}, all);
            return std::vector<double>{check.log_base, check.total_weight};
          },
          [&](const Rows& all) {
            const std::vector<double> R(2 * rows, 0.5);
            return numbers_of(
                statistics_of_responsibilities({gaussian, 2}, ConstMatrixView::row_major(R.data(), rows, 2), all));
          },
          [&](const Rows& all) {
            std::vector<double> codes;
            for (const auto& column : find_categories("categorical", {0, 1}, all)) {
              codes.push_back(-1);
              codes.insert(codes.end(), column.begin(), column.end());
            }
            return codes;
          },
          [&](const Rows& all) {
            Random random{5};
            const RowSample sample = draw_sample(all, 300, random);
            std::vector<double> numbers = sample.values;
            numbers.insert(numbers.end(), sample.weights.begin(), sample.weights.end());
            numbers.push_back(sample.all);
            return numbers;
          },
      };
      for (std::size_t pass = 0; pass < passes.size(); ++pass) {
        CAPTURE(pass);
        const Outcome outcome = check_ranks(table, weights, passes[pass]);
        CHECK(outcome.error.empty());
        CHECK(!outcome.numbers.empty());
      }
    }
  }
}

TEST_CASE("ranks: sums over groups of components, bit for bit", "[ranks][groups][determinism]") {
  const Groups groups =
      Registry::builtin().make_groups("1 gaussian + 2 poisson + 1 uniform:lower=0,upper=40,whole=1", std::nullopt, 2);
  ParameterTable theta = groups.parameters();
  std::ranges::copy(std::vector<double>{4, 0.1, 9, 0.5, 0.5, 1}, theta.row(0).begin());
  std::ranges::copy(std::vector<double>{3, 0.5}, theta.row(1).begin());
  std::ranges::copy(std::vector<double>{6, 0.2}, theta.row(2).begin());
  const EStepParameters parameters = EStepParameters::of({groups, {0.4, 0.3, 0.2, 0.1}, theta});
  const EStepParameters other = EStepParameters::of({groups, {0.1, 0.3, 0.2, 0.4}, theta});
  for (const std::size_t rows : {std::size_t{5}, 9 * leaf_rows + 1}) {
    const Table table = table_of(rows);
    const std::vector<double> weights = weights_of(rows);
    const std::vector<std::size_t> clusters = [&] {
      std::vector<std::size_t> numbers;
      for (std::size_t n = 0; n < rows; ++n) numbers.push_back(n % 3);
      return numbers;
    }();
    const std::vector<Pass> passes = {
        [&](const Rows& all) { return numbers_of(e_step(parameters, all, {})); },
        [&](const Rows& all) {
          return numbers_of(e_step(parameters, all, {Assignment::sampled, 1, 3, 4}));
        },
        [&](const Rows& all) { return std::vector<double>{kl_by_definition(parameters, other, all, {})}; },
        [&](const Rows& all) { return numbers_of(total_statistics(groups, all)); },
        [&](const Rows& all) { return std::vector<double>{check_data(groups, all).total_weight}; },
        [&](const Rows& all) { return numbers_of(cluster_statistics(groups, clusters, all)); },
        [&](const Rows& all) {
          std::vector<double> bounds;
          for (const Range& range : find_ranges({0, 1}, all))
            bounds.insert(bounds.end(), {range.least, range.greatest});
          return bounds;
        },
    };
    for (std::size_t pass = 0; pass < passes.size(); ++pass) {
      CAPTURE(rows, pass);
      const Outcome outcome = check_ranks(table, weights, passes[pass]);
      CHECK(outcome.error.empty());
      CHECK(!outcome.numbers.empty());
    }
  }
}

TEST_CASE("ranks: the first of several errors is thrown by all", "[ranks]") {
  const FamilyPtr poisson = Registry::builtin().make("poisson", 2);
  Table table = table_of(13 * leaf_rows + 9);
  const std::size_t first = 6 * leaf_rows + 11;
  for (const std::size_t row : {first, first + 400, 12 * leaf_rows}) table.values[2 * row + 1] = -0.5;
  const std::string where = "row " + std::to_string(first) + ",";
  const auto check = [&](const Rows& all) { return std::vector<double>{check_data({poisson, 1}, all).log_base}; };
  const auto find = [&](const Rows& all) { return find_categories("categorical", {0, 1}, all).front(); };
  CHECK(check_ranks(table, {}, check).error.find(where) != std::string::npos);
  CHECK(check_ranks(table, {}, find).error.find(where) != std::string::npos);

  const auto distinct = [](const Rows& all) {
    check_distinct_rows(20'000, all);
    return std::vector<double>();
  };
  CHECK(check_ranks(table, {}, distinct).error.find("20000 components, but only ") != std::string::npos);

  // The first cell whose code is one too many: 4096 are allowed.
  for (std::size_t n = 0; n < table.rows(); ++n) table.values[2 * n] = static_cast<double>((n * 7919) % 8191);
  const std::string message = check_ranks(table, {}, find).error;
  CHECK(message.find("row 4096, column 0: " + std::to_string(4096 * 7919 % 8191) + " is one more than 4096") !=
        std::string::npos);
}

TEST_CASE("ranks: a pass that knows enough reads no further", "[ranks]") {
  const Table table = table_of(200 * leaf_rows);
  ChunkedSource source(table, {1});
  Rows rows(source, 1);
  CHECK(first_row(rows).values == std::vector<double>{table(0, 0), table(0, 1)});
  CHECK(source.next(leaf_rows).first_row <= 16 * leaf_rows);  // a task
  check_distinct_rows(3, rows);
  CHECK(source.next(leaf_rows).first_row <= 16 * leaf_rows);  // a task
}

}  // namespace mixfam

#include <mixfam/mixfam.hpp>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "catch.hpp"
#include "model/e_step.hpp"
#include "model/update.hpp"
#include "support.hpp"

// Sanitizers have an allocator of their own, which this one would hide.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

namespace {

std::atomic<std::size_t> allocations{0};

void* allocate(std::size_t size, std::size_t alignment) {
  ++allocations;
  const std::size_t rounded = (size + alignment - 1) / alignment * alignment;
  if (void* memory = std::aligned_alloc(alignment, rounded > 0 ? rounded : alignment)) return memory;
  throw std::bad_alloc();
}

/// Not inlined, so that compilers do not take `new` and `free` for a mistaken pair.
[[gnu::noinline]] void release(void* memory) { std::free(memory); }

}  // namespace

void* operator new(std::size_t size) { return allocate(size, alignof(std::max_align_t)); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { release(memory); }
void operator delete(void* memory, std::size_t) noexcept { release(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { release(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { release(memory); }

namespace mixfam {
namespace {

constexpr std::size_t components = 5;
constexpr std::size_t more_components = 10;

struct Case {
  std::string spec;
  std::size_t columns;
  std::size_t factors = 1;
};

/// Each family in the shapes that take ways of their own.
const std::vector<Case> cases = {{"gaussian", 1},
                                 {"gaussian", 6},
                                 {"gaussian:covariance=tied", 3},
                                 {"gaussian:covariance=diagonal", 1},
                                 {"gaussian:covariance=diagonal", 6},
                                 {"gaussian:covariance=spherical", 6},
                                 {"gaussian:covariance=spherical,variance=2", 3},
                                 {"log_normal", 1},
                                 {"log_normal", 3},
                                 {"gamma", 1},
                                 {"gamma", 3},
                                 {"exponential", 1},
                                 {"exponential", 3},
                                 {"poisson", 3},
                                 {"geometric", 3},
                                 {"bernoulli", 9},
                                 {"binomial:trials=9", 3},
                                 {"categorical:categories=4", 3},
                                 {"categorical:categories=4000", 1},
                                 {"multinomial", 3},
                                 {"gamma(0) * gaussian(1,2) * (poisson(0) * log_normal(1))(3,4)", 5, 4}};

Table table_of(const Family& family, std::size_t rows) {
  Random random{3};
  Table table{family.columns(), {}};
  for (std::size_t n = 0; n < rows; ++n)
    for (std::size_t j = 0; j < table.columns; ++j) {
      const Support& support = family.support(j);
      const double drawn = random.gamma(n % 3 == 0 ? 1 : 6, 1) + 0.01;
      table.values.push_back(support.integer ? std::min(std::floor(drawn), support.upper) : drawn);
    }
  return table;
}

/// Components that differ, without a start: each is the mean statistic of some of the rows.
EStepParameters parameters_of(const FamilyPtr& family, const Table& table, Source& source,
                              std::size_t count = components) {
  const double of_all = 0.5 / static_cast<double>(count);
  std::vector<double> R(table.rows() * count);
  for (std::size_t n = 0; n < table.rows(); ++n)
    for (std::size_t k = 0; k < count; ++k) R[n * count + k] = (n + k) % count == 0 ? 0.5 + of_all : of_all;
  FitOptions options;
  options.max_iterations = 0;
  return EStepParameters::of(
      fit_responsibilities(family, ConstMatrixView::row_major(R.data(), table.rows(), count), source, options).mixture);
}

bool has_update(const Family& family, Update how) {
  if (how == Update::vb && family.spec() == "multinomial") return false;  // needs rows of one total
  return how == Update::ml || family.prior() != nullptr;
}

/// At most so many for all components, and for each of them, in each factor of a product.
void check_growth(const Case& test, std::size_t of_few, std::size_t of_more, std::size_t for_all,
                  std::size_t for_each) {
  CHECK(of_few <= test.factors * (for_all + for_each * components));
  CHECK(of_more <= of_few + test.factors * for_each * (more_components - components));
}

}  // namespace

TEST_CASE("allocations: none for a block after a worker's first", "[fit][workspace]") {
  for (const Case& test : cases)
    for (const bool weighted : {false, true})
      for (const AssignmentRule& rule : {AssignmentRule{}, AssignmentRule{Assignment::hard},
                                         AssignmentRule{Assignment::sampled}, AssignmentRule{Assignment::soft, 1.5}}) {
        CAPTURE(test.spec, test.columns, weighted, rule.assignment, rule.temperature);
        const FamilyPtr family = Registry::builtin().make(test.spec, test.columns);
        const Table table = table_of(*family, 300);
        auto source = table.source();
        const EStepParameters parameters = parameters_of(family, table, source);
        std::vector<std::vector<double>> columns(test.columns);
        std::vector<const double*> pointers;
        for (std::size_t j = 0; j < test.columns; ++j) {
          for (std::size_t n = 0; n < block_rows; ++n) columns[j].push_back(table(n, j));
          pointers.push_back(columns[j].data());
        }
        const std::vector<double> weights(block_rows, 0.5);
        const DataBlock block{{pointers.data(), pointers.size(), block_rows}, 0, weighted ? weights.data() : nullptr};
        Statistics statistics = zero_statistics(parameters);
        BlockAssignment posterior(parameters);
        posterior.add(block, source, rule, statistics);
        // Keys become a generator by way of std::seed_seq, which keeps them in memory of its own.
        const std::size_t of_generator = rule.assignment == Assignment::sampled ? 5 : 0;
        const std::size_t before = allocations;
        for (int i = 0; i < 3; ++i) posterior.add(block, source, rule, statistics);
        CHECK(allocations - before <= 3 * of_generator);
      }
}

TEST_CASE("allocations: an update makes a few for each component, whatever the rows", "[fit][workspace]") {
  constexpr std::size_t for_all = 36;   // tables, schemas, the step and its vectors of K numbers
  constexpr std::size_t for_each = 6;   // a factorisation: two matrices to keep, three to work in
  constexpr std::size_t for_draw = 11;  // of a covariance: five matrices more
  const auto of_update = [](const Case& test, Update how, std::size_t count) {
    const FamilyPtr family = Registry::builtin().make(test.spec, test.columns);
    const Table table = table_of(*family, 300);
    auto source = table.source();
    const EStepParameters parameters = parameters_of(family, table, source, count);
    const Prior prior = how == Update::ml ? Prior{} : default_prior(family, count, source);
    const Statistics statistics = e_step(parameters, source, {});
    const Groups groups(family, count);
    const UpdateRule rule = update_rule(how, prior, 1);
    const std::size_t before = allocations;
    const UpdateResult result = update(groups, statistics, rule);
    const std::size_t made = allocations - before;
    REQUIRE(result.degenerate.empty());
    return made;
  };
  for (const Case& test : cases)
    for (const Update how : {Update::ml, Update::map, Update::vb, Update::sampled}) {
      CAPTURE(test.spec, test.columns, how);
      if (!has_update(*Registry::builtin().make(test.spec, test.columns), how)) continue;
      check_growth(test, of_update(test, how, components), of_update(test, how, more_components), for_all,
                   how == Update::sampled ? for_draw : for_each);
    }
}

// Each block and each leaf of the rows uses memory again. Only the depth of the tree of leaves is left of their number.
TEST_CASE("allocations: the third iteration of a fit makes as many, whatever the rows", "[fit][workspace]") {
  constexpr std::size_t few = 3 * leaf_rows;
  constexpr std::size_t many = 48 * leaf_rows;  // four levels more
  constexpr std::size_t for_each_level = 4;     // sums, origins and their places
  constexpr std::size_t for_all = 104;          // the update, the worker and its workspace, state, trace
  constexpr std::size_t for_each = 9;           // the update, and coefficients about an origin where they are needed
  const auto of_third_iteration = [](const FamilyPtr& family, Update how, std::size_t rows, std::size_t count) {
    const Table table = table_of(*family, rows);
    auto source = table.source();
    const EStepParameters start = parameters_of(family, table, source, count);
    FitOptions options;
    options.update = how;
    if (how != Update::ml) options.prior = default_prior(family, count, source);
    options.threads = 1;
    options.tolerance = 0;
    options.max_iterations = 3;
    std::size_t before = 0, after = 0;
    options.observer = [&](const FitState&) {
      before = after;
      after = allocations;
      return Observe::go_on;
    };
    fit(Mixture(family, std::vector<double>(count, 1 / static_cast<double>(count)), start.theta), source, options);
    return after - before;
  };
  for (const Case& test : cases) {
    const FamilyPtr family = Registry::builtin().make(test.spec, test.columns);
    if (family->statistic_size() > 1000) continue;  // the start of so many categories takes long
    for (const Update how : {Update::ml, Update::map, Update::vb}) {
      CAPTURE(test.spec, test.columns, how);
      if (!has_update(*family, how)) continue;
      const std::size_t of_few = of_third_iteration(family, how, few, components);
      check_growth(test, of_few, of_third_iteration(family, how, few, more_components), for_all, for_each);
      if (how == Update::ml) CHECK(of_third_iteration(family, how, many, components) <= of_few + 4 * for_each_level);
    }
  }
}

}  // namespace mixfam

#endif

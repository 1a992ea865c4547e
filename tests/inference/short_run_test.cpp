#include "inference/start/short_run.hpp"

#include <limits>

#include "catch.hpp"
#include "family/total_statistics.hpp"
#include "support.hpp"

namespace mixfam {

TEST_CASE("short run: it ends early only where it cannot reach what is asked for", "[initialize]") {
  // Two clusters that overlap, from a bad partition: the first rows against the last.
  Random random{7};
  Table table{1, {}};
  for (int n = 0; n < 200; ++n) table.values.push_back(2.5 * (n % 2) + random.normal());
  auto source = table.source();
  const FamilyPtr family = Registry::builtin().make("gaussian", 1);
  const Rows rows(source, 1);
  const Statistics total = total_statistics({family, 1}, rows);
  std::vector<std::size_t> cluster(table.rows());
  for (std::size_t n = 120; n < cluster.size(); ++n) cluster[n] = 1;
  const auto run = [&](std::size_t iterations, double least) {
    return short_run({family, 2}, cluster, rows, rows, total,
                     {{Update::map, {}}, Assignment::soft, iterations, 2, 1.0 / 16, source}, least);
  };
  constexpr double nothing = -std::numeric_limits<double>::infinity();
  const ShortRun whole = run(5, nothing);
  CHECK(whole.objective > run(2, nothing).objective);

  const ShortRun asked = run(5, whole.objective);
  CHECK(asked.objective == whole.objective);
  CHECK(asked.end.weights == whole.end.weights);

  // A gain is known after two E-steps.
  CHECK(run(5, 0).objective == run(2, nothing).objective);
}

}  // namespace mixfam

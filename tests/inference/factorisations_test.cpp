#include <mixfam/mixfam.hpp>

#include "catch.hpp"
#include "numerics/linear_algebra.hpp"
#include "support.hpp"

#include <string>
#include <vector>

namespace mixfam {

// A step is made with the parameters and holds the factor of each covariance: E-step, coefficients, log prior, bound
// and the check of the parameters share it.
TEST_CASE("factorisations: one for each component and iteration", "[fit][numerics]") {
  constexpr std::size_t d = 4;
  constexpr std::size_t components = 3;
  Random random{5};
  Table table{d, {}};
  for (std::size_t n = 0; n < 600; ++n)
    for (std::size_t j = 0; j < d; ++j) table.values.push_back(random.normal() + static_cast<double>(n % components));
  for (const std::string spec : {"gaussian", "gaussian:covariance=tied"})
    for (const Update update : {Update::ml, Update::map, Update::vb}) {
      CAPTURE(spec, update);
      auto source = table.source();
      const auto family = Registry::builtin().make(spec, d);
      FitOptions options;
      options.update = update;
      if (update != Update::ml) options.prior = default_prior(family, components, source);
      options.max_iterations = 4;
      options.tolerance = 0;
      std::vector<FactorisationCounts> counts;
      options.observer = [&](const FitState&) {
        counts.push_back(factorisation_counts());
        return Observe::go_on;
      };
      fit(initialize(family, components, source), source, options);
      REQUIRE(counts.size() == 5);
      // The log Z of the prior takes a Cholesky factor more: in the bound at the end of the M-step and after the
      // E-step, and of a tied covariance for the share of the covariance too.
      const std::size_t of_prior = update == Update::ml ? 0 : update == Update::map ? 1 : 2;
      const std::size_t shares = spec == "gaussian" ? 1 : 2;
      for (std::size_t i = 2; i < counts.size(); ++i) {
        CHECK(counts[i].cholesky - counts[i - 1].cholesky == components + of_prior * shares);
        CHECK(counts[i].inverses - counts[i - 1].inverses == components);
        CHECK(counts[i].products - counts[i - 1].products == components);
      }
    }
}

}  // namespace mixfam

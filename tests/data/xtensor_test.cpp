#include "catch.hpp"

#include <mixfam/mixfam.hpp>
#include <mixfam/xtensor.hpp>

#include "support.hpp"

namespace mixfam {

TEST_CASE("xtensor: tensors of either layout are read where they lie", "[xtensor]") {
  const xt::xtensor<double, 2> rows = {{1, 10}, {2, 20}, {4, 40}, {9, 5}};
  xt::xtensor<double, 2, xt::layout_type::column_major> columns = rows;
  const auto family = Registry::builtin().make("gaussian", 2);
  const Mixture mixture(family, {1}, parameter_table(*family, {{3, 15, 4, 0, 0, 100}}));
  MemorySource by_rows(view(rows));
  MemorySource by_columns(view(columns));
  CHECK(view(rows).data() == rows.data());
  CHECK(by_rows.rows() == 4);
  CHECK(by_rows.columns() == 2);
  CHECK(mixture.log_likelihood(by_rows) == mixture.log_likelihood(by_columns));
  CHECK((to_xtensor(view(columns)) == rows));

  // A tensor of one row has strides of 0 in xtensor.
  const xt::xtensor<float, 2> single = {{3.0F, 15.0F}};
  MemorySource one(view(single));
  CHECK(mixture.log_density(one).size() == 1);
}

}  // namespace mixfam

#include <mixfam/statistics.hpp>

#include <cmath>
#include <functional>
#include <set>
#include <utility>

#include "catch.hpp"
#include "data/reduce.hpp"
#include "family/total_statistics.hpp"
#include "model/e_step.hpp"
#include "numerics/tree_sum.hpp"
#include "support.hpp"
#include "tolerance.hpp"

namespace mixfam {

namespace {

/// Text that shows the order in which it was added.
struct Order {
  std::string text;
  Order& operator+=(const Order& other) {
    text = "(" + text + " " + other.text + ")";
    return *this;
  }
};

std::string tree_order(std::size_t count) {
  TreeSum<Order> tree;
  for (std::size_t i = 0; i < count; ++i) tree.push({std::to_string(i)});
  return std::move(tree).finish().text;
}

/// The same tree by recursion: a full left half of 2^m >= half of the values, and what is left to its right.
std::string recursive_order(std::size_t first, std::size_t count) {
  if (count == 1) return std::to_string(first);
  std::size_t left = 1;
  while (2 * left < count) left *= 2;
  return "(" + recursive_order(first, left) + " " + recursive_order(first + left, count - left) + ")";
}

Table rows_of(std::size_t rows) {
  Table table{2, {}};
  Random random{rows, 1};
  for (std::size_t n = 0; n < 2 * rows; ++n) table.values.push_back(random.exponential(1));
  return table;
}

}  // namespace

TEST_CASE("tree sum: the order is that of a canonical binary tree", "[statistics]") {
  CHECK(tree_order(1) == "0");
  CHECK(tree_order(3) == "((0 1) 2)");
  CHECK(tree_order(7) == "(((0 1) (2 3)) ((4 5) 6))");
  for (std::size_t count = 1; count <= 300; ++count) REQUIRE(tree_order(count) == recursive_order(0, count));
  TreeSum<Order> tree;
  CHECK(tree.empty());
  tree.push({"0"});
  CHECK(!tree.empty());
}

TEST_CASE("tree sum: trees that begin at any value go on in one another", "[statistics]") {
  for (std::size_t count = 1; count <= 40; ++count)
    for (std::size_t a = 0; a <= count; ++a)
      for (std::size_t b = a; b <= count; ++b) {
        TreeSum<Order> whole;
        for (const auto& [begin, end] : {std::pair(std::size_t{0}, a), {a, b}, {b, count}}) {
          TreeSum<Order> part;
          part.begin(begin);
          for (std::size_t i = begin; i < end; ++i) part.push({std::to_string(i)});
          for (const TreeNode<Order>& node : part.nodes()) whole.push(node);
        }
        REQUIRE(std::move(whole).finish().text == recursive_order(0, count));
      }
}

TEST_CASE("tree sum: the memory of what was added is used again", "[statistics]") {
  TreeSum<Totals> tree;
  const Totals one{{1, 2, 3}};
  std::set<const double*> memory;
  for (std::size_t i = 0; i < 1000; ++i) {
    Totals value = tree.copy_of(one);
    memory.insert(value.values.data());
    tree.push(std::move(value));
  }
  CHECK(memory.size() <= 11);  // a node for each of ten levels, and the next value
  CHECK(std::move(tree).finish().values == std::vector<double>{1000, 2000, 3000});
}

TEST_CASE("statistics: one buffer that adds", "[statistics]") {
  Statistics a(2, 3, 1);
  a.total_weight() = 1;
  a.log_normaliser() = 2;
  a.expected_log_joint() = 3;
  a.entropy() = 4;
  a.expected_log_base() = 8;
  a.counts()[1] = 5;
  a.sums()(1, 2) = 6;
  a.origins()(1, 0) = 7;
  CHECK(to_vector(a.buffer()) == std::vector<double>{1, 2, 3, 4, 8, 0, 0, 5, 0, 0, 0, 0, 0, 6});
  Statistics b = a;
  b += a;
  CHECK(to_vector(b.buffer()) == std::vector<double>{2, 4, 6, 8, 16, 0, 0, 10, 0, 0, 0, 0, 0, 12});
  CHECK(b.origins()(1, 0) == 7);
  b.clear();
  CHECK(to_vector(b.buffer()) == std::vector<double>(14, 0.0));
  CHECK(b.origins()(1, 0) == 7);
  CHECK(a.components() == 2);
  CHECK(a.statistic_size() == 3);
  CHECK(a.origin_size() == 1);
}

TEST_CASE("statistics: groups have a part each in one buffer", "[statistics]") {
  Statistics a({{2, 1, 1}, {1, 0, 0}, {1, 3, 2}});
  CHECK(a.components() == 4);
  CHECK(a.groups() == 3);
  a.sum(1)[0] = 1;
  a.sum(3)[2] = 2;
  a.origin(3)[1] = 3;
  a.counts()[2] = 4;
  CHECK(a.sum(2).empty());
  CHECK(a.sums(0)(1, 0) == 1);
  CHECK(a.sums(2)(0, 2) == 2);
  CHECK(a.origins(2)(0, 1) == 3);
  CHECK(to_vector(a.buffer()) == std::vector<double>{0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 1, 0, 0, 2});
  Statistics b = a;
  b += a;
  CHECK(b.sum(3)[2] == 4);
  CHECK(b.origin(3)[1] == 3);
  CHECK(error_of([&] { b += Statistics({{2, 1, 1}, {2, 0, 0}}); }).find("different shapes") != std::string::npos);
}

TEST_CASE("statistics: made again from origins and buffer", "[statistics]") {
  Statistics a(2, 3, 1);
  for (std::size_t p = 0; p < 3; ++p) a.sums()(1, p) = static_cast<double>(p);
  a.entropy() = 4;
  a.origins()(1, 0) = 7;
  const Statistics b(3, std::as_const(a).origins(), a.buffer());
  CHECK(to_vector(b.buffer()) == to_vector(a.buffer()));
  CHECK(b.origins()(1, 0) == 7);
  CHECK(b.components() == 2);
  CHECK(error_of([&] { Statistics(2, std::as_const(a).origins(), a.buffer()); }) ==
        "usage: a buffer of 14 numbers for statistics of 2 components, 2 statistics and 1 coordinates of the origin "
        "(there must be 12)");
}

TEST_CASE("statistics: only what is about the same things adds", "[statistics]") {
  Statistics a(2, 3, 1);
  for (const Statistics& other : {Statistics(1, 3, 1), Statistics(2, 2, 1), Statistics(2, 3, 0), Statistics()})
    CHECK(error_of([&] {
            a += other;
          }).rfind("usage: statistics of different shapes cannot be added: 2 components, 3 statistics", 0) == 0);
  Statistics moved = a;
  moved.origins()(1, 0) = 7;
  CHECK(error_of([&] { a += moved; }) ==
        "usage: statistics about different origins cannot be added: component 1 has 0.000000 and 7.000000");
  CHECK(to_vector(a.buffer()) == std::vector<double>(14, 0.0));
}

TEST_CASE("blocks: every row once, in order, whatever the chunks", "[statistics][source]") {
  for (const std::size_t rows :
       {std::size_t{1}, block_rows - 1, block_rows, block_rows + 1, leaf_rows, leaf_rows + 1, 5 * leaf_rows + 17}) {
    const Table table = rows_of(rows);
    std::vector<double> weights(rows);
    for (std::size_t n = 0; n < rows; ++n) weights[n] = static_cast<double>(n + 1);
    for (const auto& granules : {std::vector<std::size_t>{1}, {2}, {3, 1}, {100}}) {
      ChunkedSource source(table, granules, weights);
      std::size_t next = 0;
      for (int pass = 0; pass < 2; ++pass) {
        next = 0;
        for_each_block(source, [&](const DataBlock& block) {
          REQUIRE(block.first_row == next);
          REQUIRE(block.x.rows <= block_rows);
          for (std::size_t n = 0; n < block.x.rows; ++n) {
            REQUIRE(block.weights[n] == weights[next + n]);
            REQUIRE(block.x.column(1)[n] == table(next + n, 1));
          }
          next += block.x.rows;
          return true;
        });
        REQUIRE(next == rows);
      }
    }
  }
  const Table table = rows_of(10 * block_rows);
  auto source = table.source();
  int visits = 0;
  for_each_block(source, [&](const DataBlock&) { return ++visits < 3; });
  CHECK(visits == 3);
}

TEST_CASE("statistics: the sum is the tree over leaves, each block after block", "[statistics][determinism]") {
  const Table table = rows_of(6 * leaf_rows + 2 * block_rows + 5);
  const auto add_block = [](const DataBlock& block, Totals& sum) {
    double part = 0;
    for (std::size_t n = 0; n < block.x.rows; ++n) part += block.x.column(0)[n];
    sum.values[0] += part;
  };
  // By explicit recursion.
  std::vector<double> leaves;
  for (std::size_t first = 0; first < table.rows(); first += leaf_rows) {
    double leaf = 0;
    for (std::size_t at = first; at < std::min(first + leaf_rows, table.rows()); at += block_rows) {
      double part = 0;
      for (std::size_t n = at; n < std::min(at + block_rows, table.rows()); ++n) part += table(n, 0);
      leaf += part;
    }
    leaves.push_back(leaf);
  }
  const std::function<double(std::size_t, std::size_t)> tree = [&](std::size_t first, std::size_t count) -> double {
    if (count == 1) return leaves[first];
    std::size_t left = 1;
    while (2 * left < count) left *= 2;
    return tree(first, left) + tree(first + left, count - left);
  };
  auto source = table.source();
  CHECK(reduce(source, Totals{{0}}, add_block).values[0] == tree(0, leaves.size()));
}

TEST_CASE("statistics: chunks do not change a bit", "[statistics][determinism]") {
  const auto family = Registry::builtin().make("gaussian", 2);
  const Mixture mixture(family, {0.5, 0.5}, parameter_table(*family, {{0, 0, 1, 0, 0, 1}, {2, 2, 1, 0.5, 0.5, 1}}));
  for (const std::size_t rows : {std::size_t{5}, leaf_rows, 7 * leaf_rows + 300}) {
    const Table table = rows_of(rows);
    std::vector<double> weights(rows);
    Random random{1};
    for (double& weight : weights) weight = random.uniform();
    for (const auto assignment : {Assignment::soft, Assignment::hard, Assignment::sampled}) {
      auto memory = table.source(weights);
      const auto expected = to_vector(e_step(EStepParameters::of(mixture), memory, {assignment}).buffer());
      for (const auto& granules : {std::vector<std::size_t>{1}, {2, 1}, {5}, {1, 3}}) {
        ChunkedSource source(table, granules, weights);
        CHECK(to_vector(e_step(EStepParameters::of(mixture), source, {assignment}).buffer()) == expected);
        CHECK(to_vector(total_statistics({family, 1}, source).buffer()) ==
              to_vector(total_statistics({family, 1}, memory).buffer()));
      }
    }
  }
}

TEST_CASE("e-step: sums by their definitions", "[statistics]") {
  const auto family = Registry::builtin().make("exponential", 2);
  const Mixture mixture(family, {0.3, 0.7}, parameter_table(*family, {{1, 2}, {0.5, 4}}));
  const Table table = rows_of(700);
  std::vector<double> weights(700);
  Random random{1};
  for (double& weight : weights) weight = 2 * random.uniform();
  auto source = table.source(weights);
  const auto r = mixture.responsibilities(source);
  const Statistics s = e_step(EStepParameters::of(mixture), source, {});
  double total = 0, entropy = 0, joint = 0;
  std::vector<double> counts(2), sums(4);
  for (std::size_t n = 0; n < 700; ++n) {
    total += weights[n];
    for (std::size_t k = 0; k < 2; ++k) {
      const double rate0 = mixture.parameters().row(k)[0], rate1 = mixture.parameters().row(k)[1];
      const double R = r[2 * n + k];
      counts[k] += weights[n] * R;
      for (std::size_t j = 0; j < 2; ++j) sums[2 * k + j] += weights[n] * R * table(n, j);
      if (R > 0) entropy -= weights[n] * R * std::log(R);
      joint += weights[n] * R *
               (std::log(mixture.weights()[k]) + std::log(rate0 * rate1) - rate0 * table(n, 0) - rate1 * table(n, 1));
    }
  }
  const double rows = 700;
  CHECK(close(s.total_weight(), total, round_off(rows, total)));
  CHECK(close(s.entropy(), entropy, round_off(4 * rows, total)));
  CHECK(close(s.expected_log_joint(), joint, round_off(8 * rows, 4 * total)));
  CHECK(close(s.expected_log_joint() + s.entropy(), s.log_normaliser(), round_off(8 * rows, 4 * total)));
  for (std::size_t k = 0; k < 2; ++k) {
    CHECK(close(s.counts()[k], counts[k], round_off(rows, total)));
    for (std::size_t j = 0; j < 2; ++j) {
      CHECK(close(s.sums()(k, 2 * j), counts[k], round_off(rows, total)));
      CHECK(close(s.sums()(k, 2 * j + 1), sums[2 * k + j], round_off(2 * rows, total)));
    }
  }
}

TEST_CASE("total statistics are taken about the mean, where nothing cancels", "[statistics][numerics]") {
  const auto family = Registry::builtin().make("gaussian", 1);
  const Table table{1, {1e9 + 1, 1e9 + 2, 1e9 + 3, 1e9 + 6}};
  auto source = table.source();
  const Statistics total = total_statistics({family, 1}, source);
  CHECK(total.origins()(0, 0) == 1e9 + 3);
  CHECK(to_vector(total.sums().row(0)) == std::vector<double>{4, 4, 0, 14});
  CHECK(total.total_weight() == 4);
  CHECK(total.counts()[0] == 4);
}

}  // namespace mixfam

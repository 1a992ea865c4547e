#include "catch.hpp"
#include "support.hpp"

#include <mixfam/cached_source.hpp>
#include <mixfam/hdf5.hpp>

#include <hdf5.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>

using namespace mixfam;

namespace {

/// Rows 0, 1, 2, .. whose cells are (7 row + column) mod 100, in chunks of an odd number of rows, strided as asked.
/// Counts what it is asked for and notices calls from two threads at once.
template <class T>
class CountingSource final : public Source {
 public:
  CountingSource(std::size_t rows, std::size_t columns, std::size_t chunk_rows, bool weighted = false)
      : rows_(rows), columns_(columns), chunk_rows_(chunk_rows), values_(rows * (columns + 1)) {
    for (std::size_t n = 0; n < rows; ++n) {
      for (std::size_t j = 0; j < columns; ++j) values_[n * (columns + 1) + j] = value(n, j);
      if (weighted) weights_.push_back(static_cast<double>(n % 5));
    }
  }

  static T value(std::size_t n, std::size_t j) { return static_cast<T>((7 * n + j) % 100); }
  static double weight(std::size_t n) { return static_cast<double>(n % 5); }

  std::size_t rows() const override { return rows_; }
  std::size_t columns() const override { return columns_; }
  const std::vector<std::string>& column_names() const override { return names_; }
  const std::vector<std::vector<std::string>>& category_labels() const override { return labels_; }
  std::string name() const override { return "counted"; }
  void rewind() override { row_ = 0; }
  std::size_t rewind_to(std::size_t row) override {
    ++rewinds;
    row_ = row - row % chunk_rows_;
    return row_;
  }
  Chunk next(std::size_t granularity) override {
    if (in_use_.exchange(true)) overlapped = true;
    if (before_next) before_next(row_);
    Chunk chunk;
    chunk.type = element_type<T>();
    chunk.first_row = row_;
    chunk.rows = std::min(chunk_rows_ * granularity, rows_ - row_);
    // A copy that the next call overwrites, as a file reader does, in rows that are one cell too long.
    const auto begin = values_.begin() + static_cast<std::ptrdiff_t>(row_ * (columns_ + 1));
    copy_.assign(begin, begin + static_cast<std::ptrdiff_t>(chunk.rows * (columns_ + 1)));
    chunk.data = copy_.data();
    chunk.row_stride = static_cast<std::ptrdiff_t>(columns_ + 1);
    chunk.weights = weights_.empty() ? nullptr : weights_.data() + row_;
    row_ += chunk.rows;
    rows_read += chunk.rows;
    in_use_ = false;
    return chunk;
  }

  std::atomic<std::size_t> rows_read = 0;
  std::atomic<std::size_t> rewinds = 0;
  std::atomic<bool> overlapped = false;
  /// Called with the first row of each chunk before it is read.
  std::function<void(std::size_t)> before_next;

 private:
  std::size_t rows_;
  std::size_t columns_;
  std::size_t chunk_rows_;
  std::vector<T> values_;
  std::vector<T> copy_;
  std::vector<double> weights_;
  std::vector<std::string> names_ = {"first"};
  std::vector<std::vector<std::string>> labels_ = {{"no", "yes"}};
  std::size_t row_ = 0;
  std::atomic<bool> in_use_ = false;
};

/// Whether a chunk holds what CountingSource has there and is as large as a source promises.
template <class T>
void check_chunk(const Chunk& chunk, std::size_t row, std::size_t granularity, const Source& source, bool weighted) {
  REQUIRE(chunk.first_row == row);
  REQUIRE(chunk.type == element_type<T>());
  if (chunk.first_row + chunk.rows < source.rows()) REQUIRE(chunk.rows % granularity == 0);
  REQUIRE((chunk.weights != nullptr) == weighted);
  bool same = true;
  for (std::size_t n = 0; n < chunk.rows; ++n) {
    const T* values = static_cast<const T*>(chunk.data) + static_cast<std::ptrdiff_t>(n) * chunk.row_stride;
    for (std::size_t j = 0; j < source.columns(); ++j)
      same =
          same && values[static_cast<std::ptrdiff_t>(j) * chunk.column_stride] == CountingSource<T>::value(row + n, j);
    if (weighted) same = same && chunk.weights[n] == CountingSource<T>::weight(row + n);
  }
  REQUIRE(same);
}

/// Checks the chunks of one pass up to `last_row`; returns the row where it stopped.
template <class T>
std::size_t check_pass(CachedSource& source, std::size_t granularity, bool weighted, std::size_t last_row) {
  source.rewind();
  std::size_t row = 0;
  while (row < last_row) {
    const Chunk chunk = source.next(granularity);
    REQUIRE(chunk.rows > 0);
    check_chunk<T>(chunk, row, granularity, source, weighted);
    row += chunk.rows;
  }
  if (row == source.rows()) REQUIRE(source.next(granularity).rows == 0);
  return row;
}

template <class T>
std::size_t check_pass(CachedSource& source, std::size_t granularity = 4, bool weighted = false) {
  return check_pass<T>(source, granularity, weighted, source.rows());
}

template <class T>
void check_all_sizes(bool weighted) {
  const std::size_t columns = 3;
  const std::size_t row_bytes = columns * sizeof(T) + (weighted ? sizeof(double) : 0);
  for (const std::size_t rows : {1u, 2u, 7u, 64u, 199u})
    for (const std::size_t chunk_rows : {1u, 3u, 50u})
      for (const std::size_t granularity : {1u, 4u, 30u})
        for (const std::size_t kept : {0u, 1u, 5u, 60u, 120u, 199u}) {
          INFO(rows << " rows in chunks of " << chunk_rows << ", granularity " << granularity << ", " << kept
                    << " kept");
          CountingSource<T> inner(rows, columns, chunk_rows, weighted);
          CachedSource source(inner, {kept * row_bytes, 10 * row_bytes});
          for (int pass = 0; pass < 3; ++pass) check_pass<T>(source, granularity, weighted);
          CHECK(source.cached_rows() == std::min(rows, kept));
          CHECK_FALSE(inner.overlapped);
        }
}

}  // namespace

TEST_CASE("a cached source hands out the rows of the other, whatever it keeps") {
  check_all_sizes<double>(false);
  check_all_sizes<double>(true);
  check_all_sizes<std::uint8_t>(false);
  check_all_sizes<std::int16_t>(true);
  check_all_sizes<float>(false);
}

TEST_CASE("a cached source describes itself as the other") {
  CountingSource<double> inner(10, 1, 3);
  const CachedSource source(inner);
  CHECK(source.rows() == 10);
  CHECK(source.columns() == 1);
  CHECK(source.name() == "counted");
  CHECK(source.column_names() == inner.column_names());
  CHECK(source.category_labels() == inner.category_labels());
}

TEST_CASE("rows that fit are read once and handed out in one chunk") {
  CountingSource<float> inner(1000, 2, 7);
  CachedSource source(inner, {1000 * 2 * sizeof(float), 64});
  for (int pass = 0; pass < 4; ++pass) check_pass<float>(source);
  CHECK(inner.rows_read == 1000);
  source.rewind();
  CHECK(source.next(16).rows == 1000);
}

TEST_CASE("of rows that do not fit only the others are read again") {
  CountingSource<double> inner(1000, 1, 10);
  CachedSource source(inner, {600 * sizeof(double), 64});
  check_pass<double>(source);
  CHECK(inner.rows_read == 1000);
  check_pass<double>(source);
  CHECK(inner.rows_read == 1400);
  source.rewind();
  CHECK(source.next(7).rows == 595);
}

TEST_CASE("a cached source can be rewound and left anywhere") {
  for (const std::size_t kept : {0u, 25u, 100u}) {
    for (std::size_t last_row = 0; last_row <= 100; last_row += 3) {
      INFO(kept << " kept, left at " << last_row);
      CountingSource<double> inner(100, 2, 7);
      {
        CachedSource source(inner, {kept * 16, 5 * 16});
        check_pass<double>(source, 3, false, last_row);
        check_pass<double>(source, 3);
        check_pass<double>(source, 3, false, last_row);
      }
      CHECK_FALSE(inner.overlapped);
      CHECK(inner.next(1).first_row == 0);
    }
  }
}

TEST_CASE("the granularity may change within a pass") {
  for (const std::size_t kept : {0u, 10u, 33u, 100u}) {
    CountingSource<double> inner(100, 1, 7);
    CachedSource source(inner, {kept * 8, 5 * 8});
    for (int pass = 0; pass < 2; ++pass) {
      source.rewind();
      std::size_t row = 0;
      for (std::size_t granularity = 1; row < 100; ++granularity) {
        const Chunk chunk = source.next(granularity);
        REQUIRE(chunk.rows > 0);
        check_chunk<double>(chunk, row, granularity, source, false);
        row += chunk.rows;
      }
    }
  }
}

TEST_CASE("an error of the other source comes with the rows it belongs to, once") {
  constexpr std::size_t rows = 60;
  constexpr std::size_t granularity = 4;
  for (const std::size_t kept : {0u, 10u, 60u})
    for (const std::size_t chunk_rows : {1u, 7u})
      for (std::size_t bad = 0; bad < rows; bad += chunk_rows)
        for (const int bad_pass : {0, 1}) {
          INFO(kept << " kept, chunks of " << chunk_rows << ", error at " << bad << " in pass " << bad_pass);
          CountingSource<double> inner(rows, 1, chunk_rows);
          std::atomic<bool> broken = bad_pass == 0;
          inner.before_next = [&](std::size_t row) {
            if (row == bad && broken.exchange(false)) throw Error(ErrorKind::data, "row " + std::to_string(row));
          };
          CachedSource source(inner, {kept * 8, 8 * 8});
          if (bad_pass == 1) {
            check_pass<double>(source, granularity);
            broken = true;
          }
          source.rewind();
          std::size_t row = 0;
          std::size_t failures = 0;
          while (row < rows) {
            Chunk chunk;
            const std::string error = error_of([&] { chunk = source.next(granularity); });
            if (!error.empty()) {
              CHECK(error == "data: row " + std::to_string(bad));
              CHECK(row + granularity > bad);
              CHECK(row < bad + chunk_rows);
              ++failures;
              continue;
            }
            REQUIRE(chunk.rows > 0);
            check_chunk<double>(chunk, row, granularity, source, false);
            row += chunk.rows;
          }
          const bool read_again = bad_pass == 0 || std::min(rows, bad + chunk_rows) > kept;
          CHECK(failures == (read_again ? 1 : 0));
          broken = false;
          check_pass<double>(source, granularity);
        }
}

TEST_CASE("an error that nobody waits for is forgotten") {
  CountingSource<double> inner(100, 1, 10);
  std::atomic<bool> broken = true;
  inner.before_next = [&](std::size_t row) {
    if (row == 90 && broken) throw Error(ErrorKind::data, "broken");
  };
  CachedSource source(inner, {1000 * 8, 10 * 8});
  check_pass<double>(source, 1, false, 10);
  broken = false;
  check_pass<double>(source);
}

TEST_CASE("what follows is read while the caller uses what it has") {
  for (const std::size_t kept : {0u, 60u}) {
    CountingSource<double> inner(60, 1, 10);
    CachedSource source(inner, {kept * 8, 10 * 8});
    std::mutex mutex;
    std::condition_variable changed;
    std::size_t greatest = 0;
    inner.before_next = [&](std::size_t row) {
      const std::lock_guard lock(mutex);
      greatest = std::max(greatest, row);
      changed.notify_all();
    };
    source.next(1);
    std::unique_lock lock(mutex);
    // A cache has room for all; without one the second of two buffers is filled. A minute is for broken readers.
    const std::size_t expected = kept > 0 ? 50 : 10;
    CHECK(changed.wait_for(lock, std::chrono::minutes(1), [&] { return greatest >= expected; }));
  }
}

TEST_CASE("a source that changes between passes is noticed") {
  class Shrinking final : public Source {
   public:
    std::size_t rows() const override { return 20; }
    std::size_t columns() const override { return 1; }
    const std::vector<std::string>& column_names() const override { return none_; }
    std::string name() const override { return "shrinking"; }
    void rewind() override {
      row_ = 0;
      ++pass_;
    }
    Chunk next(std::size_t) override {
      Chunk chunk{values_.data(), ElementType::float64, row_, std::min<std::size_t>(8, last - row_), 1, 1, nullptr};
      if (pass_ > 1 && weighted_later) chunk.weights = values_.data();
      row_ += chunk.rows;
      return chunk;
    }
    std::size_t last = 20;
    bool weighted_later = false;

   private:
    std::vector<double> values_ = std::vector<double>(20, 1.0);
    std::vector<std::string> none_;
    std::size_t row_ = 0;
    int pass_ = 0;
  };
  const auto second_pass = [](Shrinking& inner, std::size_t last) {
    CachedSource source(inner, {0, 8});
    const auto pass = [&] {
      source.rewind();
      while (source.next(1).rows > 0) continue;
    };
    pass();
    inner.last = last;
    return error_of(pass);
  };
  Shrinking same;
  CHECK(second_pass(same, 20).empty());
  Shrinking shorter;
  CHECK(second_pass(shorter, 10) ==
        "data: shrinking: ends after 10 rows, but had 20; does another program write to it?");
  Shrinking longer;
  CHECK_THAT(second_pass(longer, 23), Catch::Matchers::Contains("rows 16 to 22 where those from 16 of 20"));
  Shrinking weighted;
  weighted.weighted_later = true;
  CHECK_THAT(second_pass(weighted, 20), Catch::Matchers::Contains("rows of another type from row 0"));
}

// Sanitizers end the program when so much is asked for.
#ifndef __SANITIZE_ADDRESS__
#ifndef __SANITIZE_THREAD__
TEST_CASE("a cache that there is no memory for is refused") {
  class Vast final : public Source {
   public:
    std::size_t rows() const override { return std::size_t{1} << 50; }
    std::size_t columns() const override { return 1; }
    const std::vector<std::string>& column_names() const override { return none_; }
    std::string name() const override { return "vast"; }
    void rewind() override {}
    Chunk next(std::size_t) override { return {&value_, ElementType::float64, 0, 1, 1, 1, nullptr}; }

   private:
    double value_ = 0;
    std::vector<std::string> none_;
  };
  Vast vast;
  CachedSource source(vast);
  CHECK_THAT(error_of([&] { source.next(1); }), Catch::Matchers::StartsWith("usage: vast: cannot get"));
}
#endif
#endif

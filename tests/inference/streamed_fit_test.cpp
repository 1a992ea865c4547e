#include "catch.hpp"
#include "support.hpp"

#include <mixfam/cached_source.hpp>
#include <mixfam/hdf5.hpp>

#include "data/blocks.hpp"

#include <hdf5.h>
#include <unistd.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <type_traits>
#include <vector>

// Where the rows lie changes no bit of a fit, and how often they are passed over is known.

namespace mixfam {
namespace {

static_assert(pass_granularity == leaf_rows, "sources are asked for whole leaves");

/// Rows in the type of a file, row-major.
template <class T>
struct TypedTable {
  std::size_t columns;
  std::vector<T> values;

  std::size_t rows() const { return values.size() / columns; }
  MemorySource source() const {
    return MemorySource(BasicMatrixView<const T>::row_major(values.data(), rows(), columns));
  }
};

template <class T>
hid_t native_type() {
  if constexpr (std::is_same_v<T, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::is_same_v<T, float>) return H5T_NATIVE_FLOAT;
  if constexpr (std::is_same_v<T, std::uint8_t>) return H5T_NATIVE_UINT8;
  return H5T_NATIVE_INT16;
}

/// A file with the table at /X, in gzip chunks of `chunk_rows` or contiguous for 0; removed at the end.
class TemporaryFile {
 public:
  template <class T>
  TemporaryFile(const TypedTable<T>& table, std::size_t chunk_rows)
      : path_(std::filesystem::temp_directory_path() /
              ("mixfam_streamed_" + std::to_string(getpid()) + "_" + std::to_string(chunk_rows) + ".h5")) {
    const hid_t file = H5Fcreate(path_.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    const hsize_t shape[] = {table.rows(), table.columns};
    const hid_t space = H5Screate_simple(2, shape, nullptr);
    const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
    if (chunk_rows > 0) {
      const hsize_t chunk[] = {chunk_rows, table.columns};
      H5Pset_chunk(creation, 2, chunk);
      H5Pset_deflate(creation, 1);
    }
    const hid_t set = H5Dcreate2(file, "X", native_type<T>(), space, H5P_DEFAULT, creation, H5P_DEFAULT);
    const herr_t status = H5Dwrite(set, native_type<T>(), H5S_ALL, H5S_ALL, H5P_DEFAULT, table.values.data());
    H5Dclose(set);
    H5Pclose(creation);
    H5Sclose(space);
    H5Fclose(file);
    if (status < 0) throw std::runtime_error("cannot write " + path_.string());
  }
  ~TemporaryFile() { std::filesystem::remove(path_); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

/// All numbers that a fit ends with, bit by bit.
std::vector<std::uint64_t> bits_of(const FitResult& result) {
  std::vector<double> numbers(result.mixture.weights());
  for (std::size_t k = 0; k < result.mixture.components(); ++k)
    for (const double value : result.mixture.parameters().row(k)) numbers.push_back(value);
  for (const TraceEntry& entry : result.trace)
    for (const double value : {entry.objective, entry.q, entry.entropy, entry.elbo_m}) numbers.push_back(value);
  std::vector<std::uint64_t> bits(numbers.size());
  std::memcpy(bits.data(), numbers.data(), numbers.size() * sizeof(double));
  return bits;
}

using Fitted = std::vector<std::uint64_t>;

/// Fits the table from memory, from files and through caches of several sizes; all must agree.
template <class T>
void check_same_bits(const TypedTable<T>& table, const std::function<Fitted(Source&)>& fitted) {
  MemorySource memory = table.source();
  const Fitted expected = fitted(memory);
  REQUIRE_FALSE(expected.empty());
  const std::size_t row_bytes = table.columns * sizeof(T);
  for (const std::size_t chunk_rows : {0u, 700u}) {
    const TemporaryFile file(table, chunk_rows);
    Hdf5Source direct(file.path(), {{}, 1000 * row_bytes});
    CHECK(fitted(direct) == expected);
    for (const std::size_t kept : {std::size_t{0}, std::size_t{2500}, table.rows()}) {
      INFO("chunks of " << chunk_rows << " rows, " << kept << " rows kept");
      CachedSource cached(direct, {kept * row_bytes, 2048 * row_bytes});
      CHECK(fitted(cached) == expected);
      CHECK(cached.cached_rows() == kept);
    }
  }
}

/// Rows of two groups: draws from `draw(group, random)`.
template <class T>
TypedTable<T> two_groups(std::size_t rows, std::size_t columns, std::uint64_t seed,
                         const std::function<double(std::size_t, Random&)>& draw) {
  Random random{seed};
  TypedTable<T> table{columns, {}};
  for (std::size_t n = 0; n < rows; ++n) {
    const std::size_t group = random.below(2);
    for (std::size_t j = 0; j < columns; ++j) table.values.push_back(static_cast<T>(draw(group, random)));
  }
  return table;
}

struct Method {
  Update update;
  Assignment assignment;
  std::size_t batch_rows = 0;
};

const Method methods[] = {{Update::ml, Assignment::soft},      {Update::map, Assignment::soft},
                          {Update::ml, Assignment::hard},      {Update::vb, Assignment::soft},
                          {Update::ml, Assignment::sampled},   {Update::sampled, Assignment::sampled},
                          {Update::map, Assignment::soft, 900}};

/// The fit from two starts after a few iterations.
std::function<Fitted(Source&)> fit_of(const std::string& spec, const Method& method) {
  return [=](Source& source) {
    const FamilyPtr family = Registry::builtin().make(spec, source.columns(), {}, &source);
    FitOptions options;
    options.update = method.update;
    options.assignment = method.assignment;
    options.batch_rows = method.batch_rows;
    options.max_iterations = 2;
    options.tolerance = 0;
    if (method.update != Update::ml) options.prior = default_prior(family, 2, source);
    RestartsOptions restarts;
    restarts.restarts = 2;
    return bits_of(fit_restarts(family, 2, source, restarts, options).best);
  };
}

/// Counts rows and passes of the source behind it.
class CountedSource final : public Source {
 public:
  explicit CountedSource(Source& inner) : inner_(inner) {}
  std::size_t rows() const override { return inner_.rows(); }
  std::size_t columns() const override { return inner_.columns(); }
  const std::vector<std::string>& column_names() const override { return inner_.column_names(); }
  std::string name() const override { return inner_.name(); }
  void rewind() override {
    inner_.rewind();
    ++passes;
  }
  Chunk next(std::size_t granularity) override {
    const Chunk chunk = inner_.next(granularity);
    rows_read += chunk.rows;
    return chunk;
  }

  std::size_t passes = 0;
  std::size_t rows_read = 0;

 private:
  Source& inner_;
};

TypedTable<double> positive_table(std::size_t rows) {
  return two_groups<double>(rows, 1, 3,
                            [](std::size_t group, Random& random) { return random.exponential(group == 0 ? 1 : 9); });
}

}  // namespace

TEST_CASE("where the rows lie changes no bit of a fit", "[streaming][determinism]") {
  const auto normal = [](std::size_t group, Random& random) {
    return 3.0 * static_cast<double>(group) + random.normal();
  };
  const auto positive = [](std::size_t group, Random& random) { return random.exponential(group == 0 ? 1 : 9); };
  const auto binary = [](std::size_t group, Random& random) { return random.uniform() < (group == 0 ? 0.2 : 0.7); };
  const auto count = [](std::size_t group, Random& random) {
    return std::floor(random.exponential(group == 0 ? 1 : 0.2));
  };
  for (const Method& method : methods) {
    INFO("update " << to_string(method.update) << ", assignment " << to_string(method.assignment) << ", batches of "
                   << method.batch_rows);
    check_same_bits(two_groups<double>(5001, 2, 1, normal), fit_of("gaussian", method));
    check_same_bits(two_groups<float>(4096, 1, 2, positive), fit_of("exponential", method));
    check_same_bits(two_groups<std::uint8_t>(4500, 5, 4, binary), fit_of("bernoulli", method));
    check_same_bits(two_groups<std::int16_t>(6145, 2, 5, count), fit_of("poisson", method));
  }
  const Method em = methods[0];
  check_same_bits(two_groups<double>(2600, 3, 6, normal), fit_of("gaussian:covariance=diagonal", em));
  check_same_bits(two_groups<std::uint8_t>(2600, 2, 7, count), fit_of("categorical", em));
  check_same_bits(two_groups<float>(2600, 2, 8, positive), fit_of("gaussian(0) * log_normal(1)", em));
}

TEST_CASE("a fit passes over the data once for each iteration", "[streaming]") {
  const TypedTable<double> table = positive_table(3 * 2048 + 5);
  const auto family = Registry::builtin().make("exponential", 1);
  const Mixture start(family, {0.5, 0.5}, parameter_table(*family, {{0.5}, {5}}));
  // The check of values with sum log h, and a search for K distinct rows that ends when they are found.
  constexpr std::size_t passes_before = 2;
  for (const std::size_t iterations : {0u, 1u, 7u}) {
    MemorySource memory = table.source();
    CountedSource counted(memory);
    FitOptions options;
    options.max_iterations = iterations;
    options.tolerance = 0;
    fit(start, counted, options);
    CHECK(counted.passes == passes_before + 1 + iterations);
  }
}

TEST_CASE("a fit through a cache reads each row once, or the rest once for each pass", "[streaming]") {
  const TypedTable<double> table = positive_table(3 * 2048 + 5);
  const auto family = Registry::builtin().make("exponential", 1);
  const Mixture start(family, {0.5, 0.5}, parameter_table(*family, {{0.5}, {5}}));
  FitOptions options;
  options.max_iterations = 5;
  options.tolerance = 0;
  for (const std::size_t kept : {table.rows(), std::size_t{2048}}) {
    MemorySource memory = table.source();
    CountedSource counted(memory);
    CachedSource cached(counted, {kept * sizeof(double), 2048 * sizeof(double)});
    fit(start, cached, options);
    // MemorySource has one chunk: a pass that begins behind the cache is handed all rows and skips the first.
    const std::size_t times = kept == table.rows() ? 1 : counted.passes;
    CHECK(counted.rows_read == times * table.rows());
    CHECK(cached.cached_rows() == kept);
  }
}

}  // namespace mixfam

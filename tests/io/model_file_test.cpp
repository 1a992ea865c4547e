#include "catch.hpp"

#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>
#include <mixfam/registry.hpp>

#include <sys/resource.h>
#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

using namespace mixfam;
namespace fs = std::filesystem;

namespace {

std::string test_file(const std::string& name) {
  const char* folder = std::getenv("MIXFAM_TEST_FILES");
  if (!folder) throw std::runtime_error("MIXFAM_TEST_FILES must name the folder that tests/hdf5_files.py filled");
  return std::string(folder) + "/" + name;
}

/// A folder for one test, gone with it.
class Folder {
 public:
  Folder() {
    std::string name = (fs::temp_directory_path() / "mixfam.XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { fs::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(path_)) names.push_back(entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  fs::path path_;
};

std::string bytes_of(const std::string& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

Mixture two_gaussians() {
  const FamilyPtr family = Registry::builtin().make("gaussian", 2);
  ParameterTable table(family->parameters(), 2);
  // Values without a short binary or decimal form, so that a change of one bit shows.
  const double mean[2][2] = {{1.0 / 3, -2.0 / 7}, {1e-300 / 3, 1e300 / 7}};
  const double covariance[2][4] = {{2.0 / 3, 0.1, 0.1, 5.0 / 7}, {1.0 / 9, -0.01, -0.01, 1.0 / 11}};
  for (std::size_t k = 0; k < 2; ++k) {
    std::copy_n(mean[k], 2, table.field(k, "mean").begin());
    std::copy_n(covariance[k], 4, table.field(k, "covariance").begin());
  }
  return Mixture(family, {1.0 / 3, 2.0 / 3}, table);
}

/// A probability of 1 whose complement is 1e-20, and one that was given by itself.
Mixture two_bernoullis() {
  const FamilyPtr family = Registry::builtin().make("bernoulli", 1);
  ParameterTable table(family->parameters(), 2);
  table.field(0, "probability")[0] = 1;
  table.field(0, "complement_correction")[0] = 1e-20;
  table.field(1, "probability")[0] = 1.0 / 3;
  return Mixture(family, {0.5, 0.5}, table);
}

SavedModel full_model() {
  SavedModel model{two_gaussians(), std::numeric_limits<std::uint64_t>::max(), R"({"update":"ml","note":"Grüße"})", {}};
  for (std::size_t t = 0; t < 3; ++t) {
    TraceEntry entry;
    entry.iteration = t;
    entry.accelerated = t == 2;
    const double x = 1.0 / static_cast<double>(3 + t);
    entry.log_likelihood = -x;
    entry.log_prior = 2 * x;
    entry.objective = 3 * x;
    entry.q = 4 * x;
    entry.entropy = 5 * x;
    entry.elbo_e = 6 * x;
    entry.elbo_m = t == 0 ? std::numeric_limits<double>::quiet_NaN() : 7 * x;
    entry.kl = 8 * x;
    entry.gain_m = 9 * x;
    entry.gain_e = 10 * x;
    entry.residual = std::numeric_limits<double>::quiet_NaN();
    entry.counts = {100 * x, 200 * x};
    if (t == 1) entry.events = {"component 1 is empty", "zweites Ereignis: größer"};
    model.trace.push_back(entry);
  }
  return model;
}

bool same_bits(ConstVectorView a, ConstVectorView b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0);
}

void check_same(const Mixture& a, const Mixture& b) {
  CHECK(a.groups().spec() == b.groups().spec());
  REQUIRE(a.components() == b.components());
  CHECK(same_bits(a.weights(), b.weights()));
  for (std::size_t k = 0; k < a.components(); ++k) CHECK(same_bits(a.parameters().row(k), b.parameters().row(k)));
}

void check_says(const std::string& message, const std::vector<std::string>& parts) {
  INFO(message);
  for (const std::string& part : parts) {
    INFO("expected: " << part);
    CHECK(message.find(part) != std::string::npos);
  }
}

std::string error_of(ErrorKind kind, const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    CHECK(error.kind() == kind);
    return error.what();
  }
  FAIL("no error was thrown");
  return {};
}

std::string load_error(const std::string& name) {
  return error_of(ErrorKind::data, [&] { load_model(test_file(name), Registry::builtin()); });
}

FamilyPtr gaussian(std::size_t columns = 2) { return Registry::builtin().make("gaussian", columns); }

std::string start_error(const std::string& name) {
  return error_of(ErrorKind::data, [&] { load_start(test_file(name), gaussian()); });
}

std::string save_error(const std::string& file) {
  return error_of(ErrorKind::write, [&] { save_model(file, full_model()); });
}

/// Lets no file grow beyond a size, as a full disk does.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit limit = {bytes, old_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileSizeLimit() {
    setrlimit(RLIMIT_FSIZE, &old_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  rlimit old_ = {};
  void (*handler_)(int);
};

}  // namespace

TEST_CASE("a saved model comes back with the same bits") {
  const Folder folder;
  const SavedModel saved = full_model();
  save_model(folder / "model.h5", saved);
  CHECK(folder.names() == std::vector<std::string>{"model.h5"});

  const SavedModel loaded = load_model(folder / "model.h5", Registry::builtin());
  check_same(loaded.mixture, saved.mixture);
  CHECK(loaded.seed == saved.seed);
  CHECK(loaded.options_json == saved.options_json);
  REQUIRE(loaded.trace.size() == saved.trace.size());
  for (std::size_t t = 0; t < saved.trace.size(); ++t) {
    const TraceEntry& a = loaded.trace[t];
    const TraceEntry& b = saved.trace[t];
    CHECK(a.iteration == b.iteration);
    CHECK(a.accelerated == b.accelerated);
    const double values_a[] = {a.log_likelihood, a.log_prior, a.objective, a.q,      a.entropy, a.elbo_e,
                               a.elbo_m,         a.kl,        a.gain_m,    a.gain_e, a.residual};
    const double values_b[] = {b.log_likelihood, b.log_prior, b.objective, b.q,      b.entropy, b.elbo_e,
                               b.elbo_m,         b.kl,        b.gain_m,    b.gain_e, b.residual};
    CHECK(same_bits({values_a, std::size(values_a)}, {values_b, std::size(values_b)}));
    CHECK(same_bits(a.counts, b.counts));
    CHECK(a.events == b.events);
  }
  check_same(load_start(folder / "model.h5", gaussian()), saved.mixture);
  CHECK(start_file_kind(folder / "model.h5") == StartFileKind::model);
}

TEST_CASE("a model without seed, options and trace is a model") {
  const Folder folder;
  save_model(folder / "model.h5", {two_gaussians(), std::nullopt, std::nullopt, {}});
  const SavedModel loaded = load_model(folder / "model.h5", Registry::builtin());
  CHECK_FALSE(loaded.seed);
  CHECK_FALSE(loaded.options_json);
  CHECK(loaded.trace.empty());
}

TEST_CASE("a product of families, or of products, is saved and loaded") {
  for (const std::string spec :
       {"gaussian(0) * exponential(1,2)", "gaussian(2) * (exponential(1) * (poisson(0))(0))(0,1)"}) {
    INFO(spec);
    const Folder folder;
    const FamilyPtr family = Registry::builtin().make(spec, 3);
    ParameterTable table(family->parameters(), 2);
    for (std::size_t k = 0; k < 2; ++k) {
      for (double& value : table.row(k)) value = 1.0 / static_cast<double>(3 + k);
    }
    const Mixture mixture(family, {0.25, 0.75}, table);
    save_model(folder / "model.h5", {mixture, std::nullopt, std::nullopt, {}});
    check_same(load_model(folder / "model.h5", Registry::builtin()).mixture, mixture);
    check_same(load_start(folder / "model.h5", family), mixture);
  }
}

TEST_CASE("groups of components, with their posterior, come back with the same bits") {
  // Numbers without a short decimal form, and a group that has none.
  const Registry registry = Registry::builtin();
  const std::string spec = "2 (gaussian(0) * poisson(1)) + 1 uniform:lower=-0.1;0,upper=1e+22;7,whole=0;1 + 1 gaussian";
  const Groups groups = registry.make_groups(spec, std::nullopt, 2);
  REQUIRE(groups.spec() == spec);
  Posterior posterior;
  posterior.hyperparameters = groups.hyperparameters();
  posterior.mode = posterior.mean = posterior.lower = posterior.upper = groups.parameters();
  double next = 1;
  for (ParameterTable* table :
       {&posterior.hyperparameters, &posterior.mode, &posterior.mean, &posterior.lower, &posterior.upper})
    for (std::size_t k = 0; k < 4; ++k)
      for (double& value : table->row(k)) value = ++next / 3;
  posterior.hyperparameters.row(1)[0] = std::numeric_limits<double>::quiet_NaN();  // as of a frozen component
  posterior.weight_mean = posterior.weight_lower = posterior.weight_upper = {0.1, 0.2, 0.3, 0.4};
  posterior.concentration = {1.0 / 7, 2, 3, 4};
  ParameterTable theta = groups.parameters();
  for (std::size_t k = 0; k < 2; ++k)
    for (double& value : theta.row(k)) value = ++next / 7;
  std::ranges::copy(std::vector{0.1, 0.2, 2.0 / 3, 0.1, 0.1, 5.0 / 7}, theta.row(3).begin());
  const Mixture mixture(groups, {0.1, 0.2, 0.3, 0.4}, theta);
  const Folder folder;
  save_model(folder / "model.h5", {mixture, std::nullopt, std::nullopt, {}, {}, posterior});
  const SavedModel loaded = load_model(folder / "model.h5", registry);
  check_same(loaded.mixture, mixture);
  check_same(load_start(folder / "model.h5", groups), mixture);
  REQUIRE(loaded.posterior);
  CHECK(same_bits(loaded.posterior->weight_mean, posterior.weight_mean));
  CHECK(same_bits(loaded.posterior->concentration, posterior.concentration));
  for (const auto table :
       {&Posterior::hyperparameters, &Posterior::mode, &Posterior::mean, &Posterior::lower, &Posterior::upper})
    for (std::size_t k = 0; k < 4; ++k)
      CHECK(same_bits(((*loaded.posterior).*table).row(k), (posterior.*table).row(k)));
  CHECK_FALSE(registry.means("3 gaussian + 1 uniform", loaded.mixture.groups()));
}

TEST_CASE("components without parameters are their weights") {
  const Registry registry = Registry::builtin();
  const Groups groups = registry.make_groups("2 uniform:lower=0,upper=1 + 1 uniform:lower=0,upper=3", std::nullopt, 2);
  const Mixture mixture(groups, {0.5, 0.25, 0.25}, groups.parameters());
  const Folder folder;
  save_model(folder / "model.h5", {mixture, std::nullopt, std::nullopt, {}});
  check_same(load_model(folder / "model.h5", registry).mixture, mixture);
  check_same(load_start(folder / "model.h5", groups), mixture);
}

TEST_CASE("both sides of a probability come back with the same bits") {
  const Folder folder;
  const Mixture mixture = two_bernoullis();
  save_model(folder / "model.h5", {mixture, std::nullopt, std::nullopt, {}});
  check_same(load_model(folder / "model.h5", Registry::builtin()).mixture, mixture);
  check_same(load_start(folder / "model.h5", mixture.family_ptr()), mixture);
}

TEST_CASE("a probability without a correction is saved and read alone") {
  const Folder folder;
  const FamilyPtr family = Registry::builtin().make("bernoulli", 2);
  ParameterTable table(family->parameters(), 1);
  table.field(0, "probability")[0] = 1;
  table.field(0, "probability")[1] = 1.0 / 3;
  const Mixture mixture(family, {1}, table);
  save_model(folder / "model.h5", {mixture, std::nullopt, std::nullopt, {}});
  CHECK(bytes_of(folder / "model.h5").find("complement_correction") == std::string::npos);
  check_same(load_model(folder / "model.h5", Registry::builtin()).mixture, mixture);
}

TEST_CASE("equal models are equal files") {
  const Folder folder;
  save_model(folder / "a.h5", full_model());
  sleep(1);
  save_model(folder / "b.h5", full_model());
  CHECK(bytes_of(folder / "a.h5") == bytes_of(folder / "b.h5"));
}

TEST_CASE("a model file begins with the length and the CRC-32 of what follows") {
  const Folder folder;
  save_model(folder / "model.h5", full_model());
  const std::string bytes = bytes_of(folder / "model.h5");
  // Bit by bit from the definition: the reflected polynomial of IEEE 802.3, as in zlib, gzip and PNG.
  std::uint32_t crc = 0xffffffff;
  for (std::size_t i = 512; i < bytes.size(); ++i) {
    crc ^= static_cast<unsigned char>(bytes[i]);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  char hex[9];
  std::snprintf(hex, sizeof(hex), "%08x", ~crc);
  CHECK(bytes.find("mixfam model file\nbytes " + std::to_string(bytes.size() - 512) + "\ncrc32 " + hex + "\n") == 0);
}

TEST_CASE("a model with any byte changed, missing or added is refused") {
  const Folder folder;
  save_model(folder / "model.h5", full_model());
  const std::string sound = bytes_of(folder / "model.h5");
  const auto write = [&](const std::string& bytes) {
    std::ofstream(folder / "damaged.h5", std::ios::binary | std::ios::trunc) << bytes;
  };
  const auto refused = [&] {
    try {
      load_model(folder / "damaged.h5", Registry::builtin());
    } catch (const Error& error) {
      return error.kind() == ErrorKind::data;
    }
    return false;
  };
  // Changes within the first words take the block for none, which another rule refuses.
  for (std::size_t at = 0; at < sound.size(); at += at < 600 ? 1 : 61) {
    std::string damaged = sound;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << at % 8));
    write(damaged);
    INFO("byte " << at);
    REQUIRE(refused());
  }
  for (const std::size_t length : {sound.size() - 1, sound.size() / 2, std::size_t{600}, std::size_t{100}}) {
    write(sound.substr(0, length));
    INFO("length " << length);
    CHECK(refused());
  }
  write(sound + '\0');
  CHECK(refused());

  write(sound.substr(0, 2000));
  const std::string all = std::to_string(sound.size());
  const auto load = [&] { load_model(folder / "damaged.h5", Registry::builtin()); };
  check_says(error_of(ErrorKind::data, load), {"damaged.h5", "truncated", "has 2000 of " + all + " bytes"});
  std::string changed = sound;
  changed[sound.size() / 2] ^= 1;
  write(changed);
  check_says(error_of(ErrorKind::data, load), {"damaged.h5", "checksum differs", "tail -c +513"});
  check_says(error_of(ErrorKind::data, [&] { list_hdf5(folder / "damaged.h5"); }), {"checksum differs"});
  check_says(error_of(ErrorKind::data, [&] { Hdf5Source(folder / "damaged.h5:/components/mean"); }),
             {"checksum differs"});
  std::string foreign = sound;
  foreign.replace(0, 512, std::string(512, 'x'));
  write(foreign);
  check_says(error_of(ErrorKind::data, load), {"begins with 512 bytes", "no checksum"});
}

TEST_CASE("a model without its checksum is read: files of version 0.1.0 have none") {
  const Folder folder;
  save_model(folder / "model.h5", full_model());
  std::ofstream(folder / "bare.h5", std::ios::binary) << bytes_of(folder / "model.h5").substr(512);
  check_same(load_model(folder / "bare.h5", Registry::builtin()).mixture, two_gaussians());

  // Written by mixfam 0.1.0: fit data/faithful.h5 --family gaussian --components 2 --seed 1 --restarts 5; the numbers
  // are those that its report printed.
  const std::string root = std::getenv("MIXFAM_SOURCE_ROOT");
  const SavedModel old = load_model(root + "/tests/reference/model_0.1.0.h5", Registry::builtin());
  CHECK(old.seed == 1);
  CHECK(old.mixture.weights()[0] == Approx(0.644127).margin(5e-7));
  CHECK(old.mixture.parameters().field(1, "mean")[1] == Approx(54.4785).margin(5e-5));
  REQUIRE(old.trace.size() == 9);
  CHECK(old.trace.back().objective == Approx(-1130.26396).margin(5e-6));
  CHECK(old.options_json);
}

TEST_CASE("a write that fails leaves the old file whole and nothing else") {
  const Folder folder;
  save_model(folder / "model.h5", {two_gaussians(), 1, std::nullopt, {}});
  const std::string before = bytes_of(folder / "model.h5");
  for (const rlim_t limit : {0, 1, 1000, 4096}) {
    const std::string message = [&] {
      const FileSizeLimit full(limit);
      return save_error(folder / "model.h5");
    }();
    check_says(message, {"cannot write", "model.h5", "File too large"});
  }
  CHECK(bytes_of(folder / "model.h5") == before);
  CHECK(folder.names() == std::vector<std::string>{"model.h5"});
  save_model(folder / "model.h5", full_model());
  CHECK(bytes_of(folder / "model.h5") != before);
}

TEST_CASE("targets that cannot be written are refused") {
  const Folder folder;
  check_says(save_error(folder / "absent/model.h5"), {"the folder", "absent' does not exist"});
  fs::create_directory(folder / "folder.h5");
  check_says(save_error(folder / "folder.h5"), {"is a directory"});
  check_says(save_error("/dev/null"), {"not a regular file"});
  check_says(save_error(folder / (std::string(300, 'x') + ".h5")), {"File name too long"});
  CHECK(folder.names() == std::vector<std::string>{"folder.h5"});
}

TEST_CASE("a trace in which components were dropped comes back as it was") {
  const Folder folder;
  SavedModel model = full_model();
  model.trace.back().counts.pop_back();
  save_model(folder / "model.h5", model);
  const Trace trace = load_model(folder / "model.h5", Registry::builtin()).trace;
  for (std::size_t t = 0; t < trace.size(); ++t) CHECK(trace[t].counts == model.trace[t].counts);
}

TEST_CASE("a write follows symbolic links and keeps permissions") {
  const Folder folder;
  fs::create_directory(folder / "real");
  fs::create_symlink("real/model.h5", folder / "link.h5");
  save_model(folder / "link.h5", {two_gaussians(), 1, std::nullopt, {}});
  CHECK(fs::is_symlink(folder / "link.h5"));
  REQUIRE(fs::exists(folder / "real/model.h5"));
  fs::permissions(folder / "real/model.h5", fs::perms::owner_read | fs::perms::owner_write);
  save_model(folder / "link.h5", full_model());
  CHECK(fs::is_symlink(folder / "link.h5"));
  CHECK(load_model(folder / "real/model.h5", Registry::builtin()).trace.size() == 3);
  CHECK(fs::status(folder / "real/model.h5").permissions() == (fs::perms::owner_read | fs::perms::owner_write));
}

TEST_CASE("models written by hand are read") {
  const SavedModel model = load_model(test_file("model_by_hand.h5"), Registry::builtin());
  CHECK(model.mixture.weights() == std::vector<double>{0.5, 0.5});
  CHECK(model.mixture.parameters().field(1, "mean")[0] == 4.25);
  CHECK(model.trace.empty());
}

TEST_CASE("start files written by hand are read whatever their numeric type") {
  for (const char* name : {"start.h5", "start_single.h5", "start_extras.h5", "model_by_hand.h5"}) {
    INFO(name);
    const Mixture mixture = load_start(test_file(name), gaussian());
    CHECK(mixture.components() == 2);
    CHECK(mixture.weights()[0] == 0.5);
    CHECK(mixture.parameters().field(0, "mean")[1] == 54.5);
    CHECK(mixture.parameters().field(1, "covariance")[3] == 36);
    CHECK(start_file_kind(test_file(name)) == StartFileKind::model);
  }
  CHECK(load_start(test_file("start_integers.h5"), gaussian()).parameters().field(1, "mean")[1] == 80);
}

TEST_CASE("the family of a start may be said in other words") {
  struct Case {
    std::string spec;  // of the fit
    std::size_t columns;
    std::vector<std::string> same;
    std::vector<std::string> others;
  };
  const Registry registry = Registry::builtin();
  const std::vector<std::string> names = {"height", "kind", "size"};
  for (const Case& one : {
           // A product, even of one factor, has its parameters under other names.
           Case{"gaussian",
                2,
                {"gaussian", "gaussian:covariance=full", " gaussian : covariance = full "},
                {"gaussian:covariance=diagonal", "gaussian(0,1)", "log_normal", "exponential", "student_t", "", "(",
                 "gaussian:"}},
           Case{"gaussian:covariance=spherical,variance=2",
                2,
                {"gaussian:variance=2.0,covariance=spherical"},
                {"gaussian:covariance=spherical", "gaussian:covariance=spherical,variance=3"}},
           Case{"categorical:categories=3",
                2,
                {"categorical", "categorical:categories=0..2", "categorical:categories=3;3",
                 "categorical:categories=0|1|2"},
                {"categorical:categories=4", "categorical:categories=1..3", "multinomial"}},
           Case{
               "categorical:categories=0|5|7(1) * gaussian(0,2)",
               3,
               {"categorical(1)*gaussian(0,2)", "categorical(kind) * gaussian(height, size)",
                "gaussian(0,2) * categorical(1)", "categorical:categories=0|5|7( 1 )  *gaussian:covariance=full(0 ,2)"},
               {"categorical(1) * gaussian(2,0)", "categorical(0) * gaussian(1,2)",
                "categorical(1) * exponential(0,2)"}},
           Case{"gaussian(0) * gaussian(1) * exponential(2)",
                3,
                {"exponential(2) * gaussian(0) * gaussian(1)"},
                // The groups /components/gaussian and /components/gaussian_2 would change places.
                {"gaussian(1) * gaussian(0) * exponential(2)"}},
       }) {
    const FamilyPtr family = registry.make(one.spec, one.columns);
    INFO(one.spec);
    for (const std::string& spec : one.same) {
      INFO(spec);
      CHECK(registry.means(spec, *family, names));
    }
    for (const std::string& spec : one.others) {
      INFO(spec);
      CHECK_FALSE(registry.means(spec, *family, names));
    }
  }
  CHECK(load_start(test_file("start_other_words.h5"), gaussian()).components() == 2);
  CHECK_FALSE(Registry().means("gaussian:covariance=full", *gaussian()));
}

TEST_CASE("with one column the axes of length 1 may be left out") {
  const Mixture mixture = load_start(test_file("start_one_column.h5"), gaussian(1));
  CHECK(mixture.parameters().field(1, "mean")[0] == 4.25);
  CHECK(mixture.parameters().field(1, "covariance")[0] == 0.25);
}

TEST_CASE("starts that do not fit are refused with place and rule") {
  check_says(start_error("start_wrong_family.h5"), {"start_wrong_family.h5", "'exponential'", "'gaussian"});
  check_says(start_error("start_wrong_columns.h5"), {"over 3 columns", "over 2"});
  check_says(start_error("start_wrong_shape.h5"),
             {"start_wrong_shape.h5:/components/mean has shape 2 x 3, but the family 'gaussian",
              "over 2 columns with 2 components needs 2 x 2"});
  check_says(start_error("start_one_column.h5"), {"has shape 2, but", "needs 2 x 2"});
  check_says(start_error("start_missing.h5"), {":/components/covariance is missing", "mean, covariance"});
  check_says(start_error("start_weights.h5"), {"start_weights.h5: ", "weights"});
  check_says(start_error("start_not_definite.h5"), {"start_not_definite.h5: ", "covariance"});
  check_says(start_error("start_text.h5"), {":/components/mean"});
  check_says(start_error("weights_matrix.h5"), {":/weights: has shape 2 x 2", "K numbers"});
  check_says(start_error("target.h5"), {"target.h5:/weights", "no such path", "'/' holds X"});
  check_says(start_error("absent.h5"), {"absent.h5", "No such file"});
  check_says(start_error("text.h5"), {"not an HDF5 file"});
}

TEST_CASE("models that cannot be understood are refused") {
  check_says(load_error("start.h5"), {"is not a saved model", "'format' is missing", "'mixfam-model'"});
  check_says(load_error("model_newer.h5"), {"format version 2", "reads version 1", "newer mixfam"});
  check_says(load_error("model_unknown_family.h5"), {"'student_t'", "gaussian"});
  check_says(load_error("model_no_family.h5"), {"attribute 'family' is missing"});
  check_says(load_error("model_posterior_of_none.h5"), {":/posterior", "'gaussian:", "no conjugate prior"});
  check_says(load_error("empty.h5"), {"not an HDF5 file"});
}

TEST_CASE("responsibilities are read as they are stored") {
  CHECK(start_file_kind(test_file("responsibilities.h5")) == StartFileKind::responsibilities);
  const Responsibilities given = load_responsibilities(test_file("responsibilities.h5"));
  CHECK(given.rows == 3);
  CHECK(given.components == 2);
  CHECK(given.values == std::vector<double>{1, 0, 0.25, 0.75, 0, 1});
  CHECK(given.view()(1, 1) == 0.75);
  const auto kind_error = [](const std::string& name) {
    return error_of(ErrorKind::data, [&] { start_file_kind(test_file(name)); });
  };
  check_says(kind_error("both_starts.h5"), {"both /weights and /responsibilities"});
  check_says(kind_error("target.h5"), {"neither /weights", "nor /responsibilities"});
}

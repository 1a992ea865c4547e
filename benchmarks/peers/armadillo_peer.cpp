// Armadillo's gmm_full and gmm_diag: see peer.py for the command line. `learn` has no hook: an iteration is the
// difference between runs of many iterations and of one. Its log likelihood is asked for after the run.

#define ARMA_USE_HDF5
#include <armadillo>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

constexpr std::size_t minimum_timings = 5;

// HDF5 counts axes from the other end: X arrives as D x N, the means as D x K, the covariances as D x D x K,
// of the diagonal model D x K.
struct Task {
  arma::mat X;
  arma::rowvec weights;
  arma::mat means;
  std::string start;
  arma::uword iterations;
  double seconds;
};

template <class Array>
Array read(const std::string& file, const std::string& path) {
  Array values;
  if (!values.load(arma::hdf5_name(file, path))) {
    std::fprintf(stderr, "cannot read %s:%s\n", file.c_str(), path.c_str());
    std::exit(1);
  }
  return values;
}

void start(arma::gmm_full& model, const Task& task) {
  model.set_params(task.means, read<arma::cube>(task.start, "components/covariance"), task.weights);
}

void start(arma::gmm_diag& model, const Task& task) {
  model.set_params(task.means, read<arma::mat>(task.start, "components/covariance"), task.weights);
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

template <class Model>
double seconds_of_run(Model& model, const Task& task, arma::uword iterations) {
  start(model, task);
  const auto begin = std::chrono::steady_clock::now();
  if (!model.learn(task.X, task.means.n_cols, arma::eucl_dist, arma::keep_existing, 0, iterations, 0.0, false)) {
    std::fprintf(stderr, "learn() failed\n");
    std::exit(1);
  }
  return seconds_since(begin);
}

template <class Model>
void measure(const Task& task) {
  Model model;
  std::vector<double> seconds;
  const auto begin = std::chrono::steady_clock::now();
  while (seconds.size() < minimum_timings || seconds_since(begin) < task.seconds) {
    const double one = seconds_of_run(model, task, 1);
    const double many = seconds_of_run(model, task, task.iterations);
    seconds.push_back((many - one) / static_cast<double>(task.iterations - 1));
  }
  std::printf("{\"peer\": \"armadillo\", \"version\": \"%d.%d.%d\", \"log_likelihood\": %.17g, \"seconds\": [",
              ARMA_VERSION_MAJOR, ARMA_VERSION_MINOR, ARMA_VERSION_PATCH, model.sum_log_p(task.X));
  for (std::size_t i = 0; i < seconds.size(); ++i) std::printf("%s%.9g", i ? ", " : "", seconds[i]);
  std::printf("]}\n");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "usage: armadillo_peer FAMILY DATA.h5 START.h5 ITERATIONS SECONDS THREADS\n");
    return 2;
  }
  const std::string family = argv[1], data = argv[2], file = argv[3];
  // The number of threads is set by OMP_NUM_THREADS.
  const Task task{read<arma::mat>(data, "X"),
                  arma::vectorise(read<arma::mat>(file, "weights")).t(),
                  read<arma::mat>(file, "components/mean"),
                  file,
                  std::strtoull(argv[4], nullptr, 10),
                  std::strtod(argv[5], nullptr)};
  if (family == "gaussian") {
    measure<arma::gmm_full>(task);
  } else {
    measure<arma::gmm_diag>(task);
  }
  return 0;
}

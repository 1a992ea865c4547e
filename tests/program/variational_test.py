"""Variational Bayes, sampling, annealing, batches and policies for degenerate components, through the program.

The program is named by the environment variable MIXFAM, the source tree by MIXFAM_SOURCE_ROOT. Expected numbers come
from tests/reference/prml_vb_faithful.json, which follows the formulas of Bishop (2006), section 10.2, as printed, and
from closed forms written here.
"""

import csv
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

MIXFAM = os.environ["MIXFAM"]
ROOT = pathlib.Path(os.environ["MIXFAM_SOURCE_ROOT"])
FAITHFUL = str(ROOT / "data" / "faithful.h5")

DONE, USAGE, NUMERICAL = 0, 2, 5

# Of quantities that two programs compute by different formulas from 272 rows.
AGREEMENT = 1e-9
# Sums of a few hundred terms in another order than the library's.
ROUND_OFF = 1e-12

with open(ROOT / "tests" / "reference" / "prml_vb_faithful.json") as reference_file:
    PRML = json.load(reference_file)


class ProgramTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        with h5py.File(FAITHFUL) as file:
            self.faithful = file["X"][:]

    def path(self, name):
        return str(self.folder / name)

    def write(self, name, datasets):
        with h5py.File(self.path(name), "w") as file:
            for path, values in datasets.items():
                file[path] = values
        return self.path(name)

    def write_json(self, name, document):
        (self.folder / name).write_text(json.dumps(document))
        return self.path(name)

    def run_fit(self, *arguments):
        return subprocess.run([MIXFAM, "fit", *map(str, arguments)], capture_output=True, text=True, timeout=300)

    def fit(self, *arguments, status=DONE):
        outcome = self.run_fit(*arguments, "--json", "--quiet")
        self.assertEqual(outcome.returncode, status, outcome.stderr)
        return json.loads(outcome.stdout)

    def fit_faithful(self, *arguments, components=3, status=DONE):
        return self.fit(FAITHFUL, "--family", "gaussian", "--components", components, *arguments, status=status)

    def refused(self, *words, arguments):
        outcome = self.run_fit(FAITHFUL, "--family", "gaussian", "--components", 2, *arguments)
        self.assertEqual(outcome.returncode, USAGE, outcome.stderr)
        self.assertEqual(outcome.stdout, "")
        for word in words:
            self.assertIn(word, outcome.stderr)

    def assert_close(self, actual, expected, relative=AGREEMENT, absolute=0.0):
        np.testing.assert_allclose(actual, expected, rtol=relative, atol=absolute)


def weights(result):
    return np.array([component["weight"] for component in result["components"]])


def posterior(result, *path):
    """One entry of the posterior for all components."""
    values = []
    for component in result["components"]:
        value = component["posterior"]
        for name in path:
            value = value[name]
        values.append(value)
    return np.array(values)


def student_t_quantile_975(nu):
    """By its expansion in 1/nu (Abramowitz and Stegun 26.7.5), good to 1e-9 from a hundred degrees of freedom."""
    z = 1.959963984540054
    return (z + (z**3 + z) / (4 * nu) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * nu**2)
            + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * nu**3)
            + (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / (92160 * nu**4))


class OldFaithful(ProgramTest):
    """Against PRML 10.2, term by term."""

    def setUp(self):
        super().setUp()
        self.start = self.write("start.h5", {"responsibilities": np.eye(3)[PRML["responsibilities"]]})
        self.prior = self.write_json("prior.json", {
            "weights": {"concentration": 1},
            "components": {"mu0": PRML["m0"], "kappa0": 1, "nu0": 2, "psi0": PRML["psi0"]},
        })  # fmt: skip

    def fit_reference(self, *arguments, updates=len(PRML["trace"]) - 1):  # the start is one more
        return self.fit_faithful("--update", "vb", "--prior", self.prior, "--start", self.start, "--tolerance", 0,
                                 "--max-iterations", updates, *arguments)  # fmt: skip

    def test_every_term_of_every_iteration(self):
        trace = self.fit_reference()["trace"]
        self.assertEqual(len(trace), len(PRML["trace"]))
        for entry, expected in zip(trace, PRML["trace"]):
            self.assert_close(entry["elbo_e"], expected["elbo"])
            for name in "expected_log_x", "expected_log_z", "entropy", "kl_weights":
                self.assert_close(entry[name], expected[name])
            self.assert_close(sum(entry["kl_components"]), expected["kl_components"])
            self.assertIsNone(entry["log_likelihood"])

    def test_posterior(self):
        # The posterior is that of the last assignment, which the next update would begin from.
        result = self.fit_reference("--output", self.path("model.h5"), updates=len(PRML["trace"]) - 2)
        self.assert_close(posterior(result, "weight", "concentration"), PRML["alpha"])
        self.assert_close(posterior(result, "hyperparameters", "mu0"), PRML["m"])
        self.assert_close(posterior(result, "hyperparameters", "nu0"), PRML["nu"])
        self.assert_close(posterior(result, "hyperparameters", "kappa0"), PRML["beta"])
        self.assert_close(posterior(result, "hyperparameters", "psi0"), np.linalg.inv(PRML["W"]))
        with h5py.File(self.path("model.h5")) as model:
            saved = model["posterior"]
            for name in "mu0", "kappa0", "nu0", "psi0":
                self.assertTrue(np.array_equal(saved["hyperparameters"][name][:],
                                               posterior(result, "hyperparameters", name)))  # fmt: skip
            for name in "mean", "mode", "lower", "upper":
                self.assertTrue(np.array_equal(saved[name]["mean"][:], posterior(result, name, "mean")))
            for name in "mean", "lower", "upper", "concentration":
                self.assertTrue(np.array_equal(saved["weights"][name][:], posterior(result, "weight", name)))
            self.assertEqual(saved["level"][()], 0.95)
            self.assertTrue(np.array_equal(model["trace/kl_components"][:],
                                           [entry["kl_components"] for entry in result["trace"]]))  # fmt: skip
        described = json.loads(subprocess.run([MIXFAM, "describe", self.path("model.h5"), "--json"],
                                              capture_output=True, text=True, check=True).stdout)  # fmt: skip
        self.assertEqual(described["components"], result["components"])
        self.assertEqual(described["trace"], result["trace"])

    def test_terms_add_up(self):
        for entry in self.fit_reference("--verify")["trace"]:
            terms = (entry["expected_log_x"], entry["expected_log_z"], entry["entropy"], -entry["kl_weights"],
                     -sum(entry["kl_components"]))  # fmt: skip
            self.assert_close(sum(terms), entry["elbo_e"], 1e-12)
            if entry["iteration"] > 0:
                self.assertLessEqual(entry["residual"], 1e-12 * abs(entry["elbo_e"]))

    def test_log_likelihood_is_that_of_the_mixture(self):
        result = self.fit_reference()
        density = 0
        for component in result["components"]:
            mean, covariance = (np.array(component["parameters"][name]) for name in ("mean", "covariance"))
            whitened = np.linalg.solve(np.linalg.cholesky(covariance), (self.faithful - mean).T)
            scale = 2 * np.pi * np.sqrt(np.linalg.det(covariance))
            density = density + component["weight"] * np.exp(-0.5 * np.sum(whitened**2, axis=0)) / scale
        self.assert_close(result["log_likelihood"], np.sum(np.log(density)))

    def test_trace_file(self):
        result = self.fit_reference("--trace", self.path("trace.csv"))
        lines = (self.folder / "trace.csv").read_text().splitlines()
        for row, entry in zip(csv.DictReader(lines), result["trace"], strict=True):
            self.assertEqual(row["log_likelihood"], "")
            self.assertEqual(float(row["expected_log_x"]), entry["expected_log_x"])
            self.assertEqual([float(row[f"kl_component_{k}"]) for k in range(3)], entry["kl_components"])

    def test_report(self):
        outcome = self.run_fit(FAITHFUL, "--family", "gaussian", "--components", 3, "--update", "vb", "--prior",
                               self.prior, "--start", self.start, "--tolerance", 0, "--max-iterations", 59)  # fmt: skip
        for word in ("-1209.34535", "E[log p(X|Z)]", "E[log p(Z)]", "KL weights", "KL components", "Posterior", "2.5 %",
                     "97.5 %", "ELBO", "variational Bayes"):  # fmt: skip
            self.assertIn(word, outcome.stdout)
        tables = [line for line in outcome.stdout.splitlines() if line.startswith("  ")]
        self.assertLessEqual(max(map(len, tables)), 100)


class VariationalBayes(ProgramTest):
    def test_elbo_never_decreases(self):
        counts = np.random.default_rng(3).poisson(np.repeat([[2, 9], [7, 1]], 60, axis=0)).astype(float)
        data = self.write("counts.h5", {"X": counts})
        for family in ("gaussian", "gaussian:covariance=diagonal", "gaussian:covariance=spherical",
                       "gaussian:covariance=tied", "exponential", "poisson", "geometric",
                       "gaussian(0) * poisson(1)"):  # fmt: skip
            for assign in "soft", "hard":
                for prior in "dirichlet", "stick-breaking", "fixed":
                    with self.subTest(family=family, assign=assign, weights=prior):
                        result = self.fit(data, "--family", family, "--components", 3, "--update", "vb", "--assign",
                                          assign, "--weights", prior)  # fmt: skip
                        self.assertEqual(result["verdict"], "converged")
                        bounds = np.array([entry["elbo_e"] for entry in result["trace"]])
                        self.assertTrue(np.all(np.diff(bounds) >= -1e-12 * np.abs(bounds[1:])))

    def test_stick_breaking_empties_spare_components(self):
        prior = self.write_json("p.json", {
            "weights": {"prior": "stick-breaking", "concentration": 0.1},
            "components": {"mu0": self.faithful.mean(axis=0).tolist(), "kappa0": 0.1, "nu0": 4,
                           "psi0": np.cov(self.faithful.T).tolist()},
        })  # fmt: skip
        result = self.fit_faithful("--update", "vb", "--prior", prior, "--tolerance", "1e-8", components=8)
        counts = np.array(result["trace"][-1]["counts"])
        self.assertGreaterEqual(np.sum(counts < 0.01), 5)
        np.testing.assert_allclose(np.sort(weights(result))[-2:], [0.356, 0.644], atol=0.03)
        self.assertEqual(result["prior"]["weights"], {"prior": "stick-breaking", "concentration": 0.1})
        self.assertIsNone(result["components"][0]["posterior"]["weight"]["concentration"])

    def test_proper_prior_is_needed(self):
        self.refused("prior", arguments=["--update", "vb", "--prior", "flat"])
        self.refused("proper", arguments=["--update", "vb", "--prior", self.write_json("p.json", {"mu0": 1})])
        gamma = self.run_fit(FAITHFUL, "--family", "gamma", "--components", 2, "--update", "vb")
        self.assertEqual(gamma.returncode, USAGE)
        self.assertIn("gamma", gamma.stderr)


class FlatPrior(ProgramTest):
    def test_is_maximum_likelihood(self):
        flat = self.fit_faithful("--update", "map", "--prior", "flat")
        ml = self.fit_faithful()
        self.assertEqual(flat["log_likelihood"], ml["log_likelihood"])
        self.assertEqual(flat["components"], ml["components"])


class Weights(ProgramTest):
    def test_fixed_weights_stay(self):
        start = self.write("start.h5", {"weights": [0.3, 0.7], "components/mean": [[2.0, 54.0], [4.3, 80.0]],
                                        "components/covariance": [np.diag([0.1, 36.0])] * 2})  # fmt: skip
        for update in "ml", "map", "vb", "sampled":
            result = self.fit_faithful("--weights", "fixed", "--start", start, "--update", update, "--max-iterations", 3,
                                       components=2)  # fmt: skip
            self.assert_close(weights(result), [0.3, 0.7], ROUND_OFF)
            self.assertEqual(result["options"]["weights"], "fixed")
            if update != "ml":
                self.assert_close(posterior(result, "weight", "mean"), [0.3, 0.7], ROUND_OFF)

    def test_one_concentration_for_each_component(self):
        R = np.random.default_rng(2).dirichlet([1, 1], len(self.faithful))
        prior = self.write_json("p.json", {"weights": {"concentration": [2, 5]}})
        result = self.fit_faithful("--update", "map", "--prior", prior, "--max-iterations", 0, "--start",
                                   self.write("r.h5", {"responsibilities": R}), components=2)  # fmt: skip
        self.assert_close(weights(result), (R.sum(axis=0) + [1, 4]) / (len(R) + 5))
        self.assertEqual(result["prior"]["weights"]["concentration"], [2, 5])

    def test_refused(self):
        fixed = self.write_json("p.json", {"weights": {"prior": "fixed"}})
        for words, arguments in (
            (["stick-breaking", "vb"], ["--update", "map", "--weights", "stick-breaking"]),
            (["--weights", "ml"], ["--weights", "dirichlet"]),
            (["fixed", "dirichlet"], ["--update", "map", "--prior", fixed, "--weights", "dirichlet"]),
            (["concentration"], ["--update", "map", "--prior",
                                 self.write_json("q.json", {"weights": {"prior": "fixed", "concentration": 2}})]),
            (["'beta'", "dirichlet"], ["--update", "map", "--prior",
                                       self.write_json("r.json", {"weights": {"prior": "'beta'"}})]),
            (["concentrations", "2"], ["--update", "map", "--prior",
                                       self.write_json("s.json", {"weights": {"concentration": [1, 2, 3]}})]),
        ):  # fmt: skip
            with self.subTest(arguments=arguments):
                self.refused(*words, arguments=arguments)


class PosteriorOfOneComponent(ProgramTest):
    """K = 1: every row belongs to the component, and the posterior has a closed form."""

    def test_gaussian(self):
        X, (n, d) = self.faithful, self.faithful.shape
        mu0, kappa0, nu0, psi0 = np.array([3.0, 70.0]), 2.0, 6.0, np.array([[1.0, 2.0], [2.0, 90.0]])
        prior = self.write_json("p.json", {"weights": {"concentration": 1}, "components": {
            "mu0": mu0.tolist(), "kappa0": kappa0, "nu0": nu0, "psi0": psi0.tolist()}})  # fmt: skip
        component = self.fit_faithful("--update", "map", "--prior", prior, components=1)["components"][0]
        mean = X.mean(axis=0)
        kappa, nu = kappa0 + n, nu0 + n
        m = (kappa0 * mu0 + n * mean) / kappa
        psi = psi0 + n * np.cov(X.T, ddof=0) + kappa0 * n / kappa * np.outer(mean - mu0, mean - mu0)
        found = component["posterior"]
        for name, expected in ("mu0", m), ("kappa0", kappa), ("nu0", nu), ("psi0", psi):
            self.assert_close(found["hyperparameters"][name], expected)
        self.assert_close(found["mean"]["mean"], m)
        self.assert_close(found["mean"]["covariance"], psi / (nu - d - 1))
        self.assert_close(found["mode"]["covariance"], psi / (nu + d + 2))
        self.assert_close(found["mode"]["covariance"], component["parameters"]["covariance"])
        self.assertEqual((found["weight"]["mean"], found["level"]), (1, 0.95))
        half = student_t_quantile_975(nu - d + 1) * np.sqrt(np.diag(psi) / (kappa * (nu - d + 1)))
        self.assert_close(found["upper"]["mean"], m + half)
        self.assert_close(found["lower"]["mean"], m - half)

    def test_exponential(self):
        prior = self.write_json("p.json", {"shape": 3, "rate": 2})
        component = self.fit(FAITHFUL, "--family", "exponential", "--components", 1, "--update", "map", "--prior",
                             prior)["components"][0]  # fmt: skip
        found, n, total = component["posterior"], len(self.faithful), self.faithful.sum(axis=0)
        self.assert_close(found["hyperparameters"]["shape"], [n + 3] * 2)
        self.assert_close(found["hyperparameters"]["rate"], total + 2)
        self.assert_close(found["mean"]["rate"], (n + 3) / (total + 2))
        self.assert_close(found["mode"]["rate"], (n + 2) / (total + 2))


class Sampling(ProgramTest):
    METHODS = {
        "stochastic EM": ["--assign", "sampled"],
        "Gibbs": ["--update", "sampled", "--assign", "sampled"],
        "sampled parameters": ["--update", "sampled"],
        "stepwise": ["--batch-rows", "16"],
        "stochastic variational inference": ["--update", "vb", "--batch-rows", "16"],
    }

    def test_reproducible_by_seed(self):
        for name, arguments in self.METHODS.items():
            with self.subTest(method=name):
                once, again, other = (self.fit_faithful(*arguments, "--seed", seed, "--max-iterations", 20, components=2)
                                      for seed in (4, 4, 5))  # fmt: skip
                self.assertEqual(once, again)
                if "sampled" in arguments:
                    self.assertNotEqual(once["components"], other["components"])

    def test_gibbs_visits_the_posterior(self):
        result = self.fit_faithful("--update", "sampled", "--assign", "sampled", "--seed", 1, components=2)
        self.assertEqual((result["verdict"], result["iterations"]), ("max_iterations", 1000))
        objectives = np.array([entry["log_likelihood"] for entry in result["trace"][100:]])
        mode = self.fit_faithful("--update", "map", components=2)["log_likelihood"]
        # Minus twice the fall of the log likelihood is about chi-square with 11 degrees of freedom.
        self.assertLess(abs(np.mean(mode - objectives) - 5.5), 1.5)

    def test_sampling_is_quiet_about_its_end(self):
        outcome = self.run_fit(FAITHFUL, "--family", "gaussian", "--components", 2, "--assign", "sampled",
                               "--max-iterations", 5, "--quiet")  # fmt: skip
        self.assertEqual((outcome.returncode, outcome.stderr), (DONE, ""))


class Annealing(ProgramTest):
    def test_temperature_falls_to_one(self):
        result = self.fit_faithful("--temperature", 4, "--cooling", 0.5, components=2)
        self.assertEqual([entry["temperature"] for entry in result["trace"]][:4], [4, 2, 1, 1])
        self.assertEqual(result["verdict"], "converged")
        self.assertAlmostEqual(result["log_likelihood"], -1130.26396, delta=1e-5)

    def test_refused(self):
        self.refused("--cooling", "--temperature", arguments=["--cooling", "0.5"])
        self.refused("--temperature", arguments=["--temperature", "0.5"])
        self.refused("--cooling", arguments=["--temperature", "2", "--cooling", "1"])
        self.refused("--temperature", "soft", arguments=["--temperature", "2", "--assign", "hard"])


class Batches(ProgramTest):
    def test_approaches_the_optimum(self):
        start = self.write("start.h5", {"weights": [0.4, 0.6], "components/mean": [[2.0, 54.0], [4.3, 80.0]],
                                        "components/covariance": [np.diag([0.1, 36.0])] * 2})  # fmt: skip
        for update, quantity in ("ml", "log_likelihood"), ("vb", "objective"):
            with self.subTest(update=update):
                best = self.fit_faithful("--update", update, "--start", start, components=2)[quantity]
                result = self.fit_faithful("--update", update, "--start", start, "--batch-rows", 34, "--max-iterations",
                                           200, "--tolerance", 0, components=2)  # fmt: skip
                self.assertLess(abs(result[quantity] - best), 0.05)
                self.assertLess(abs(result[quantity] - best), abs(result["trace"][1]["objective"] - best))

    def test_refused(self):
        self.refused("--forgetting", "--batch-rows", arguments=["--forgetting", "0.8"])
        self.refused("--forgetting", arguments=["--batch-rows", "10", "--forgetting", "0.5"])
        self.refused("--batch-rows", arguments=["--batch-rows", "0"])
        self.refused("--verify", arguments=["--batch-rows", "10", "--verify"])


class Degenerate(ProgramTest):
    """A component that sits on rows all equal has no covariance."""

    def setUp(self):
        super().setUp()
        self.data = self.write("x.h5", {"X": np.concatenate([np.zeros((50, 2)), self.faithful])})
        self.start = self.write("start.h5", {
            "weights": [0.2, 0.3, 0.5], "components/mean": [[0.0, 0.0], [2.0, 54.0], [4.3, 80.0]],
            "components/covariance": [np.eye(2) * 1e-3, np.diag([0.1, 36.0]), np.diag([0.2, 36.0])],
        })  # fmt: skip

    def fit_policy(self, policy, status=DONE):
        arguments = ["--degenerate", policy, "--max-iterations", 200, "--output", self.path("model.h5")]
        return self.fit(self.data, "--family", "gaussian", "--components", 3, "--start", self.start, *arguments,
                        status=status)  # fmt: skip

    def events(self, result):
        return " ".join(event for entry in result["trace"] for event in entry["events"])

    def test_error(self):
        self.assertEqual(self.fit_policy("error", NUMERICAL)["verdict"], "degenerate")

    def test_drop(self):
        result = self.fit_policy("drop")
        self.assertEqual(len(result["components"]), 2)
        self.assertIn("dropped: component 0", self.events(result))
        self.assertEqual([len(result["trace"][t]["counts"]) for t in (0, -1)], [3, 2])
        self.assertAlmostEqual(weights(result).sum(), 1, places=12)
        described = json.loads(subprocess.run([MIXFAM, "describe", self.path("model.h5"), "--json"],
                                              capture_output=True, text=True, check=True).stdout)  # fmt: skip
        self.assertEqual(described["trace"], result["trace"])
        text = self.run_fit(self.data, "--family", "gaussian", "--components", 3, "--start", self.start, "--degenerate",
                            "drop", "--trace", self.path("trace.csv")).stdout  # fmt: skip
        self.assertIn("2 components of gaussian", text)
        self.assertIn("dropped", text)
        lines = (self.folder / "trace.csv").read_text().splitlines()
        rows = list(csv.DictReader(lines))
        self.assertEqual((rows[0]["count_2"] != "", rows[-1]["count_2"]), (True, ""))

    def test_keep(self):
        result = self.fit_policy("keep")
        self.assertEqual(len(result["components"]), 3)
        self.assertIn("kept: component 0", self.events(result))

    def test_reseed(self):
        outcome = self.run_fit(self.data, "--family", "gaussian", "--components", 3, "--start", self.start,
                               "--degenerate", "reseed", "--max-iterations", 200, "--json", "--quiet")  # fmt: skip
        self.assertIn(outcome.returncode, (DONE, NUMERICAL))
        result = json.loads(outcome.stdout)
        self.assertEqual(len(result["components"]), 3)
        self.assertIn("reseeded: component 0", self.events(result))


class ModelFile(ProgramTest):
    def test_wide_model_with_its_prior(self):
        """The options hold the prior, which is beyond what an HDF5 attribute can hold."""
        data = self.write("wide.h5", {"X": np.random.default_rng(1).normal(size=(200, 80))})
        model = self.path("model.h5")
        result = self.fit(data, "--family", "gaussian", "--components", 1, "--update", "map", "--output", model)
        described = json.loads(subprocess.run([MIXFAM, "describe", model, "--json"], capture_output=True, text=True,
                                              check=True).stdout)  # fmt: skip
        self.assertGreater(len(json.dumps(result["options"])), 1 << 16)
        self.assertLessEqual(result["options"].items(), described["options"].items())
        self.assertEqual(described["components"], result["components"])


class Divergence(ProgramTest):
    def run_divergence(self, *arguments):
        command = [MIXFAM, "divergence", *map(str, arguments), "--json"]
        return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    def test_one_model(self):
        model = self.path("model.h5")
        result = self.fit_faithful("--output", model, components=2)
        found = self.run_divergence(model, "--draws", 4000)
        means, covariances = ([np.array(component["parameters"][name]) for component in result["components"]]
                              for name in ("mean", "covariance"))  # fmt: skip
        for j in range(2):
            for k in range(2):
                inverse, d = np.linalg.inv(covariances[k]), means[k] - means[j]
                expected = 0.5 * (np.trace(inverse @ covariances[j]) + d @ inverse @ d - 2
                                  + np.linalg.slogdet(covariances[k])[1] - np.linalg.slogdet(covariances[j])[1])
                self.assert_close(found["kl"][j][k], expected, AGREEMENT, 1e-12)
        overlap = np.array(found["overlap"]["value"])
        np.testing.assert_allclose(overlap.sum(axis=1), 1, atol=1e-12)
        self.assertGreater(overlap[0, 0], 0.98)

    def test_two_models(self):
        models = [self.path(f"{k}.h5") for k in (1, 2)]
        for components, model in zip((1, 2), models):
            self.fit_faithful("--output", model, components=components)
        found = self.run_divergence(*models, "--draws", 20000)
        for direction in "kl_pq", "kl_qp":
            self.assertGreater(found[direction]["value"], 5 * found[direction]["standard_error"])
        same = self.run_divergence(models[1], models[1])
        self.assertEqual((same["kl_pq"]["value"], same["kl_pq"]["standard_error"]), (0, 0))
        self.assertEqual(found, self.run_divergence(*models, "--draws", 20000))

    def text_of(self, *models):
        return subprocess.run([MIXFAM, "divergence", *models], capture_output=True, text=True, check=True).stdout

    def test_single_components_in_closed_form(self):
        halves = {"all.h5": self.faithful, "some.h5": self.faithful[:100]}
        models = []
        for name, X in halves.items():
            models.append(self.path("model_" + name))
            self.fit(self.write(name, {"X": X}), "--family", "gaussian", "--components", 1, "--output", models[-1])
        (m, A), (n, B) = ((X.mean(axis=0), np.cov(X.T, bias=True)) for X in halves.values())
        expected = 0.5 * (np.trace(np.linalg.inv(B) @ A) + (n - m) @ np.linalg.inv(B) @ (n - m) - 2
                          + np.linalg.slogdet(B)[1] - np.linalg.slogdet(A)[1])  # fmt: skip
        found = self.run_divergence(*models)
        self.assert_close(found["kl_pq"]["value"], expected, AGREEMENT)
        self.assertEqual((found["kl_pq"]["standard_error"], found["kl_qp"]["standard_error"]), (0, 0))
        self.assertNotIn("draws", self.text_of(*models))

    def test_infinite(self):
        data = self.write("x.h5", {"X": np.array([[0], [0], [1]])})
        both = self.path("both.h5")
        start = self.write("start.h5", {"weights": [0.5, 0.5], "components/probability": [[0.25], [0.0]]})
        self.fit(data, "--family", "bernoulli", "--components", 2, "--start", start, "--max-iterations", 0,
                 "--output", both)  # fmt: skip
        kl = self.run_divergence(both, "--draws", 100)["kl"]
        self.assertEqual((kl[0][0], kl[0][1], kl[1][1]), (0, "infinite", 0))
        self.assert_close(kl[1][0], -np.log(0.75))
        self.assertIn("infinite", self.text_of(both))

        zeros, some = self.path("zeros.h5"), self.path("some.h5")
        self.fit(self.write("zeros_x.h5", {"X": np.array([[0], [0]])}), "--family", "bernoulli", "--components", 1,
                 "--output", zeros)  # fmt: skip
        self.fit(data, "--family", "bernoulli", "--components", 1, "--output", some)
        found = self.run_divergence(some, zeros)
        self.assertEqual(found["kl_pq"], {"value": "infinite", "standard_error": 0})
        self.assert_close(found["kl_qp"]["value"], -np.log(2 / 3))
        self.assertIn("infinite", self.text_of(some, zeros))
        self.assertEqual(self.run_divergence(both, zeros)["kl_pq"]["value"], "infinite")


class NestedProducts(ProgramTest):
    def test_a_model_is_fitted_saved_described_and_fitted_again(self):
        data = self.write("x.h5", {"X": np.column_stack([self.faithful, self.faithful[:, 0] ** 2])})
        flat = self.fit(data, "--family", "gaussian(2) * exponential(1) * exponential(0)", "--components", 2)
        family, model = "gaussian(2) * (exponential(1) * (exponential(0))(0))(0,1)", self.path("model.h5")
        nested = self.fit(data, "--family", family, "--components", 2, "--output", model)
        self.assert_close(nested["log_likelihood"], flat["log_likelihood"], AGREEMENT)
        described = json.loads(subprocess.run([MIXFAM, "describe", model, "--json"], capture_output=True, text=True,
                                              check=True).stdout)  # fmt: skip
        self.assertEqual(described["components"], nested["components"])
        again = self.fit(data, "--family", family, "--components", 2, "--start", model, "--max-iterations", 0)
        self.assertEqual(again["components"], nested["components"])


class Categories(ProgramTest):
    def test_labels(self):
        random = np.random.default_rng(5)
        kinds = np.array(["blue", "green", "red"])[random.choice(3, 200, p=[0.5, 0.3, 0.2])]
        data = self.write("kinds.h5", {"kind": kinds.astype("S")}) + ":/kind"
        result = self.fit(data, "--family", "categorical", "--components", 1, "--output", self.path("model.h5"))
        self.assertEqual(result["data"]["categories"], [["blue", "green", "red"]])
        frequencies = [np.mean(kinds == kind) for kind in ("blue", "green", "red")]
        self.assert_close(result["components"][0]["parameters"]["probabilities"], [frequencies])
        self.assertIn("probabilities[green]", self.run_fit(data, "--family", "categorical", "--components", 1).stdout)
        described = subprocess.run([MIXFAM, "describe", self.path("model.h5")], capture_output=True, text=True, check=True)
        self.assertIn("probabilities[green]", described.stdout)

    def test_codes(self):
        data = self.write("codes.h5", {"X": np.array([[7, 1], [9, 1], [9, 2], [7, 4]])})
        result = self.fit(data, "--family", "categorical", "--components", 1)
        self.assertEqual(result["data"]["categories"], [[7, 9], [1, 2, 4]])
        self.assert_close(result["components"][0]["parameters"]["probabilities"], [[0.5, 0.5, 0], [0.5, 0.25, 0.25]])


if __name__ == "__main__":
    outcome = unittest.TextTestRunner(stream=sys.stderr, verbosity=1).run(
        unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__]))
    failed = len(outcome.failures) + len(outcome.errors)
    print(f"{outcome.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed or outcome.testsRun == 0 else 0)

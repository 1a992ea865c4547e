"""The program from outside: HDF5 files and options in, result, files and exit status out.

Run with the program's path in the environment variable MIXFAM, by a Python that has numpy and h5py.
The expected numbers come from formulas written here, independently of the library.
"""

import csv
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest
import zlib

import h5py
import numpy as np

MIXFAM = os.environ.get("MIXFAM", "mixfam")
ROOT = pathlib.Path(__file__).resolve().parents[2]
FAITHFUL = str(ROOT / "data" / "faithful.h5")
IRIS = str(ROOT / "data" / "iris.h5")

DONE, INTERNAL, USAGE, DATA, NUMERICAL, WRITE = 0, 1, 2, 3, 5, 6

# Sums of a few hundred terms in another order than the library's.
ROUND_OFF = 1e-11


def run(*arguments, **options):
    return subprocess.run([MIXFAM, *map(str, arguments)], capture_output=True, text=True, timeout=120, **options)


def gaussian_log_density(X, mean, covariance):
    residual = X - mean
    factor = np.linalg.cholesky(covariance)
    whitened = np.linalg.solve(factor, residual.T)
    return (
        -0.5 * np.sum(whitened**2, axis=0)
        - np.sum(np.log(np.diag(factor)))
        - 0.5 * X.shape[1] * np.log(2 * np.pi)
    )


def exponential_log_density(X, rate):
    return np.sum(np.log(rate) - rate * X, axis=1)


def parameter(result, k, *path):
    value = result["components"][k]["parameters"]
    for name in path:
        value = value[name]
    return np.array(value)


def weights(result):
    return np.array([component["weight"] for component in result["components"]])


def log_likelihood(result, X):
    """sum_n log sum_k w_k p_k(x_n), for the families gaussian and exponential."""
    joint = []
    for component in result["components"]:
        parameters = {name: np.array(value) for name, value in component["parameters"].items()}
        density = exponential_log_density if "rate" in parameters else gaussian_log_density
        joint.append(np.log(component["weight"]) + density(X, **parameters))
    return np.sum(np.logaddexp.reduce(joint, axis=0))


class CliTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        with h5py.File(FAITHFUL, "r") as file:
            self.faithful = file["X"][:]

    def path(self, name):
        return str(self.folder / name)

    def write(self, name, datasets, attributes=None, columns=None):
        """An HDF5 file of the given data sets; `columns` names the columns of all of them."""
        with h5py.File(self.path(name), "w") as file:
            for path, values in datasets.items():
                file[path] = values
                if columns:
                    file[path].attrs["columns"] = columns
            for key, value in (attributes or {}).items():
                file.attrs[key] = value
        return self.path(name)

    def write_json(self, name, document):
        (self.folder / name).write_text(document if isinstance(document, str) else json.dumps(document))
        return self.path(name)

    def fit(self, *arguments, status=DONE):
        """The document of a fit that ends with `status`."""
        outcome = run("fit", *arguments, "--json", "--quiet")
        self.assertEqual(outcome.returncode, status, outcome.stderr)
        return json.loads(outcome.stdout)

    def fit_gaussian(self, *arguments, components=2, status=DONE):
        return self.fit(FAITHFUL, "--family", "gaussian", "--components", components, *arguments, status=status)

    def refused(self, status, *words, arguments):
        """The run ends with `status`, says all of `words`, prints no result and leaves no file behind."""
        before = sorted(os.listdir(self.folder))
        outcome = run(*arguments)
        self.assertEqual(outcome.returncode, status, outcome.stderr)
        self.assertEqual(outcome.stdout, "")
        self.assertIn("mixfam: ", outcome.stderr)
        for word in words:
            self.assertIn(word, outcome.stderr)
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def data_refused(self, file, *words, family="gaussian", components=1, more=()):
        output = ("--output", self.path("out.h5"), "--trace", self.path("out.csv"))
        arguments = ("fit", file, "--family", family, "--components", components, "--quiet", *output, *more)
        self.refused(DATA, *words, arguments=arguments)

    def assert_close(self, actual, expected, relative=ROUND_OFF):
        np.testing.assert_allclose(actual, expected, rtol=relative, atol=0)


class KnownAnswer(CliTest):
    def test_old_faithful(self):
        result = self.fit_gaussian("--seed", 1, "--restarts", 5)
        self.assertAlmostEqual(result["log_likelihood"], -1130.26396, delta=1e-5)
        np.testing.assert_allclose(sorted(weights(result)), [0.356, 0.644], atol=5e-4)
        self.assertEqual(result["verdict"], "converged")
        self.assertEqual(len(result["restarts"]), 5)
        self.assert_close(log_likelihood(result, self.faithful), result["log_likelihood"])

    def test_information_criteria(self):
        result = self.fit_gaussian("--seed", 1)
        n, p, fit = len(self.faithful), 11, result["log_likelihood"]
        self.assertEqual(result["parameters_count"], p)
        self.assert_close(result["aic"], -2 * fit + 2 * p)
        self.assert_close(result["bic"], -2 * fit + p * np.log(n))
        self.assert_close(result["icl"], result["bic"] + 2 * result["trace"][-1]["entropy"])

    def test_explicit_start(self):
        start = self.write(
            "start.h5",
            {
                "weights": [0.5, 0.5],
                "components/mean": [[2.0, 55.0], [4.5, 80.0]],
                "components/covariance": [[[1.0, 0.0], [0.0, 100.0]]] * 2,
            },
        )
        result = self.fit_gaussian("--start", start, "--tolerance", 1e-10)
        self.assertAlmostEqual(result["log_likelihood"], -1130.26396, delta=1e-5)
        first = result["trace"][0]
        expected = log_likelihood(
            {
                "components": [
                    {"weight": 0.5, "parameters": {"mean": mean, "covariance": [[1, 0], [0, 100]]}}
                    for mean in ([2, 55], [4.5, 80])
                ]
            },
            self.faithful,
        )
        self.assert_close(first["log_likelihood"], expected)

    def test_one_component_is_the_sample_moments(self):
        result = self.fit_gaussian(components=1)
        self.assert_close(parameter(result, 0, "mean"), self.faithful.mean(axis=0))
        self.assert_close(parameter(result, 0, "covariance"), np.cov(self.faithful.T, ddof=0))

    def test_offset_leaves_the_covariance(self):
        offset = 1e8 * self.faithful.std(axis=0)
        moved = (self.faithful + offset) - offset  # the unmoved data with the rounding of the moved
        # To the maximum itself: on the way there the rounding of the far means makes a greater difference.
        arguments = ("--family", "gaussian", "--components", 2, "--tolerance", 0, "--max-iterations", 40)
        plain = self.fit(self.write("plain.h5", {"X": moved}), *arguments)
        far = self.fit(self.write("far.h5", {"X": moved + offset}), *arguments)
        for k in range(2):
            self.assert_close(parameter(far, k, "covariance"), parameter(plain, k, "covariance"), 1e-9)
        self.assert_close(far["log_likelihood"], plain["log_likelihood"], 1e-9)

    def test_exponential_on_generated_data(self):
        random = np.random.default_rng(7)
        X = np.concatenate([random.exponential(1.0, 3000), random.exponential(0.02, 3000)])[:, None]
        result = self.fit(self.write("x.h5", {"X": X}), "--family", "exponential", "--components", 2)
        rates = sorted(float(parameter(result, k, "rate")) for k in range(2))
        # Five standard errors of a rate estimated from about 3000 rows, widened for the unknown labels.
        np.testing.assert_allclose(rates, [1.0, 50.0], rtol=5 * 2 / np.sqrt(3000))
        self.assert_close(log_likelihood(result, X), result["log_likelihood"])

    def test_product_of_families(self):
        random = np.random.default_rng(3)
        z = random.random(2000) < 0.4
        a = np.where(z, random.normal(0, 1, 2000), random.normal(6, 1, 2000))
        b = np.where(z, random.exponential(1, 2000), random.exponential(5, 2000))
        data = self.write("x.h5", {"X": np.column_stack([b, a])}, columns=["b", "a"])
        result = self.fit(data, "--family", "gaussian(a) * exponential(b)", "--components", 2)
        joint = [
            np.log(weights(result)[k])
            + gaussian_log_density(
                a[:, None], parameter(result, k, "gaussian", "mean"), parameter(result, k, "gaussian", "covariance")
            )
            + exponential_log_density(b[:, None], parameter(result, k, "exponential", "rate"))
            for k in range(2)
        ]
        self.assert_close(np.sum(np.logaddexp.reduce(joint, axis=0)), result["log_likelihood"])
        self.assertEqual(result["data"]["columns"], ["b", "a"])
        text = run("fit", data, "--family", "gaussian(a) * exponential(b)", "--components", 2).stdout
        self.assertIn("gaussian/mean", text)
        self.assertIn("exponential/rate", text)


class Document(CliTest):
    KEYS = {
        "mixfam", "data", "family", "components", "update", "assign", "seed", "verdict", "message",
        "remaining_gain", "iterations", "log_likelihood", "log_prior", "objective", "parameters_count", "aic", "bic",
        "icl", "suspicious", "best_restart", "agreeing_restarts", "restarts", "trace",
    }  # fmt: skip
    TRACE_KEYS = {
        "iteration", "log_likelihood", "log_prior", "objective", "q", "entropy", "elbo_e", "elbo_m", "kl",
        "gain_m", "gain_e", "counts", "events",
    }  # fmt: skip

    def test_schema(self):
        result = self.fit_gaussian("--seed", 7, "--restarts", 2)
        self.assertLessEqual(self.KEYS, set(result))
        self.assertEqual(result["data"]["path"], "/X")
        self.assertEqual(result["data"]["rows"], 272)
        self.assertEqual(result["data"]["columns"], ["eruptions", "waiting"])
        self.assertEqual((result["update"], result["assign"], result["seed"]), ("ml", "soft", 7))
        self.assertEqual(parameter(result, 0, "mean").shape, (2,))
        self.assertEqual(parameter(result, 0, "covariance").shape, (2, 2))
        self.assertLessEqual(
            {"restart", "seed", "verdict", "objective", "log_likelihood", "iterations", "suspicious", "message"},
            set(result["restarts"][0]),
        )
        self.assertEqual(
            {"rows_per_parameter", "data_eigenvalue", "components_eigenvalue", "suspicious"},
            set(result["soundness"][0]),
        )
        self.assertNotIn("prior", result)
        self.assertEqual([entry["iteration"] for entry in result["trace"]], list(range(result["iterations"] + 1)))
        for entry in result["trace"]:
            self.assertLessEqual(self.TRACE_KEYS, set(entry))
            self.assertNotIn("residual", entry)
            self.assertAlmostEqual(sum(entry["counts"]), 272, places=8)
        self.assertIsNone(result["trace"][0]["elbo_m"])
        self.assertEqual(result["trace"][-1]["log_likelihood"], result["log_likelihood"])

    def test_best_of_the_restarts(self):
        result = self.fit_gaussian("--restarts", 6, "--start", "random", components=4, status=DONE)
        whole = [r for r in result["restarts"] if r["verdict"] in ("converged", "max_iterations")]
        best = max(r["objective"] for r in whole if not r["suspicious"])
        self.assertEqual(result["objective"], best)
        agreeing = [r for r in whole if not r["suspicious"] and abs(r["objective"] - best) <= 0.01]
        self.assertEqual(result["agreeing_restarts"], len(agreeing))
        alone = self.fit_gaussian("--seed", agreeing[-1]["seed"], "--start", "random", components=4)
        self.assertEqual(alone["objective"], agreeing[-1]["objective"])

    def test_spurious_maxima(self):
        """Six components for 150 rows of four columns: some starts shrink onto few of them."""
        model = ["--family", "gaussian", "--components", 6]
        arguments = [*model, "--restarts", 40, "--seed", 1]
        sound = self.fit(IRIS, *arguments)
        likely = self.fit(IRIS, *arguments, "--prefer", "likelihood")
        self.assertGreater(likely["objective"], sound["objective"])
        self.assertFalse(sound["suspicious"])
        self.assertTrue(likely["suspicious"])
        self.assertIn(f"start {likely['best_restart']} (seed ", sound["message"])
        self.assertEqual(sound["restarts"], likely["restarts"])
        suspicious = next(r for r in sound["restarts"] if r["suspicious"] and r["verdict"] == "converged")
        run_alone = ["fit", IRIS, *model, "--seed", suspicious["seed"]]
        alone = run(*run_alone)
        self.assertEqual(alone.returncode, DONE)
        self.assertIn("warning: converged", alone.stderr)
        for text in alone.stderr, alone.stdout:
            self.assertIn("may be a spurious maximum: component", text)
        self.assertRegex(alone.stdout, r"rows/parameter .* in components")
        mixture = json.loads(run(*run_alone, "--json").stdout)
        covariances = [parameter(mixture, k, "covariance") for k in range(6)]
        with h5py.File(IRIS, "r") as file:
            rows = file[next(iter(file))][:]
        means = [np.cov(rows.T, bias=True), sum(w * C for w, C in zip(weights(mixture), covariances))]
        for k, found in enumerate(mixture["soundness"]):
            for name, M in zip(("data_eigenvalue", "components_eigenvalue"), means):
                expected = np.linalg.eigvals(np.linalg.solve(M, covariances[k])).real.min()
                self.assert_close(found[name], expected, 1e-6)
            thin = found["rows_per_parameter"] < 5 and found["components_eigenvalue"] < 1e-3
            self.assertEqual(found["suspicious"], thin)

    def check_identities(self, result):
        for entry in result["trace"]:
            self.assert_close(entry["q"] + entry["entropy"], entry["elbo_e"], 1e-12)
            self.assert_close(entry["elbo_e"] + entry["log_prior"], entry["objective"], 1e-12)
        for before, entry in zip(result["trace"], result["trace"][1:]):
            self.assert_close(entry["elbo_m"] + entry["kl"], entry["log_likelihood"], 1e-12)
            self.assertLessEqual(entry["residual"], 1e-12 * abs(entry["log_likelihood"]))
            gain = entry["objective"] - before["objective"]
            np.testing.assert_allclose(entry["gain_m"] + entry["gain_e"], gain, atol=1e-12 * abs(entry["objective"]))
            self.assertGreaterEqual(gain, -1e-12 * abs(entry["objective"]))

    def test_identities(self):
        for assign in "soft", "hard":
            for update in "ml", "map":
                with self.subTest(assign=assign, update=update):
                    result = self.fit_gaussian("--verify", "--assign", assign, "--update", update)
                    self.check_identities(result)
                    for entry in result["trace"]:
                        if assign == "soft":
                            self.assert_close(entry["elbo_e"], entry["log_likelihood"], 1e-12)
                        else:
                            self.assertEqual(entry["entropy"], 0)
                            self.assertLessEqual(entry["elbo_e"], entry["log_likelihood"])

    def test_rare_failures(self):
        """Ordinary zeros and ones: shares of failures fall below the rounding of 1, and their logarithms stay."""
        random = np.random.default_rng(2)
        shares = np.where(random.random((3, 8)) < 0.5, 1.0, random.random((3, 8)))
        X = (random.random((200, 8)) < shares[random.integers(0, 3, size=200)]).astype(np.uint8)
        data = self.write("bits.h5", {"X": X})
        arguments = (data, "--family", "bernoulli", "--components", 3)
        model = self.path("model.h5")
        result = self.fit(*arguments, "--verify", "--output", model)
        self.check_identities(result)
        for entry in result["trace"]:
            for name in "log_likelihood", "q", "elbo_e", "elbo_m", "kl", "gain_m", "gain_e":
                self.assertLess(abs(entry[name] or 0), 1e6, (entry["iteration"], name))
        self.assertEqual(list(result["components"][0]["parameters"]), ["probability"])
        with h5py.File(model) as file:
            probability = file["components/probability"][:]
            failure = (1 - probability) + file["components/complement_correction"][:]
        self.assertTrue(np.any((probability == 1) & (failure > 0)))
        loaded = self.fit(*arguments, "--start", model, "--max-iterations", 0)
        self.assertEqual(loaded["log_likelihood"], result["log_likelihood"])

    def test_criteria_of_the_last_iteration_come_from_the_parameters_returned(self):
        result = self.fit_gaussian("--max-iterations", 3)
        self.assertEqual((result["verdict"], result["iterations"]), ("max_iterations", 3))
        self.assert_close(log_likelihood(result, self.faithful), result["log_likelihood"])


class Text(CliTest):
    def test_report(self):
        outcome = run("fit", FAITHFUL, "--family", "gaussian", "--components", 2, "--seed", 1, "--restarts", 3)
        self.assertEqual(outcome.returncode, DONE)
        for word in (
            "-1130.26396", "eruptions", "waiting", "ELBO after M", "KL", "M-gain", "E-gain", "covariance", "0.6441",
            "AIC", "BIC", "ICL", "seed 1", "converged", "Starts",
        ):  # fmt: skip
            self.assertIn(word, outcome.stdout)
        self.assertLessEqual(max(map(len, outcome.stdout.splitlines())), 100)
        self.assertNotIn("\x1b", outcome.stdout + outcome.stderr)
        self.assertIn("start 2 (3 of 3)", outcome.stderr)

    def test_long_trace_is_abbreviated(self):
        arguments = ("fit", FAITHFUL, "--family", "gaussian", "--components", 5, "--tolerance", 0, "--max-iterations", 90)
        text = run(*arguments, "--update", "map").stdout
        self.assertIn("iterations left out", text)
        self.assertIn("--trace", text)

    def test_prior_is_shown(self):
        text = run("fit", FAITHFUL, "--family", "gaussian", "--components", 2, "--update", "map").stdout
        for word in "mu0", "kappa0 = 0.01", "nu0 = 4", "psi0", "concentration", "log prior":
            self.assertIn(word, text)

    def test_accelerated_steps_are_marked(self):
        trace, model = self.path("trace.csv"), self.path("model.h5")
        arguments = (
            "fit", FAITHFUL, "--family", "gaussian", "--components", 3, "--accelerate", "squarem", "--trace", trace,
            "--output", model,
        )  # fmt: skip
        report = run(*arguments).stdout
        self.assertIn("accelerated (squarem)", report)
        self.assertRegex(report, r"\n +\d+\*  ")
        self.assertIn("* extrapolated", report)
        result = self.fit(*arguments[1:])
        marks = [entry["accelerated"] for entry in result["trace"]]
        self.assertTrue(any(marks))
        self.assertEqual(result["options"]["accelerate"], "squarem")
        rows = list(csv.DictReader(pathlib.Path(trace).read_text().splitlines()))
        self.assertEqual([row["accelerated"] == "1" for row in rows], marks)
        with h5py.File(model) as file:
            self.assertEqual([bool(mark) for mark in file["trace/accelerated"][:]], marks)
        plain = self.fit_gaussian("--output", model)
        self.assertNotIn("accelerated", plain["trace"][0])
        with h5py.File(model) as file:
            self.assertNotIn("accelerated", file["trace"])

    def test_equal_components_are_left(self):
        # Hastie, Tibshirani and Friedman (2009), table 8.1. Two equal components are the fit of one.
        y = [-0.39, 0.12, 0.94, 1.67, 1.76, 2.44, 3.72, 4.28, 4.92, 5.53]
        y += [0.06, 0.48, 1.01, 1.68, 1.80, 3.25, 4.12, 4.60, 5.28, 6.22]
        data = self.write("y.h5", {"y": y})
        equal = {"weights": [0.5, 0.5], "components/mean": [[3], [3]], "components/covariance": [[[3]], [[3]]]}
        arguments = (data, "--family", "gaussian", "--components", 2, "--start", self.write("start.h5", equal))
        of_one = -10 * (math.log(2 * math.pi * np.var(y)) + 1)
        trace, model = self.path("trace.csv"), self.path("model.h5")
        left = self.fit(*arguments, "--trace", trace, "--output", model)
        self.assertEqual(left["verdict"], "converged")
        self.assertGreater(left["log_likelihood"], of_one + 1)
        marks = [entry["accelerated"] for entry in left["trace"]]
        self.assertEqual(sum(marks), 1)
        event = left["trace"][marks.index(True)]["events"][0]
        self.assertIn("left a saddle", event)
        self.assertIn("components 0 and 1 are equal", event)
        report = run("fit", *arguments, "--quiet").stdout
        self.assertRegex(report, r"\n +\d+\*  ")
        self.assertIn("* extrapolated\n", report)
        with h5py.File(model) as file:
            self.assertEqual([bool(mark) for mark in file["trace/accelerated"][:]], marks)

        kept = self.fit(*arguments, "--keep-saddle")
        self.assertEqual(kept["verdict"], "saddle")
        self.assertAlmostEqual(kept["log_likelihood"], of_one, delta=1e-9)
        outcome = run("fit", *arguments, "--keep-saddle", "--quiet")
        self.assertEqual(outcome.returncode, DONE)
        self.assertIn("saddle after", outcome.stderr)

        in_batches = (*arguments, "--batch-rows", 10, "--tolerance", 1e-4)
        left = self.fit(*in_batches)
        self.assertEqual(left["verdict"], "converged")
        self.assertGreater(left["log_likelihood"], of_one + 1)
        self.assertEqual(self.fit(*in_batches, "--keep-saddle")["verdict"], "saddle")
        self.refused(USAGE, "--keep-saddle", "--start FILE", arguments=("fit", *arguments[:-2], "--keep-saddle"))

    def test_hint_after_a_slow_fit(self):
        arguments = ("fit", FAITHFUL, "--family", "gaussian", "--components", 3, "--tolerance", 0, "--max-iterations")
        self.assertIn("--accelerate anderson", run(*arguments, 201).stderr)
        self.assertNotIn("hint", run(*arguments, 200).stderr)
        self.assertNotIn("hint", run(*arguments, 201, "--quiet").stderr)
        self.assertNotIn("hint", run(*arguments, 201, "--accelerate", "anderson").stderr)

    def test_merged_rows(self):
        random = np.random.default_rng(5)
        groups = random.integers(0, 2, size=(400, 1))
        X = (random.random((400, 5)) < np.where(groups == 0, 0.3, 0.7)).astype(np.uint8)
        data = self.write("bits.h5", {"X": X})
        start = self.write("start.h5", {"weights": [0.5, 0.5], "components/probability": [[0.4] * 5, [0.6] * 5]})
        arguments = (data, "--family", "bernoulli", "--components", 2, "--start", start)
        full, merged = self.fit(*arguments), self.fit(*arguments, "--merge-rows")
        self.assertEqual(merged["data"]["rows"], 400)
        self.assertEqual(merged["data"]["distinct_rows"], len(np.unique(X, axis=0)))
        self.assertNotIn("distinct_rows", full["data"])
        for name in "log_likelihood", "bic", "icl":
            self.assert_close(merged[name], full[name])
        self.assertIn("distinct rows", run("fit", *arguments, "--merge-rows").stdout)

    def test_quiet(self):
        arguments = ("fit", FAITHFUL, "--family", "gaussian", "--components", 2)
        self.assertEqual(run(*arguments, "--quiet").stderr, "")
        self.assertNotEqual(run(*arguments).stderr, "")

    def test_live_line_on_a_terminal(self):
        for no_color, escape in ("", True), ("1", False):
            environment = dict(os.environ, TERM="xterm", NO_COLOR=no_color)
            command = [MIXFAM, "fit", FAITHFUL, "--family", "gaussian", "--components", "2"]
            terminal, stderr = os.openpty()
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=stderr, env=environment)
            self.assertEqual(process.wait(60), DONE)
            os.close(stderr)
            self.assertEqual(b"\x1b[K" in os.read(terminal, 100000), escape)
            os.close(terminal)

    def test_help_and_version(self):
        for arguments, word in (
            (["--help"], "fit"),
            (["--version"], "mixfam "),
            (["fit", "--help"], "--components"),
            (["families", "--help"], "--json"),
            (["describe", "--help"], "FILE"),
        ):
            outcome = run(*arguments)
            self.assertEqual(outcome.returncode, DONE)
            self.assertIn(word, outcome.stdout)
            self.assertEqual(outcome.stderr, "")


class Files(CliTest):
    def test_save_and_load_keep_the_bits(self):
        model = self.path("model.h5")
        saved = self.fit_gaussian("--output", model, "--seed", 1)
        loaded = self.fit_gaussian("--start", model, "--max-iterations", 0)
        self.assertEqual(loaded["log_likelihood"], saved["log_likelihood"])
        self.assertEqual(loaded["components"], saved["components"])
        self.assertEqual(loaded["iterations"], 0)
        self.assertEqual(os.listdir(self.folder), ["model.h5"])

    def test_model_file_is_readable(self):
        model = self.path("model.h5")
        saved = self.fit_gaussian("--output", model, "--seed", 9)
        with h5py.File(model, "r") as file:
            np.testing.assert_array_equal(file["weights"][:], weights(saved))
            self.assertEqual(file["components/mean"].shape, (2, 2))
            self.assertEqual(file["components/covariance"].shape, (2, 2, 2))
            self.assertEqual(file.attrs["seed"], 9)
            self.assertEqual(file.attrs["family"], "gaussian")
            self.assertIsInstance(file.attrs["family"], str)

    def test_part_of_a_file_that_never_answers(self):
        """Opening a pipe waits for its writer; a file that hangs or crashes the HDF5 library ends the same way."""
        os.mkfifo(self.path("part.raw"))
        with h5py.File(self.path("x.h5"), "w") as file:
            file.create_dataset("X", shape=(8, 2), dtype="f8", external=[(self.path("part.raw"), 0, 128)])
        self.data_refused(self.path("x.h5"), "x.h5:/X", "came to no end", "damaged", "h5repack")

    def test_start_in_other_words(self):
        start = self.write("start.h5", {"weights": [0.5, 0.5], "components/gaussian/mean": [[2.0], [4.0]],
                                        "components/gaussian/covariance": [[[0.1]], [[0.2]]],
                                        "components/exponential/rate": [[0.02], [0.01]]},
                           attributes={"family": "exponential( waiting )* gaussian : covariance=full (eruptions)"})
        result = self.fit(FAITHFUL, "--family", "gaussian(0) * exponential(1)", "--components", 2, "--start", start,
                          "--max-iterations", 0)
        np.testing.assert_array_equal(weights(result), [0.5, 0.5])

    def test_checksum_of_model_file(self):
        model, edited = self.path("model.h5"), self.path("edited.h5")
        self.fit_gaussian("--output", model, "--seed", 9)
        content = (self.folder / "model.h5").read_bytes()
        self.assertEqual(content[:512].rstrip(b"\0").split(b"\n")[:3],
                         [b"mixfam model file", b"bytes %d" % (len(content) - 512),
                          b"crc32 %08x" % zlib.crc32(content[512:])])
        with h5py.File(model, "r+") as file:
            file["weights"][:] = [0.25, 0.75]
        for arguments in (("describe", model), ("divergence", model), ("fit", model + ":/components/mean"),
                          ("fit", FAITHFUL, "--start", model)):
            if arguments[0] == "fit":
                arguments += ("--family", "gaussian", "--components", 2)
            self.refused(DATA, "model.h5", "checksum differs", "copy or download it again", arguments=arguments)
        recipe = re.search("tail .*", run("describe", model).stderr)[0]
        subprocess.run(recipe, shell=True, check=True, cwd=self.folder)
        described = json.loads(run("describe", edited, "--json").stdout)
        np.testing.assert_array_equal(weights(described), [0.25, 0.75])
        started = self.fit_gaussian("--start", edited, "--max-iterations", 0)
        np.testing.assert_array_equal(weights(started), [0.25, 0.75])

    def test_described_model(self):
        model = self.path("model.h5")
        saved = self.fit_gaussian("--output", model, "--seed", 9, "--update", "map")
        described = json.loads(run("describe", model, "--json").stdout)
        self.assertEqual(described["kind"], "model")
        self.assertEqual(described["components"], saved["components"])
        self.assertEqual(described["trace"], saved["trace"])
        self.assertEqual(described["seed"], 9)
        self.assertLessEqual(saved["options"].items(), described["options"].items())
        for name in "verdict", "message", "instruction_set", "best_restart":
            self.assertEqual(described["options"][name], saved[name])
        self.assertEqual(described["options"]["rows"], 272)
        self.assertEqual(described["options"]["prior"], saved["prior"])
        text = run("describe", model).stdout
        for word in "gaussian", "eruptions", "covariance", "seed", "iterations":
            self.assertIn(word, text)

    def test_described_data(self):
        described = json.loads(run("describe", FAITHFUL, "--json").stdout)
        self.assertEqual(described["kind"], "data")
        (found,) = [thing for thing in described["objects"] if thing["path"] == "/X"]
        self.assertTrue(found["eligible"])
        self.assertEqual((found["shape"], found["columns"]), ([272, 2], ["eruptions", "waiting"]))
        self.assertIn("/X", run("describe", FAITHFUL).stdout)

    def test_wide_model_is_saved(self):
        random = np.random.default_rng(1)
        data = self.write("wide.h5", {"X": random.normal(size=(500, 70))})
        model = self.path("model.h5")
        self.fit(data, "--family", "gaussian", "--components", 1, "--update", "map", "--output", model)
        self.assertEqual(run("describe", model).returncode, DONE)

    def test_trace_file(self):
        trace = self.path("trace.csv")
        result = self.fit_gaussian("--trace", trace, "--verify")
        rows = list(csv.DictReader(pathlib.Path(trace).read_text().splitlines()))
        self.assertEqual(len(rows), len(result["trace"]))
        for row, entry in zip(rows, result["trace"]):
            for name in "log_likelihood", "objective", "q", "entropy", "elbo_e", "elbo_m", "kl", "gain_m", "residual":
                self.assertEqual(float(row[name]) if row[name] else None, entry[name])
            self.assertEqual([float(row["count_0"]), float(row["count_1"])], entry["counts"])

    def test_responsibilities(self):
        R = np.random.default_rng(5).dirichlet([1, 1], len(self.faithful))
        start = self.write("r.h5", {"responsibilities": R})
        result = self.fit_gaussian("--start", start, "--max-iterations", 0)
        for k in range(2):
            mean = R[:, k] @ self.faithful / R[:, k].sum()
            residual = self.faithful - mean
            self.assert_close(parameter(result, k, "mean"), mean)
            self.assert_close(parameter(result, k, "covariance"), (R[:, k] * residual.T) @ residual / R[:, k].sum())
        self.assert_close(weights(result), R.sum(axis=0) / len(R))

    def test_columns(self):
        one = self.fit(FAITHFUL, "--family", "gaussian", "--components", 1, "--columns", "waiting")
        self.assert_close(parameter(one, 0, "mean"), [self.faithful[:, 1].mean()])
        self.assertEqual(one["data"]["columns"], ["waiting"])
        swapped = self.fit(FAITHFUL, "--family", "gaussian", "--components", 1, "--columns", "1,0")
        self.assert_close(parameter(swapped, 0, "mean"), self.faithful.mean(axis=0)[::-1])

    def test_types_layouts_and_compound_tables(self):
        X = np.round(self.faithful * 10).astype("int32")
        expected = self.fit(self.write("int.h5", {"X": X}), "--family", "gaussian", "--components", 2)["log_likelihood"]
        with h5py.File(self.path("other.h5"), "w") as file:
            file.create_dataset("big_endian", data=X.astype(">f8"))
            file.create_dataset("packed", data=X.astype("float32"), chunks=(7, 1), compression="gzip")
            table = np.zeros(len(X), dtype=[("name", "S3"), ("a", "i8"), ("b", "f4")])
            table["a"], table["b"] = X.T
            file.create_dataset("table", data=table)
        for path, more in ("big_endian", ()), ("packed", ()), ("table", ("--columns", "a,b")):
            location = self.path("other.h5") + ":/" + path
            found = self.fit(location, "--family", "gaussian", "--components", 2, *more)["log_likelihood"]
            self.assertEqual(found, expected, path)


class Map(CliTest):
    """One M-step from given responsibilities against the closed forms of the posterior mode."""

    def setUp(self):
        super().setUp()
        self.R = np.random.default_rng(11).dirichlet([1, 1], len(self.faithful))
        self.N = self.R.sum(axis=0)
        self.start = self.write("r.h5", {"responsibilities": self.R})

    def first_m_step(self, data, family, prior):
        return self.fit(
            data, "--family", family, "--components", 2, "--start", self.start, "--max-iterations", 0,
            "--update", "map", *(("--prior", prior) if prior else ()),
        )  # fmt: skip

    def check_gaussian(self, result, mu0, kappa0, nu0, psi0, concentration):
        X, R, N, D = self.faithful, self.R, self.N, 2
        self.assert_close(weights(result), (N + concentration - 1) / (len(X) + 2 * concentration - 2))
        for k in range(2):
            mean = R[:, k] @ X / N[k]
            S = (R[:, k] * (X - mean).T) @ (X - mean)
            d = mean - mu0
            expected = (psi0 + S + kappa0 * N[k] / (kappa0 + N[k]) * np.outer(d, d)) / (nu0 + N[k] + D + 2)
            self.assert_close(parameter(result, k, "mean"), (kappa0 * mu0 + N[k] * mean) / (kappa0 + N[k]))
            self.assert_close(parameter(result, k, "covariance"), expected)

    def test_gaussian(self):
        psi0 = np.array([[3.0, 0.5], [0.5, 80.0]])
        hyperparameters = {"mu0": [3.0, 60.0], "kappa0": 2.5, "nu0": 7, "psi0": psi0.tolist()}
        prior = self.write_json("p.json", {"weights": {"concentration": 3}, "components": hyperparameters})
        result = self.first_m_step(FAITHFUL, "gaussian", prior)
        self.check_gaussian(result, np.array([3.0, 60.0]), 2.5, 7, psi0, 3)
        expected = {"weights": {"prior": "dirichlet", "concentration": 3}, "components": hyperparameters}
        self.assertEqual(result["prior"], expected)
        short = self.first_m_step(FAITHFUL, "gaussian", self.write_json("s.json", hyperparameters))
        self.check_gaussian(short, np.array([3.0, 60.0]), 2.5, 7, psi0, 1)

    def test_numbers_stand_for_every_column(self):
        prior = self.write_json("p.json", {"mu0": 5, "kappa0": 1, "nu0": 6, "psi0": 4})
        result = self.first_m_step(FAITHFUL, "gaussian", prior)
        self.check_gaussian(result, np.array([5.0, 5.0]), 1, 6, 4 * np.eye(2), 1)

    def test_default_prior(self):
        result = self.first_m_step(FAITHFUL, "gaussian", None)
        psi0 = np.cov(self.faithful.T) / 2 ** (2 / 2)
        concentration = result["prior"]["weights"]["concentration"]
        self.check_gaussian(result, self.faithful.mean(axis=0), 0.01, 4, psi0, concentration)
        self.assert_close(result["prior"]["components"]["psi0"], psi0)
        named = self.first_m_step(FAITHFUL, "gaussian", "default")
        self.assertEqual(named["components"], result["components"])

    def test_what_is_left_out_is_flat(self):
        flat = self.first_m_step(FAITHFUL, "gaussian", self.write_json("p.json", {}))
        ml = self.fit_gaussian("--start", self.start, "--max-iterations", 0)
        for k in range(2):
            self.assert_close(parameter(flat, k, "covariance"), parameter(ml, k, "covariance"))
        self.assert_close(weights(flat), weights(ml))

    def test_exponential(self):
        X = self.faithful
        for document, shape, rate, concentration in (
            ({"shape": 2, "rate": [1, 30]}, 2, np.array([1, 30]), 1),
            ({"weights": {"concentration": 2}, "components": {"shape": 3, "rate": 5}}, 3, 5, 2),
        ):
            prior = self.write_json("p.json", document)
            result = self.first_m_step(FAITHFUL, "exponential", prior)
            for k in range(2):
                expected = (self.N[k] + shape - 1) / (self.R[:, k] @ X + rate)
                self.assert_close(parameter(result, k, "rate"), expected)
            self.assert_close(weights(result), (self.N + concentration - 1) / (len(X) + 2 * concentration - 2))

    def test_product(self):
        prior = self.write_json("p.json", {"components": {"exponential": {"shape": 4, "rate": 2}}})
        result = self.first_m_step(FAITHFUL, "gaussian(eruptions) * exponential(waiting)", prior)
        for k in range(2):
            expected = (self.N[k] + 3) / (self.R[:, k] @ self.faithful[:, 1] + 2)
            self.assert_close(parameter(result, k, "exponential", "rate"), expected)
        self.assertEqual(result["prior"]["components"]["gaussian"]["kappa0"], 0)

    def test_prior_cures_a_collapse(self):
        X = np.concatenate([np.zeros((50, 2)), self.faithful])
        data = self.write("x.h5", {"X": X})
        result = self.fit(data, "--family", "gaussian", "--components", 3, "--update", "map")
        self.assertEqual(result["verdict"], "converged")

    def test_refused_priors(self):
        for document, words in (
            ({"sigma": 1}, ["'sigma'", "mu0", "psi0"]),
            ({"components": {"mu": 1}}, ["'mu'", "kappa0"]),
            ({"weights": {"alpha": 1}}, ["'alpha'", "concentration"]),
            ({"weights": {"concentration": "big"}}, ["concentration"]),
            ({"weights": {}, "more": {}}, ["'more'"]),
            ({"mu0": [1, 2, 3]}, ["'mu0'", "2"]),
            ({"psi0": [1, 2]}, ["'psi0'", "2 x 2"]),
            ({"kappa0": [1]}, ["'kappa0'", "one number"]),
            ({"kappa0": -1}, ["kappa0"]),
            ({"psi0": [[1, 2], [2, 1]], "nu0": 4}, ["psi0"]),
            ([1], ["object"]),
        ):
            with self.subTest(document=document):
                prior = self.write_json("p.json", document)
                self.refused(
                    USAGE, *words,
                    arguments=("fit", FAITHFUL, "--family", "gaussian", "--components", 2, "--update", "map", "--prior", prior),
                )  # fmt: skip

    def test_unreadable_priors(self):
        for prior, word in (self.write_json("p.json", "{"), "not JSON"), (self.path("none.json"), "No such file"):
            self.refused(
                DATA, word,
                arguments=("fit", FAITHFUL, "--family", "gaussian", "--components", 2, "--update", "map", "--prior", prior),
            )  # fmt: skip


class Options(CliTest):
    """Every option changes something."""

    def test_each_changes_the_result(self):
        plain = self.fit_gaussian()
        for name, arguments in {
            "seed": ["--seed", 3],
            "assign": ["--assign", "hard"],
            "update": ["--update", "map"],
            "weights": ["--weights", "fixed"],
            "temperature": ["--temperature", 3],
            "batch-rows": ["--batch-rows", 50],
            "tolerance": ["--tolerance", 10],
            "max-iterations": ["--max-iterations", 2],
            "verify": ["--verify"],
            "restarts": ["--restarts", 3],
            "columns": ["--columns", "waiting"],
            "accelerate": ["--accelerate", "anderson"],
            "merge-rows": ["--merge-rows"],
        }.items():
            with self.subTest(option=name):
                other = self.fit_gaussian(*arguments)
                del other["options"]
                self.assertNotEqual(other, {key: value for key, value in plain.items() if key != "options"})
        with self.subTest(option="start"):  # the two clusters are found from any start
            drawn, spread = (self.fit_gaussian("--start", start, components=5) for start in ("random", "kmeans++"))
            self.assertNotEqual(drawn["trace"], spread["trace"])

    def test_same_seed_same_bits(self):
        self.assertEqual(self.fit_gaussian("--seed", 4), self.fit_gaussian("--seed", 4))

    def test_threads_change_nothing(self):
        first, *others = (self.fit_gaussian("--threads", threads, "--trace", self.path("t.csv")) for threads in (1, 2, 3, 8))
        for other in others:
            self.assertEqual(other, first)

    def test_instruction_sets(self):
        """The variable chooses, the result names the choice, and the numbers agree up to rounding."""
        arguments = ["fit", FAITHFUL, "--family", "gaussian", "--components", "2", "--json", "--quiet"]
        best = json.loads(run(*arguments).stdout)
        self.assertIn(best["instruction_set"], ("baseline", "avx2", "avx512"))
        for name in {"baseline", best["instruction_set"]}:
            outcome = run(*arguments, env=dict(os.environ, MIXFAM_SIMD=name))
            self.assertEqual(outcome.returncode, DONE, outcome.stderr)
            result = json.loads(outcome.stdout)
            self.assertEqual(result["instruction_set"], name)
            self.assertAlmostEqual(result["log_likelihood"], best["log_likelihood"], delta=1e-9)
        outcome = run(*arguments, env=dict(os.environ, MIXFAM_SIMD="sse9"))
        self.assertEqual(outcome.returncode, USAGE)
        self.assertIn("MIXFAM_SIMD = sse9", outcome.stderr)
        self.assertIn("baseline", outcome.stderr)

    def test_usage(self):
        base = ["fit", FAITHFUL, "--family", "gaussian", "--components", "2"]
        model = self.write("start.h5", {"weights": [0.5, 0.5], "components/mean": np.zeros((2, 2))})
        responsibilities = self.write("responsibilities.h5", {"responsibilities": np.full((272, 2), 0.5)})
        for arguments, words in (
            ([], []),
            (["frobnicate"], ["frobnicate"]),
            (["fit"], ["required"]),
            (base[:4], ["--components"]),
            ([*base, "--threads", "0"], ["--threads = 0", "whole number"]),
            (["fit", FAITHFUL, "--components", "2"], ["--family"]),
            (base + ["--nonsense"], ["--nonsense"]),
            (base[:5] + ["0"], ["--components", "0"]),
            (base[:5] + ["-1"], ["--components"]),
            (base[:5] + ["two"], ["two"]),
            (base[:5] + ["2.5"], ["2.5"]),
            (base[:5] + ["99999999999999999999999"], ["--components"]),
            (base + ["--tolerance", "-1"], ["--tolerance"]),
            (base + ["--tolerance", "nan"], ["--tolerance"]),
            (base + ["--max-iterations", "-3"], ["--max-iterations"]),
            (base + ["--restarts", "0"], ["--restarts"]),
            (base + ["--seed", "-1"], ["--seed"]),
            (base + ["--seed", "1", "--seed", "2"], ["--seed"]),
            (base + ["--update", "em"], ["em", "ml", "map", "vb", "sampled"]),
            (base + ["--assign", "fuzzy"], ["fuzzy", "hard", "soft", "sampled"]),
            (base + ["--tolerance", "1", "--assign", "sampled"], ["--tolerance", "--max-iterations"]),
            (base + ["--degenerate", "ignore"], ["ignore", "error", "reseed", "drop", "keep"]),
            (base + ["--accelerate", "aitken"], ["aitken", "anderson", "squarem", "none"]),
            (base + ["--accelerate", "squarem", "--assign", "hard"], ["--accelerate", "--assign soft"]),
            (base + ["--accelerate", "squarem", "--temperature", "2"], ["--accelerate", "--temperature"]),
            (base + ["--accelerate", "squarem", "--batch-rows", "9"], ["--accelerate", "--batch-rows"]),
            (base + ["--accelerate", "squarem", "--update", "sampled"], ["--accelerate", "--update sampled"]),
            (base + ["--merge-rows", "--assign", "sampled"], ["--merge-rows", "--assign sampled"]),
            (base + ["--merge-rows", "--batch-rows", "9"], ["--merge-rows", "--batch-rows"]),
            (base + ["--merge-rows", "--start", responsibilities], ["--merge-rows", "responsibilities"]),
            (["divergence"], ["MODEL"]),
            (base + ["--start", "kmeans"], ["kmeans", "kmeans++", "random"]),
            (base + ["--prior", "default"], ["--prior", "--update ml"]),
            (base + ["--start", model, "--restarts", "2"], ["--restarts", "--start"]),
            (base + ["--columns", "eruptions,,waiting"], ["--columns"]),
            (base[:3] + ["normal", "--components", "2"], ["normal", "gaussian", "exponential"]),
            (base[:3] + ["gaussian(nose)", "--components", "2"], ["nose", "eruptions"]),
            (base[:3] + ["gaussian(eruptions)", "--components", "2"], ["1 of 2"]),
            (base[:3] + ["gaussian:covariance=round", "--components", "2"], ["round"]),
            (base + ["--output", self.path("a"), "--trace", self.path("a")], ["same file"]),
            (base + ["--output", FAITHFUL], ["overwritten"]),
            (["describe"], ["FILE"]),
        ):
            with self.subTest(arguments=arguments):
                self.refused(USAGE, *words, arguments=arguments)

    def test_families(self):
        listed = json.loads(run("families", "--json").stdout)["families"]
        families = {family["name"]: family for family in listed}
        names = lambda fields: [field["name"] for field in fields]
        self.assertEqual(names(families["gaussian"]["parameters"]), ["mean", "covariance"])
        self.assertEqual(names(families["gaussian"]["prior"]), ["mu0", "kappa0", "nu0", "psi0"])
        self.assertEqual(families["gaussian"]["parameters"][1]["shape"], ["D", "D"])
        self.assertEqual(names(families["exponential"]["parameters"]), ["rate"])
        self.assertEqual(names(families["exponential"]["prior"]), ["shape", "rate"])
        self.assertEqual(families["exponential"]["data"]["rule"], "x >= 0")
        text = run("families").stdout
        for word in "gaussian", "exponential", "covariance", "x >= 0", "psi0", "shape":
            self.assertIn(word, text)
        for name, family in families.items():
            self.assertEqual(bool(family["parameters"]), name != "uniform", name)
            self.assertTrue(family["data"]["rule"], name)
        self.assertEqual(names(families["binomial"]["prior"]), ["a", "b"])
        self.assertEqual(names(families["categorical"]["prior"]), ["concentration"])
        self.assertIsNone(families["gamma"]["prior"])


class BadData(CliTest):
    def test_files_that_cannot_be_read(self):
        self.data_refused(self.path("none.h5"), "none.h5", "o such file")
        pathlib.Path(self.path("text.h5")).write_text("1,2,3\n" * 100)
        self.data_refused(self.path("text.h5"), "text.h5", "HDF5")
        pathlib.Path(self.path("empty.h5")).write_bytes(b"")
        self.data_refused(self.path("empty.h5"), "empty.h5", "HDF5")
        self.data_refused(str(self.folder), "directory")
        whole = pathlib.Path(FAITHFUL).read_bytes()
        pathlib.Path(self.path("short.h5")).write_bytes(whole[: len(whole) // 2])
        self.data_refused(self.path("short.h5"), "short.h5", "truncated")

    def test_corrupt_chunk(self):
        with h5py.File(self.path("x.h5"), "w") as file:
            values = np.random.default_rng(0).normal(size=(400, 2))
            data = file.create_dataset("X", data=values, chunks=(100, 2), compression="gzip")
            chunk = data.id.get_chunk_info(2)
        with open(self.path("x.h5"), "r+b") as file:
            file.seek(chunk.byte_offset + 20)
            file.write(b"\xff" * 40)
        self.data_refused(self.path("x.h5"), "x.h5:/X")

    def test_no_such_path_and_what_is_not_a_data_set(self):
        self.data_refused(FAITHFUL + ":/Y", "/Y")
        file = self.write("x.h5", {"group/X": np.eye(3)})
        self.data_refused(file + ":/group", "/group", "group")

    def test_links_that_lead_nowhere(self):
        with h5py.File(self.path("x.h5"), "w") as file:
            file["X"] = np.eye(3)
            file["soft"] = h5py.SoftLink("/nowhere")
            file["external"] = h5py.ExternalLink("gone.h5", "/X")
        self.data_refused(self.path("x.h5") + ":/soft", "/soft")
        self.data_refused(self.path("x.h5") + ":/external", "/external", "gone.h5")

    def test_path_left_out(self):
        none = self.write("none.h5", {"names": np.array([b"a", b"b"])})
        self.data_refused(none, "none.h5")
        two = self.write("two.h5", {"a": np.eye(3), "deep/b": np.eye(3)})
        self.data_refused(two, "/a", "/deep/b")

    def test_shapes(self):
        self.data_refused(self.write("r3.h5", {"X": np.zeros((2, 2, 2))}) + ":/X", "/X", "2 x 2 x 2")
        self.data_refused(self.write("r0.h5", {"X": 1.0}) + ":/X", "/X")
        self.data_refused(self.write("rows.h5", {"X": np.zeros((0, 2))}) + ":/X", "/X", "row")
        self.data_refused(self.write("columns.h5", {"X": np.zeros((5, 0))}) + ":/X", "/X", "column")
        with h5py.File(self.path("null.h5"), "w") as file:
            file["X"] = h5py.Empty("f8")
        self.data_refused(self.path("null.h5") + ":/X", "/X")

    def test_types(self):
        self.data_refused(self.write("s.h5", {"X": np.array([b"a", b"b"])}) + ":/X", "/X", "labels", "categorical")
        self.data_refused(self.write("c.h5", {"X": np.array([1 + 2j, 3])}) + ":/X", "/X")
        table = np.zeros(5, dtype=[("age", "i4"), ("income", "f8")])
        self.data_refused(self.write("t.h5", {"X": table}) + ":/X", "age", "income", "--columns")
        self.data_refused(self.write("u.h5", {"X": table}) + ":/X", "age", "height", more=("--columns", "height"))

    def test_values_that_are_not_finite(self):
        for value in np.nan, np.inf, -np.inf:
            X = self.faithful.copy()
            X[[41, 90], [1, 0]] = value
            file = self.write("x.h5", {"X": X}, columns=["eruptions", "waiting"])
            self.data_refused(file, "x.h5:/X", "row 41", "column 1", '"waiting"')

    def test_values_outside_the_support(self):
        X = np.abs(np.random.default_rng(0).normal(size=(50, 3)))
        X[17, 2] = -0.3
        file = self.write("x.h5", {"X": X}, columns=["age", "size", "income"])
        expected = '/X row 17, column 2 ("income"): -0.3 is outside the support of \'exponential\' (x >= 0)'
        self.data_refused(file, file + ":" + expected, family="exponential")

    def test_more_components_than_distinct_rows(self):
        file = self.write("x.h5", {"X": np.repeat([[0.0, 1], [2, 3], [5, 4]], 10, axis=0)})
        self.data_refused(file, "3", "4", "distinct", components=4)

    def test_starts_that_do_not_fit(self):
        good = {
            "weights": np.array([0.5, 0.5]),
            "components/mean": np.array([[2.0, 55], [4, 80]]),
            "components/covariance": np.array([np.eye(2)] * 2),
        }
        R = np.full((272, 2), 0.5)
        gauss = {key: value for key, value in good.items() if key != "components/covariance"}
        asymmetric = np.array([[[1, 0.5], [0, 1]]] * 2)
        for datasets, attributes, words in (
            (dict(good, weights=[0.5, 0.6]), {}, ["weights"]),
            (dict(good, weights=[1.5, -0.5]), {}, ["weight"]),
            (gauss, {}, ["/components/covariance"]),
            (dict(good, **{"components/mean": np.zeros((2, 3))}), {}, ["/components/mean", "2 x 3"]),
            (dict(good, **{"components/mean": [[np.nan, 1], [1, 1]]}), {}, ["mean"]),
            (dict(good, **{"components/covariance": [-np.eye(2)] * 2}), {}, ["covariance"]),
            (dict(good, **{"components/covariance": asymmetric}), {}, ["covariance"]),
            (good, {"family": "exponential"}, ["exponential", "gaussian"]),
            ({"X": np.eye(2)}, {}, ["/weights", "/responsibilities"]),
            ({"responsibilities": R[:100]}, {}, ["100", "272"]),
            ({"responsibilities": np.full((272, 3), 1 / 3)}, {}, ["3", "--components"]),
            ({"responsibilities": R * 0.9}, {}, ["responsibilities"]),
            ({"responsibilities": R * [3, -1]}, {}, ["responsibilities"]),
            ({"responsibilities": R * np.nan}, {}, ["responsibilities"]),
        ):
            with self.subTest(words=words):
                start = self.write("start.h5", datasets, attributes)
                self.data_refused(FAITHFUL, *words, components=2, more=("--start", start))
        start = self.write("start.h5", good)
        self.data_refused(FAITHFUL, "start.h5", "3", components=3, more=("--start", start))
        self.data_refused(FAITHFUL, "none.h5", components=2, more=("--start", self.path("none.h5")))

    def test_described_files(self):
        self.refused(DATA, "none.h5", arguments=("describe", self.path("none.h5")))
        pathlib.Path(self.path("text.h5")).write_text("1,2,3\n")
        self.refused(DATA, "HDF5", arguments=("describe", self.path("text.h5")))


class NumericalFailure(CliTest):
    def test_degenerate(self):
        X = np.concatenate([np.zeros((50, 2)), self.faithful])
        data = self.write("x.h5", {"X": X})
        arguments = ("fit", data, "--family", "gaussian", "--components", 3, "--quiet")
        output = ("--output", self.path("out.h5"), "--trace", self.path("out.csv"))
        outcome = run(*arguments, "--json", *output)
        self.assertEqual(outcome.returncode, NUMERICAL, outcome.stderr)
        result = json.loads(outcome.stdout)
        self.assertEqual(result["verdict"], "degenerate")
        self.assertTrue(np.isfinite(result["log_likelihood"]))
        for word in "degenerate", "iteration", "component", "prior", "nothing was saved":
            self.assertIn(word, outcome.stderr)
        self.assertEqual(os.listdir(self.folder), ["x.h5"])
        self.assertIn("degenerate", run(*arguments).stdout)

    def test_degenerate_responsibilities(self):
        R = np.zeros((272, 2))
        R[:, 0] = 1
        start = self.write("r.h5", {"responsibilities": R})
        self.refused(
            NUMERICAL, "component 1",
            arguments=("fit", FAITHFUL, "--family", "gaussian", "--components", 2, "--start", start),
        )  # fmt: skip

    def test_limit_of_iterations_is_said(self):
        outcome = run("fit", FAITHFUL, "--family", "gaussian", "--components", 2, "--max-iterations", 1, "--quiet")
        self.assertEqual(outcome.returncode, DONE)
        self.assertIn("max_iterations", outcome.stderr)


class Writing(CliTest):
    BASE = ("fit", FAITHFUL, "--family", "gaussian", "--components", "2", "--quiet")

    def test_places_that_cannot_be_written_are_found_before_the_fit(self):
        for option in "--output", "--trace":
            for place in self.path("none/out.h5"), str(self.folder), "/proc/out.h5", "/dev/full", "":
                with self.subTest(option=option, place=place):
                    self.refused(WRITE, "cannot write", arguments=(*self.BASE, option, place))

    def test_older_files_stay_whole(self):
        for name in "old.h5", "old.csv":
            pathlib.Path(self.path(name)).write_text("old")
        outputs = ("--output", self.path("old.h5"), "--trace", self.path("old.csv"))
        self.refused(DATA, arguments=("fit", FAITHFUL + ":/no", *self.BASE[2:], *outputs))
        self.assertEqual(pathlib.Path(self.path("old.h5")).read_text(), "old")
        self.assertEqual(pathlib.Path(self.path("old.csv")).read_text(), "old")
        self.assertEqual(run(*self.BASE, *outputs).returncode, DONE)
        self.assertTrue(h5py.is_hdf5(self.path("old.h5")))
        self.assertEqual(sorted(os.listdir(self.folder)), ["old.csv", "old.h5"])

    def test_standard_output(self):
        for arguments in self.BASE, (*self.BASE, "--json"), ("families",), ("describe", FAITHFUL), ("--help",):
            with self.subTest(arguments=arguments), open("/dev/full", "w") as full:
                outcome = subprocess.run([MIXFAM, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
                self.assertEqual(outcome.returncode, WRITE)
                self.assertIn("standard output", outcome.stderr)
        closed = subprocess.run(["/bin/sh", "-c", '"$0" "$@" >&-', MIXFAM, *self.BASE], capture_output=True, timeout=60)
        self.assertEqual(closed.returncode, WRITE)
        reader, writer = os.pipe()
        os.close(reader)
        broken = subprocess.run([MIXFAM, *self.BASE], stdout=writer, stderr=subprocess.PIPE, timeout=60)
        os.close(writer)
        self.assertEqual(broken.returncode, WRITE)

    def test_model_is_saved_though_the_result_cannot_be_printed(self):
        with open("/dev/full", "w") as full:
            model = self.path("model.h5")
            command = [MIXFAM, *self.BASE, "--output", model]
            self.assertEqual(subprocess.run(command, stdout=full, stderr=subprocess.DEVNULL).returncode, WRITE)
        self.assertTrue(h5py.is_hdf5(model))


def main():
    """All tests of the module that is run."""
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    outcome = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(suite)
    failed = len({test.id().split(" ")[0] for test, _ in outcome.failures + outcome.errors})
    print(f"{outcome.testsRun - failed} passed, {failed} failed")
    sys.exit(0 if outcome.wasSuccessful() else 1)


if __name__ == "__main__":
    main()

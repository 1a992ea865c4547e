"""Fits of public data from given starts against published and independently computed results.

tests/reference/README.md names the sources; tests/reference/cases.json holds conventions, starts and expected values.
The program is named by the environment variable MIXFAM, the source tree by MIXFAM_SOURCE_ROOT.
"""

import itertools
import json
import os
import subprocess
import sys
import tempfile
import unittest

import h5py
import numpy as np

REFERENCE = os.path.join(os.environ["MIXFAM_SOURCE_ROOT"], "tests", "reference")
PARAMETER_NAMES = {"gaussian": {"mean": "means", "covariance": "covariances"},
                   "bernoulli": {"probability": "probs"},
                   "categorical": {"probabilities": "probs"}}
# The expected values are those of stationary parameters, which move on long after the objective has settled to rounding.
ITERATIONS_BEYOND_REFERENCE = 2

with open(os.path.join(REFERENCE, "cases.json")) as cases_file:
    CASES = json.load(cases_file)["cases"]


def prior_of(case):
    prior = case["prior"]
    document = {"weights": {"concentration": prior["weights_alpha"]}}
    if "beta" in prior:
        document["components"] = {"a": prior["beta"]["a"], "b": prior["beta"]["b"]}
    if "dirichlet" in prior:
        document["components"] = {"concentration": prior["dirichlet"]}
    return document


def fit(case):
    """Runs the program from the case's start and returns its JSON document."""
    data = os.path.join(REFERENCE, case["data"])
    with tempfile.TemporaryDirectory() as folder:
        start = os.path.join(folder, "start.h5")
        with h5py.File(data) as source, h5py.File(start, "w") as target:
            init = source[case["init"]]
            target["weights"] = init["weights"][:]
            for ours, theirs in PARAMETER_NAMES[case["family"]].items():
                target["components/" + ours] = init[theirs][:]
        command = [os.environ["MIXFAM"], "fit", data + ":" + case["dataset"], "--family", case["family"], "--components",
                   str(case["K"]), "--start", start, "--tolerance", "0", "--max-iterations",
                   str(ITERATIONS_BEYOND_REFERENCE * case["expected"]["reference_iterations_to_stationarity"]), "--json",
                   "--quiet"]
        if case["method"] == "map-em":
            prior = os.path.join(folder, "prior.json")
            with open(prior, "w") as target:
                json.dump(prior_of(case), target)
            command += ["--update", "map", "--prior", prior]
        return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def parameter_deviation(case, result, order):
    """The largest scaled deviation under one labelling; see conventions.param_tol_scaled of cases.json."""
    expected = case["expected"]["params"]
    components = [result["components"][k] for k in order]
    deviation = np.max(np.abs([c["weight"] for c in components] - np.array(expected["weights"])))
    with h5py.File(os.path.join(REFERENCE, case["data"])) as source:
        spread = source[case["dataset"]][:].std(axis=0)
    for ours, theirs in PARAMETER_NAMES[case["family"]].items():
        difference = np.abs(np.array([c["parameters"][ours] for c in components]) - np.array(expected[theirs]))
        if ours == "mean":
            difference = difference / spread
        if ours == "covariance":
            difference = difference / np.max(np.abs(expected[theirs]))
        deviation = max(deviation, np.max(difference))
    return deviation


class ReferenceCases(unittest.TestCase):
    def close(self, actual, expected, what):
        self.assertLessEqual(abs(actual - expected["value"]), expected["atol"], what)

    def check(self, case):
        expected = case["expected"]
        result = fit(case)
        self.assertEqual(result["verdict"], "max_iterations")
        self.close(result["log_likelihood"], expected["log_likelihood"], "log likelihood")
        self.close(result["trace"][0]["log_likelihood"], expected["initial_log_likelihood"], "initial log likelihood")
        for t, value in enumerate(expected["trace_log_likelihood"]):
            self.assertLessEqual(abs(result["trace"][t]["log_likelihood"] - value), expected["trace_atol"], t)
        self.assertEqual(result["parameters_count"], expected["n_parameters"])
        for criterion in ("aic", "bic"):
            if expected[criterion] is not None:
                self.close(result[criterion], expected[criterion], criterion)
        if "log_posterior" in expected:
            self.close(result["objective"], expected["log_posterior"], "log posterior")
        for published in case.get("published", []):
            self.assertLessEqual(abs(result[published["quantity"]] - published["value"]), published["atol"],
                                 published["where"])
        if case.get("check_params", True) and "params" in expected:
            deviation = min(parameter_deviation(case, result, order)
                            for order in itertools.permutations(range(case["K"])))
            self.assertLessEqual(deviation, expected["param_tol_scaled"], "parameters")


def add_case(case):
    setattr(ReferenceCases, "test_" + case["name"], lambda self: self.check(case))


for one_case in CASES:
    add_case(one_case)

if __name__ == "__main__":
    outcome = unittest.TextTestRunner(stream=sys.stderr, verbosity=1).run(
        unittest.defaultTestLoader.loadTestsFromTestCase(ReferenceCases))
    failed = len(outcome.failures) + len(outcome.errors)
    print(f"{outcome.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed or outcome.testsRun == 0 else 0)

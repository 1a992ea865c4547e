"""Fits of rows with missing cells against an expectation maximisation written out in numpy."""

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

# Two programs for the same iterations in double precision.
ROUND_OFF = 1e-8


def em_step(X, weights, means, covariances):
    """One iteration for Gaussians with full covariances (Little and Rubin 2002, section 11.3), row by row, and the log
    likelihood before it."""
    N, D = X.shape
    K = len(weights)
    log_joint = np.empty((N, K))
    expected = np.empty((N, K, D))
    conditional = np.zeros((N, K, D, D))
    for n in range(N):
        o = ~np.isnan(X[n])
        m = ~o
        for k in range(K):
            C = covariances[k]
            residual = X[n, o] - means[k][o]
            solved = np.linalg.solve(C[np.ix_(o, o)], residual)
            log_joint[n, k] = np.log(weights[k]) - 0.5 * (
                residual @ solved + np.linalg.slogdet(C[np.ix_(o, o)])[1] + o.sum() * np.log(2 * np.pi))
            expected[n, k] = np.where(o, X[n], 0)
            expected[n, k, m] = means[k][m] + C[np.ix_(m, o)] @ solved
            conditional[n, k][np.ix_(m, m)] = C[np.ix_(m, m)] - C[np.ix_(m, o)] @ np.linalg.solve(
                C[np.ix_(o, o)], C[np.ix_(o, m)])
    greatest = log_joint.max(axis=1, keepdims=True)
    log_likelihood = greatest[:, 0] + np.log(np.exp(log_joint - greatest).sum(axis=1))
    R = np.exp(log_joint - log_likelihood[:, None])
    N_k = R.sum(axis=0)
    new_means = np.einsum("nk,nkd->kd", R, expected) / N_k[:, None]
    new_covariances = []
    for k in range(K):
        centred = expected[:, k] - new_means[k]
        S = np.einsum("n,nd,ne->de", R[:, k], centred, centred) + np.einsum("n,nde->de", R[:, k], conditional[:, k])
        new_covariances.append(S / N_k[k])
    return N_k / N, new_means, np.array(new_covariances), log_likelihood.sum()


class GapsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def fit(self, data, *options):
        run = subprocess.run([MIXFAM, "fit", data, *options, "--json", "--quiet"], capture_output=True, text=True)
        self.assertEqual(run.returncode, 0, run.stderr)
        return json.loads(run.stdout)

    def test_twenty_patterns(self):
        rng = np.random.default_rng(20261125)
        N, D, K, iterations = 120, 6, 2, 40
        A = rng.normal(size=(K, D, D))
        kind = rng.integers(K, size=N)
        X = np.einsum("nde,ne->nd", A[kind], rng.normal(size=(N, D))) + 4 * kind[:, None]
        patterns = rng.random((20, D)) < 0.3
        patterns[0] = False
        patterns[:, 0] &= ~patterns.all(axis=1)
        X[patterns[rng.integers(20, size=N)]] = np.nan
        weights = np.array([0.5, 0.5])
        means = np.array([np.zeros(D), np.full(D, 4.0)])
        covariances = np.array([np.eye(D), np.eye(D)])
        with h5py.File(self.folder / "data.h5", "w") as file:
            file["X"] = X
        with h5py.File(self.folder / "start.h5", "w") as file:
            file["weights"] = weights
            file["components/mean"] = means
            file["components/covariance"] = covariances
        result = self.fit(self.folder / "data.h5", "--family", "gaussian", "--components", "2", "--missing", "nan",
                          "--start", self.folder / "start.h5", "--tolerance", "0", "--max-iterations", str(iterations),
                          "--output", self.folder / "model.h5")
        for _ in range(iterations):
            weights, means, covariances, _ = em_step(X, weights, means, covariances)
        log_likelihood = em_step(X, weights, means, covariances)[3]
        self.assertAlmostEqual(result["log_likelihood"] / log_likelihood, 1, delta=ROUND_OFF)
        self.assertEqual(result["missing_cells"], int(np.isnan(X).sum()))
        with h5py.File(self.folder / "model.h5") as model:
            np.testing.assert_allclose(model["weights"][()], weights, rtol=ROUND_OFF)
            np.testing.assert_allclose(model["components/mean"][()], means, rtol=ROUND_OFF, atol=ROUND_OFF)
            np.testing.assert_allclose(model["components/covariance"][()], covariances, rtol=ROUND_OFF, atol=ROUND_OFF)

    def test_three_and_a_half_points(self):
        """Duda, Hart and Stork 2001, section 3.9, example 2."""
        with h5py.File(self.folder / "data.h5", "w") as file:
            file["X"] = [[0, 2], [1, 0], [2, 2], [np.nan, 4]]
        self.fit(self.folder / "data.h5", "--family", "gaussian:covariance=diagonal", "--components", "1", "--missing",
                 "nan", "--output", self.folder / "model.h5")
        with h5py.File(self.folder / "model.h5") as model:
            np.testing.assert_allclose(model["components/mean"][0], [1, 2], rtol=ROUND_OFF)
            np.testing.assert_allclose(model["components/covariance"][0], [2 / 3, 2], rtol=ROUND_OFF)


if __name__ == "__main__":
    program = unittest.main(exit=False, argv=sys.argv[:1])
    failed = len(program.result.failures) + len(program.result.errors)
    print(f"{program.result.testsRun - failed} passed, {failed} failed")
    sys.exit(failed > 0)

"""Seeded synthetic mixtures and the starts that all peers share, as HDF5 files.

A data file holds /X (N x D), a start file is one of mixfam's (docs/file_format.md).
"""

import dataclasses
import math

import h5py
import numpy as np

from cases import BERNOULLI, CATEGORICAL, DIAGONAL, EXPONENTIAL, FULL

SEED = 20240607
BLOCK_ROWS = 100_000


@dataclasses.dataclass(frozen=True)
class Overlap:
    """How alike components are."""

    distance: float  # between the centres of two, in standard deviations
    variety: float  # of their shapes; 0: all the same


MODERATE = Overlap(distance=3, variety=1)


class GaussianRows:
    def __init__(self, rng, case, overlap):
        d = case.columns
        self.centres = rng.normal(scale=overlap.distance / math.sqrt(2 * d), size=(case.components, d))
        self.shapes = self.component_shapes(rng, case.components, d, overlap.variety)

    def draw(self, rng, z):
        rows = rng.standard_normal((len(z), self.centres.shape[1]))
        for k, shape in enumerate(self.shapes):
            rows[z == k] = self.centres[k] + self.spread(rows[z == k], shape)
        return rows

    @classmethod
    def start(cls, rng, X, components):
        """Means are rows at the median distance from the centre: in many dimensions a row further in takes all."""
        variances = X.var(axis=0)
        distances = ((X - X.mean(axis=0)) ** 2 / variances).sum(axis=1)
        typical = np.argsort(abs(distances - np.median(distances)), kind="stable")[:50 * components]
        means = X[rng.choice(typical, components, replace=False)]
        return {"mean": means, "covariance": cls.covariances(variances, components)}


class FullRows(GaussianRows):
    """Correlations common to all components, and some of each component's own."""

    @staticmethod
    def component_shapes(rng, components, d, variety):
        common = np.eye(d) + 0.5 * rng.standard_normal((d, d)) / math.sqrt(d)
        return [(np.eye(d) + variety * rng.standard_normal((d, d)) / d) @ common for _ in range(components)]

    @staticmethod
    def spread(rows, shape):
        return rows @ shape

    @staticmethod
    def covariances(variances, components):
        return np.stack([np.diag(variances)] * components)


class DiagonalRows(GaussianRows):
    @staticmethod
    def component_shapes(rng, components, d, variety):
        return np.exp(0.3 * variety * rng.uniform(-1, 1, size=(components, d)))

    @staticmethod
    def spread(rows, shape):
        return rows * shape

    @staticmethod
    def covariances(variances, components):
        return np.stack([variances] * components)


class BernoulliRows:
    def __init__(self, rng, case, overlap):
        common = rng.beta(1, 2, size=case.columns).clip(0.05, 0.95)
        step = overlap.distance / math.sqrt(2 * case.columns) * np.sqrt(common * (1 - common))
        self.probability = (common + step * rng.standard_normal((case.components, case.columns))).clip(0.01, 0.99)

    def draw(self, rng, z):
        return rng.random((len(z), self.probability.shape[1]), dtype=np.float32) < self.probability[z]

    @staticmethod
    def start(rng, X, components):
        share = X.mean(axis=0).clip(0.01, 0.99)
        noise = rng.uniform(-0.2, 0.2, size=(components, X.shape[1]))
        return {"probability": share + noise * share * (1 - share)}


class CategoricalRows:
    def __init__(self, rng, case, overlap):
        categories = int(case.family.split("=")[1])
        scale = overlap.distance / math.sqrt(2 * case.columns)
        odds = np.exp(scale * rng.standard_normal((case.components, case.columns, categories)))
        self.upper = (odds / odds.sum(axis=2, keepdims=True)).cumsum(axis=2)
        self.upper[:, :, -1] = 1

    def draw(self, rng, z):
        uniform = rng.random((len(z), self.upper.shape[1]))
        codes = np.zeros(uniform.shape, np.uint8)
        for v in range(self.upper.shape[2] - 1):
            codes += uniform > self.upper[z, :, v]
        return codes

    @staticmethod
    def start(rng, X, components):
        shares = np.stack([np.bincount(column, minlength=10) / len(X) for column in X.T])
        noisy = shares * np.exp(rng.uniform(-0.3, 0.3, size=(components, *shares.shape)))
        return {"probabilities": noisy / noisy.sum(axis=2, keepdims=True)}


class ExponentialRows:
    """Rates that are powers of 4."""

    def __init__(self, rng, case, overlap):
        self.mean = 4.0 ** -np.arange(case.components)[:, None] * np.ones(case.columns)

    def draw(self, rng, z):
        return rng.standard_exponential((len(z), self.mean.shape[1])) * self.mean[z]

    @staticmethod
    def start(rng, X, components):
        return {"rate": np.geomspace(0.5, 4, components)[:, None] / X.mean(axis=0)}


KINDS = {FULL: FullRows, DIAGONAL: DiagonalRows, BERNOULLI: BernoulliRows, CATEGORICAL: CategoricalRows,
         EXPONENTIAL: ExponentialRows}


def write_data(case, path, dtype=None, overlap=MODERATE):
    """The rows of a case as /X, block by block, in `dtype` (of the case itself: float64, or uint8 for codes)."""
    rng = np.random.default_rng([SEED, case.columns, case.components])
    kind = KINDS[case.family](rng, case, overlap)
    dtype = dtype or (np.uint8 if case.element_bytes == 1 else np.float64)
    with h5py.File(path, "w") as file:
        X = file.create_dataset("X", (case.rows, case.columns), dtype)
        for first in range(0, case.rows, BLOCK_ROWS):
            z = rng.integers(case.components, size=min(BLOCK_ROWS, case.rows - first))
            X[first:first + len(z)] = kind.draw(rng, z)


def write_start(case, data, path):
    """Equal weights and, for each component, parameters from the data: see `start` of each kind."""
    rng = np.random.default_rng([SEED, case.columns, case.components, 1])
    with h5py.File(data) as file:
        X = file["X"][:]
    with h5py.File(path, "w") as file:
        file["weights"] = np.full(case.components, 1 / case.components)
        for name, values in KINDS[case.family].start(rng, X, case.components).items():
            file[f"components/{name}"] = values


def copy_first_rows(data, rows, path):
    """The same data set, cut."""
    with h5py.File(data) as source, h5py.File(path, "w") as file:
        file["X"] = source["X"][:rows]

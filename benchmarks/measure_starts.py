"""How often a start leads to the best optimum, beside starts from scikit-learn's k-means, and what it costs."""

import json
import os
import pathlib
import statistics
import subprocess
import sys

import h5py
import numpy as np
from sklearn.cluster import KMeans

STARTS = 50
HIT = 1e-3  # nats: at most so far below the best optimum
ROOT = pathlib.Path(__file__).resolve().parent.parent
GAUSSIAN = "gaussian"
TIMED = ((1_000_000, 2, 3), (1_000_000, 10, 10), (20, 1, 2))  # rows, columns, components
TIMED_STARTS = 3


def measure(workspace):
    results = {"hits": [], "times": []}
    for name, family, components, copies in data_sets():
        for copy, X in copies.items():
            results["hits"].append(measure_hits(workspace, name, copy, family, components, X))
            workspace.save("starts", results)
    for rows, columns, components in TIMED:
        rng = np.random.default_rng([rows, columns, components])
        means = 4 * rng.standard_normal((components, columns))
        X = means[rng.integers(components, size=rows)] + rng.standard_normal((rows, columns))
        path = write(workspace, "timed", X=X)
        runs = run(GAUSSIAN, path, components, "kmeans++", TIMED_STARTS)["runs"]
        results["times"].append({"rows": rows, "columns": columns, "components": components, **times_of(runs)})
        workspace.save("starts", results)


def data_sets():
    """Name, family, number of components, and the copies of the rows by what was done to them."""
    def stored(name):
        with h5py.File(ROOT / "data" / f"{name}.h5") as file:
            return file["X"][:]

    yield "iris", GAUSSIAN, 3, affine_copies(stored("iris"))
    yield "faithful", GAUSSIAN, 3, affine_copies(stored("faithful"))
    rng = np.random.default_rng(1)
    overlap = mixture(rng, 2000, np.array([[0, 0], [2.5, 0], [0, 2.5], [3, 3]]),
                      [[[1, .5], [.5, 1]], [[1, -.4], [-.4, .6]], [[.5, .2], [.2, 1.2]], [[.8, 0], [0, .8]]])
    yield "overlap", GAUSSIAN, 4, affine_copies(overlap)
    nodes = np.array([[i, j] for i in range(5) for j in range(4)])
    yield "grid", GAUSSIAN, 20, affine_copies(mixture(np.random.default_rng(2), 2000, nodes, [.15**2 * np.eye(2)] * 20))
    rng = np.random.default_rng(5)
    z = rng.integers(3, size=1000)
    yield "rates", "exponential", 3, {"": rng.exponential(np.array([[.1, 1], [1, 1], [1, 10]])[z])}
    z = rng.integers(5, size=2000)
    yield "counts", "poisson", 5, {"": rng.poisson(20 * rng.random((5, 3))[z]).astype(float)}
    z = rng.integers(4, size=2000)
    yield "bits", "bernoulli", 4, {"": (rng.random((2000, 20)) < rng.random((4, 20))[z]).astype(float)}
    z = rng.integers(3, size=2000)
    shares = rng.dirichlet(np.ones(4), size=(3, 10)).cumsum(axis=2)
    yield "codes", "categorical", 3, {"": (rng.random((2000, 10, 1)) > shares[z]).sum(axis=2).clip(0, 3).astype(float)}
    yield "tight grid", GAUSSIAN, 20, {"": mixture(np.random.default_rng(3), 2000, nodes, [.28**2 * np.eye(2)] * 20)}
    rng = np.random.default_rng(4)
    covariances = [np.cov(rng.standard_normal((30, 10)).T) + .1 * np.eye(10) for _ in range(10)]
    yield "10-D", GAUSSIAN, 10, affine_copies(mixture(rng, 3000, 1.2 * rng.standard_normal((10, 10)), covariances))


def mixture(rng, rows, means, covariances):
    z = rng.integers(len(means), size=rows)
    factors = np.linalg.cholesky(np.array(covariances, float))
    return means[z] + np.einsum("nij,nj->ni", factors[z], rng.standard_normal((rows, means.shape[1])))


def affine_copies(X):
    """The optima of full covariances move with the rows; what k-means finds does not."""
    rng = np.random.default_rng(9)
    d = X.shape[1]
    rotation = np.linalg.qr(rng.standard_normal((d, d)))[0]
    units = 10.0 ** rng.permutation(np.linspace(-2, 2, d))
    stretched = (X - X.mean(axis=0)) / X.std(axis=0) * np.geomspace(1, 10, d)
    return {"": X, "rotated": (X - X.mean(axis=0)) @ rotation, "rescaled": X * units, "sheared": stretched @ rotation}


def write(workspace, name, **arrays):
    path = workspace.data_folder / f"starts_{name}.h5"
    with h5py.File(path, "w") as file:
        for key, values in arrays.items():
            file[key] = values
    return path


def measure_hits(workspace, name, copy, family, components, X):
    path = write(workspace, "data", X=X)
    labels = [KMeans(components, n_init=1, random_state=s).fit(X).labels_.astype(float) for s in range(STARTS)]
    given = write(workspace, "labels", labels=np.array(labels))
    answers = {"scikit-learn": run(family, path, components, "kmeans++", STARTS, given)}
    answers |= {start: run(family, path, components, start, STARTS) for start in ("kmeans++", "random")}
    parameters = answers["random"]["component_parameters"]
    regular = {start: [one["log_likelihood"] for one in answer["runs"] if is_regular(one, parameters)]
               for start, answer in answers.items()}
    best = max(max(values, default=-np.inf) for values in regular.values())
    result = {"data": name, "copy": copy, "family": family, "rows": len(X), "columns": X.shape[1],
              "components": components, "best": best,
              "hits": {start: sum(value > best - HIT for value in values) for start, values in regular.items()},
              "irregular": {start: STARTS - len(values) for start, values in regular.items()},
              **times_of(answers["kmeans++"]["runs"])}
    print(f"starts, {name} {copy}: {result['hits']}", file=sys.stderr, flush=True)
    return result


def is_regular(one, parameters):
    """A component with fewer rows than parameters is one that closes in on some of them."""
    return one["verdict"] == "converged" and one["least_rows"] >= parameters


def times_of(runs):
    done = [one for one in runs if "start_seconds" in one]
    return {key: statistics.median(one[key] for one in done) for key in ("start_seconds", "iteration_seconds")}


def run(family, path, components, start, starts, labels=None):
    program = f"{os.environ['BENCHMARKS_BUILD']}/benchmarks/start_peer"
    command = [program, family, f"{path}:/X", components, start, starts] + ([labels] if labels else [])
    answer = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True,
                            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    return json.loads(answer.stdout)

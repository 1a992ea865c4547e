"""EM as an expert would write it with numpy and BLAS: see peer.py for the command line.

Rows are taken in blocks that stay in cache. Each thread has its own range of rows and BLAS runs one thread in each:
faster than threads inside BLAS, because all the rest is then shared out too.

Variants: `features` (the default up to 64 columns) or `whitened` for a full covariance, `float32` for bernoulli.
"""

import concurrent.futures
import math
import os
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np

import peer

FEATURES_COLUMNS = 64  # all products of pairs of columns are kept up to here


def normalise(L):
    """L (K x n) = log w_k p(x_n | k) becomes the responsibilities; returns the sum of log p(x_n)."""
    peak = L.max(axis=0)
    L -= peak
    np.exp(L, out=L)
    total = L.sum(axis=0)
    L /= total
    return peak.sum(dtype=float) + np.log(total, out=total).sum(dtype=float)


class LinearModel:
    """A family whose log density is C' f(x) for features f: both half-steps are matrix products with them."""

    block_rows = 4096

    def __init__(self, features, weights, parameters):
        self.features = features
        self.weights = weights
        self.parameters = parameters

    def prepare(self):
        C = self.coefficients()
        C[:, -1] += np.log(self.weights)
        self.C = C.astype(self.features.dtype)

    def block(self, rows):
        F = self.features[rows]
        R = self.C @ F.T
        log_likelihood = normalise(R)
        return log_likelihood, R @ F

    def update(self, sums):
        sums = sums.astype(float)
        self.weights = sums[:, -1] / len(self.features)
        self.maximise(sums)


def with_ones(*columns):
    return np.column_stack([*columns, np.ones(len(columns[0]))])


class FullByFeatures(LinearModel):
    """Features: products of pairs of columns, columns, 1. About the mean of the data, so that little cancels."""

    block_rows = 1024

    def __init__(self, task):
        self.centre = task.X.mean(axis=0)
        X = task.X - self.centre
        self.d = X.shape[1]
        self.i, self.j = np.triu_indices(self.d)
        super().__init__(with_ones(X[:, self.i] * X[:, self.j], X), task.weights, dict(task.parameters))
        self.parameters["mean"] = self.parameters["mean"] - self.centre

    def coefficients(self):
        rows = []
        for mean, covariance in zip(self.parameters["mean"], self.parameters["covariance"]):
            precision = np.linalg.inv(covariance)
            quadratic = np.where(self.i == self.j, -0.5, -1) * precision[self.i, self.j]
            constant = 0.5 * (np.linalg.slogdet(precision)[1] - mean @ precision @ mean - self.d * math.log(2 * math.pi))
            rows.append([*quadratic, *(precision @ mean), constant])
        return np.array(rows)

    def maximise(self, sums):
        moments = sums / sums[:, -1:]
        pairs = len(self.i)
        mean = moments[:, pairs:-1]
        second = np.empty((len(sums), self.d, self.d))
        second[:, self.i, self.j] = second[:, self.j, self.i] = moments[:, :pairs]
        self.parameters = {"mean": mean, "covariance": second - mean[:, :, None] * mean[:, None, :]}


class Diagonal(LinearModel):
    """Features: squares, columns, 1."""

    def __init__(self, task):
        self.centre = task.X.mean(axis=0)
        X = task.X - self.centre
        mean = task.parameters["mean"] - self.centre
        super().__init__(with_ones(X * X, X), task.weights, {"mean": mean, "variance": task.parameters["covariance"]})

    def coefficients(self):
        mean, variance = self.parameters["mean"], self.parameters["variance"]
        constant = -0.5 * (np.log(2 * math.pi * variance) + mean**2 / variance).sum(axis=1)
        return np.column_stack([-0.5 / variance, mean / variance, constant])

    def maximise(self, sums):
        squares, mean = np.split((sums / sums[:, -1:])[:, :-1], 2, axis=1)
        self.parameters = {"mean": mean, "variance": squares - mean**2}


class Bernoulli(LinearModel):
    """Features: columns, 1."""

    block_rows = 1024

    def __init__(self, task):
        dtype = np.float32 if task.variant == "float32" else float
        features = np.ones((len(task.X), task.X.shape[1] + 1), dtype)
        features[:, :-1] = task.X
        super().__init__(features, task.weights, task.parameters)

    def coefficients(self):
        p = self.parameters["probability"]
        return np.column_stack([np.log(p / (1 - p)), np.log1p(-p).sum(axis=1)])

    def maximise(self, sums):
        self.parameters = {"probability": sums[:, :-1] / sums[:, -1:]}


class Exponential(LinearModel):
    """Features: columns, 1, of one column: too narrow for matrix products."""

    block_rows = 16384

    def __init__(self, task):
        super().__init__(with_ones(task.X), task.weights, task.parameters)
        self.x = task.X[:, 0]

    def coefficients(self):
        rate = self.parameters["rate"]
        return np.column_stack([-rate, np.log(rate)])

    def block(self, rows):
        x = self.x[rows]
        R = np.multiply.outer(self.C[:, 0], x)
        R += self.C[:, 1:]
        log_likelihood = normalise(R)
        return log_likelihood, np.column_stack([R @ x, R.sum(axis=1)])

    def maximise(self, sums):
        self.parameters = {"rate": sums[:, 1:] / sums[:, :1]}


class FullByWhitening:
    """Residuals W_k (x - mean_k) by a product with the inverse Cholesky factor; scatters by a symmetric update."""

    block_rows = 2048

    def __init__(self, task):
        self.X, self.weights, self.parameters = task.X, task.weights, task.parameters
        self.d = self.X.shape[1]

    def prepare(self):
        factors = np.linalg.cholesky(self.parameters["covariance"])
        self.whitening = np.linalg.inv(factors).transpose(0, 2, 1).copy()
        log_determinants = 2 * np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
        self.constants = np.log(self.weights) - 0.5 * (self.d * math.log(2 * math.pi) + log_determinants)

    def block(self, rows):
        X = self.X[rows]
        means = self.parameters["mean"]
        L = np.empty((len(means), len(X)))
        for k, (mean, whitening) in enumerate(zip(means, self.whitening)):
            residuals = X @ whitening
            residuals -= mean @ whitening
            np.einsum("ij,ij->i", residuals, residuals, out=L[k])
        L *= -0.5
        L += self.constants[:, None]
        log_likelihood = normalise(L)
        sums = np.empty((len(means), self.d + 1, self.d + 1))
        sums[:, -1, -1] = L.sum(axis=1)
        roots = np.sqrt(L)
        for k, mean in enumerate(means):
            centred = X - mean
            sums[k, -1, :-1] = L[k] @ centred
            centred *= roots[k][:, None]
            sums[k, :-1, :-1] = centred.T @ centred
        return log_likelihood, sums

    def update(self, sums):
        counts = sums[:, -1, -1]
        step = sums[:, -1, :-1] / counts[:, None]
        self.weights = counts / len(self.X)
        self.parameters = {
            "mean": self.parameters["mean"] + step,
            "covariance": sums[:, :-1, :-1] / counts[:, None, None] - step[:, :, None] * step[:, None, :],
        }


class Categorical:
    """Codes of neighbouring columns in pairs: the log densities gathered, the counts by np.bincount."""

    block_rows = 8192

    def __init__(self, task):
        self.weights, self.parameters = task.weights, task.parameters
        self.v = self.parameters["probabilities"].shape[2]
        self.rows = len(task.X)
        X = task.X.astype(np.intp)
        self.pairs = np.ascontiguousarray((X[:, 0::2] * self.v + X[:, 1::2]).T)

    def prepare(self):
        logs = np.log(self.parameters["probabilities"])
        k, d, v = logs.shape
        self.tables = (logs[:, 0::2, :, None] + logs[:, 1::2, None, :]).reshape(k, d // 2, v * v)
        self.constants = np.log(self.weights)[:, None]

    def block(self, rows):
        codes = self.pairs[:, rows]
        k = len(self.tables)
        L = np.broadcast_to(self.constants, (k, codes.shape[1])).copy()
        for j, code in enumerate(codes):
            L += self.tables[:, j].take(code, axis=1)
        log_likelihood = normalise(L)
        sums = np.empty(self.tables.shape)
        for j, code in enumerate(codes):
            for r, out in zip(L, sums[:, j]):
                out[:] = np.bincount(code, r, self.v**2)
        return log_likelihood, sums

    def update(self, sums):
        pairs = sums.reshape(*sums.shape[:2], self.v, self.v)
        counts = np.stack([pairs.sum(axis=3), pairs.sum(axis=2)], axis=2).reshape(self.parameters["probabilities"].shape)
        totals = counts[:, 0].sum(axis=1)
        self.weights = totals / self.rows
        self.parameters = {"probabilities": counts / totals[:, None, None]}


def make_model(task):
    if task.family == "gaussian":
        variant = task.variant or ("features" if task.X.shape[1] <= FEATURES_COLUMNS else "whitened")
        return {"features": FullByFeatures, "whitened": FullByWhitening}[variant](task)
    return {"gaussian:covariance=diagonal": Diagonal, "bernoulli": Bernoulli, "categorical": Categorical,
            "exponential": Exponential}[task.family.split(":categories")[0]](task)


class Em:
    def __init__(self, model, rows, threads):
        self.model = model
        bounds = [rows * t // threads for t in range(threads + 1)]
        self.ranges = list(zip(bounds, bounds[1:]))
        self.pool = concurrent.futures.ThreadPoolExecutor(threads)

    def range_statistics(self, bounds):
        step = self.model.block_rows
        parts = (self.model.block(slice(n, min(n + step, bounds[1]))) for n in range(*bounds, step))
        log_likelihood, sums = next(parts)
        for part in parts:
            log_likelihood += part[0]
            sums += part[1]
        return log_likelihood, sums

    def e_step(self):
        self.model.prepare()
        if len(self.ranges) == 1:
            return self.range_statistics(self.ranges[0])
        parts = list(self.pool.map(self.range_statistics, self.ranges))
        return math.fsum(part[0] for part in parts), sum(part[1] for part in parts)

    def run(self, iterations, until):
        """Times of the iterations and the log likelihood after them."""
        log_likelihood, sums = self.e_step()
        stamps = [time.perf_counter()]
        while len(stamps) <= iterations and log_likelihood < until:
            self.model.update(sums)
            log_likelihood, sums = self.e_step()
            stamps.append(time.perf_counter())
        return list(np.diff(stamps)), log_likelihood


def main():
    task = peer.read_task(peer.command_line())
    model = make_model(task)
    start = model.weights, model.parameters

    def run():
        model.weights, model.parameters = start
        return Em(model, len(task.X), task.threads).run(task.iterations, task.until)

    seconds, log_likelihood = peer.timed_runs(run, task)
    peer.print_result("-".join(filter(None, ["numpy", task.variant])), np.__version__, seconds, log_likelihood)


if __name__ == "__main__":
    main()

"""pomegranate's GeneralMixtureModel: see peer.py for the command line.

Its own convergence test is off. An iteration lasts from one call of its callback to the next.
"""

import time

import numpy as np
import pomegranate
from pomegranate import (BernoulliDistribution, DiscreteDistribution, ExponentialDistribution, GeneralMixtureModel,
                         IndependentComponentsDistribution, MultivariateGaussianDistribution, NormalDistribution)
from pomegranate.callbacks import Callback

import peer


class Stamps(Callback):
    def __init__(self):
        self.seconds = []

    def on_epoch_end(self, logs):
        self.seconds.append(time.perf_counter())


def independent(distributions):
    """One distribution for each column; a single column stands by itself."""
    return IndependentComponentsDistribution(distributions) if len(distributions) > 1 else distributions[0]


def components(task):
    if task.family == "gaussian":
        return [MultivariateGaussianDistribution(mean, covariance)
                for mean, covariance in zip(task.parameters["mean"], task.parameters["covariance"])]
    if task.family == "gaussian:covariance=diagonal":
        return [independent([NormalDistribution(m, v**0.5) for m, v in zip(mean, variances)])
                for mean, variances in zip(task.parameters["mean"], task.parameters["covariance"])]
    if task.family == "bernoulli":
        return [independent([BernoulliDistribution(p) for p in row]) for row in task.parameters["probability"]]
    if task.family == "exponential":
        return [independent([ExponentialDistribution(r) for r in row]) for row in task.parameters["rate"]]
    return [independent([DiscreteDistribution(dict(enumerate(map(float, p)))) for p in row])
            for row in task.parameters["probabilities"]]


def main():
    task = peer.read_task(peer.command_line())
    X = task.X.astype(float)

    def run():
        stamps = Stamps()
        model = GeneralMixtureModel(components(task), weights=task.weights)
        model.fit(X, max_iterations=task.iterations, stop_threshold=-np.inf, callbacks=[stamps], n_jobs=task.threads)
        model_of_run[:] = [model]
        return list(np.diff(stamps.seconds)), np.nan

    model_of_run = []
    seconds, _ = peer.timed_runs(run, task)
    peer.print_result("pomegranate", pomegranate.__version__, seconds, model_of_run[0].log_probability(X).sum())


if __name__ == "__main__":
    main()

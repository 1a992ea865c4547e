"""scikit-learn's GaussianMixture: see peer.py for the command line.

`fit` itself runs, without its k-means start (a warm start), without its ridge and without its test of convergence. An
iteration lasts from the end of one M-step to the end of the next.
"""

import time
import warnings

import numpy as np
import sklearn
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

import peer


class Reached(Exception):
    pass


class ObservedMixture(GaussianMixture):
    def _e_step(self, X):
        mean_log_likelihood, responsibilities = super()._e_step(X)
        self.log_likelihood = mean_log_likelihood * len(X)
        if self.log_likelihood >= self.until:
            raise Reached
        return mean_log_likelihood, responsibilities

    def _m_step(self, X, log_resp):
        super()._m_step(X, log_resp)
        self.stamps.append(time.perf_counter())


def start(task):
    covariance_type = "diag" if task.family.endswith("diagonal") else "full"
    covariances = task.parameters["covariance"]
    if covariance_type == "diag":
        roots = 1 / np.sqrt(covariances)
    else:
        roots = np.linalg.inv(np.linalg.cholesky(covariances)).transpose(0, 2, 1)
    # The log likelihood after n M-steps is that of E-step n + 1.
    model = ObservedMixture(len(task.weights), covariance_type=covariance_type, tol=0, reg_covar=0,
                            max_iter=task.iterations + 1, warm_start=True)
    model.weights_, model.means_, model.covariances_ = task.weights, task.parameters["mean"], covariances
    model.precisions_cholesky_, model.lower_bound_, model.converged_ = roots, -np.inf, False
    model.stamps, model.until = [], task.until
    return model


def main():
    task = peer.read_task(peer.command_line())
    warnings.simplefilter("ignore", ConvergenceWarning)

    def run():
        model = start(task)
        try:
            model.fit(task.X)
        except Reached:
            pass
        # fit ends with one more E-step: the last M-step is not among the ones asked for.
        return list(np.diff(model.stamps)), model.lower_bound_ * len(task.X)

    def run_until():
        model = start(task)
        begin = time.perf_counter()
        try:
            model.fit(task.X)
        except Reached:
            pass
        return [time.perf_counter() - begin], model.log_likelihood, len(model.stamps)

    if np.isfinite(task.until):
        runs = [run_until() for _ in range(peer.MINIMUM_TIMINGS)]
        peer.print_result("scikit-learn", sklearn.__version__, [run[0][0] for run in runs], runs[-1][1],
                          iterations=runs[-1][2])
    else:
        peer.print_result("scikit-learn", sklearn.__version__, *peer.timed_runs(run, task))


if __name__ == "__main__":
    main()

"""What the Python peers share: the command line, the files, the timing, the JSON line.

    PEER FAMILY DATA.h5 START.h5 ITERATIONS SECONDS THREADS [OPTION...]

A peer makes runs of ITERATIONS EM iterations from the start until it has timed MINIMUM_TIMINGS iterations and SECONDS
have passed. It prints {"peer", "version", "seconds": [one for each iteration timed], "log_likelihood"}, the last at the
parameters after ITERATIONS M-steps, summed over the rows.
"""

import argparse
import dataclasses
import json
import time

import h5py
import numpy as np

MINIMUM_TIMINGS = 5


@dataclasses.dataclass
class Task:
    family: str
    X: np.ndarray
    weights: np.ndarray
    parameters: dict
    iterations: int
    seconds: float
    threads: int
    until: float = np.inf  # a log likelihood: the run ends when it is reached
    variant: str = ""


def command_line():
    parser = argparse.ArgumentParser()
    parser.add_argument("family")
    parser.add_argument("data")
    parser.add_argument("start")
    parser.add_argument("iterations", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("threads", type=int)
    parser.add_argument("--until", type=float, default=np.inf)
    parser.add_argument("--variant", default="")
    return parser.parse_args()


def read_task(arguments):
    with h5py.File(arguments.data) as file:
        X = file["X"][:]
    with h5py.File(arguments.start) as file:
        weights = file["weights"][:]
        parameters = {name: values[:] for name, values in file["components"].items()}
    return Task(arguments.family, X, weights, parameters, arguments.iterations, arguments.seconds, arguments.threads,
                arguments.until, arguments.variant)


def timed_runs(run, task):
    """run() gives the times of its iterations and the log likelihood after them."""
    seconds, begin = [], time.perf_counter()
    while len(seconds) < MINIMUM_TIMINGS or time.perf_counter() - begin < task.seconds:
        times, log_likelihood = run()
        seconds += times
    return seconds, log_likelihood


def print_result(peer, version, seconds, log_likelihood, **more):
    print(json.dumps({"peer": peer, "version": version, "seconds": seconds, "log_likelihood": float(log_likelihood),
                      **more}))

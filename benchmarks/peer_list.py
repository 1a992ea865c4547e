"""THE list of peers and how one is run: a program with the command line of peers/peer.py, on as many cores as threads."""

import dataclasses
import json
import os
import pathlib
import subprocess

from cases import BERNOULLI, CATEGORICAL, DIAGONAL, EXPONENTIAL, FULL

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = "/usr/bin/python3"  # Debian's, which sees Debian's packages


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    command: tuple
    families: frozenset
    options: tuple = ()
    packaged: bool = False  # an EM that Debian ships, not one written here
    threaded: bool = True
    single_precision: bool = False
    too_slow: frozenset = frozenset()  # cases in which a single iteration takes more than ten seconds
    row_limits: dict = dataclasses.field(default_factory=dict)  # too slow: so many rows of that case, scaled linearly

    def takes(self, case):
        return case.family in self.families and case.name not in self.too_slow

    def rows(self, case):
        return min(case.rows, self.row_limits.get(case.name, case.rows))


def built(program):
    """A program of the build directory, which $BENCHMARKS_BUILD names."""
    return f"{os.environ['BENCHMARKS_BUILD']}/benchmarks/{program}"


def peers():
    def python(name):
        return (PYTHON, HERE / "peers" / f"{name}_peer.py")

    every = frozenset({FULL, DIAGONAL, BERNOULLI, CATEGORICAL, EXPONENTIAL})
    gaussian = frozenset({FULL, DIAGONAL})
    return (
        Peer("mixfam", (built("mixfam_peer"),), every),
        Peer("numpy", python("numpy"), every),
        Peer("numpy-whitened", python("numpy"), frozenset({FULL}), options=("--variant", "whitened")),
        Peer("numpy-float32", python("numpy"), frozenset({BERNOULLI}), options=("--variant", "float32"),
             single_precision=True),
        Peer("scikit-learn", python("sklearn"), gaussian, packaged=True),
        Peer("armadillo", (built("armadillo_peer"),), gaussian, packaged=True,
             too_slow=frozenset({"full_256"}),
             row_limits={"full_16": 50_000, "full_64": 4_096, "diagonal": 100_000}),
        Peer("mclust", ("Rscript", HERE / "peers" / "mclust_peer.R"), gaussian, packaged=True, threaded=False,
             too_slow=frozenset({"full_256"}),
             row_limits={"full_2": 200_000, "full_16": 20_000, "full_64": 4_096, "diagonal": 20_000}),
        Peer("pomegranate", python("pomegranate"), every, packaged=True,
             row_limits={"full_64": 20_000, "full_256": 8_192, "diagonal": 50_000, "bernoulli": 10_000}),
    )


class PeerError(Exception):
    """A peer that ended with an error."""

    def __init__(self, message, status):
        super().__init__(message)
        self.status = status


def run_program(command, threads):
    """Standard output of a program that has `threads` cores, and is told so."""
    environment = dict(os.environ, OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads))
    command = ["taskset", "--cpu-list", f"0-{threads - 1}", *map(str, command)]
    done = subprocess.run(command, env=environment, text=True, capture_output=True)
    if done.returncode != 0:
        raise PeerError(f"{' '.join(command)}\nends with status {done.returncode}:\n{done.stderr}", done.returncode)
    return done.stdout


def run_peer(peer, case, data, start, threads, seconds, iterations=None, options=()):
    """The JSON line of a peer: see peers/peer.py."""
    task = (case.family, data, start, iterations or case.iterations, seconds, threads)
    return json.loads(run_program((*peer.command, *task, *peer.options, *options), threads))

"""Random command lines and prior files end in a documented status: no signal, no internal error, no wait without end.

    fuzz_command_lines.py RUNS [FIRST]

Run like cli_test.py. Run number n depends on n alone, so that one that fails can be run again: RUNS = 1, FIRST = n.
With status 0 the document of --json holds no NaN and no infinity.
"""

import concurrent.futures
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

import h5py
import numpy as np

MIXFAM = os.environ.get("MIXFAM", "mixfam")
DOCUMENTED = {0, 2, 3, 5, 6}
# Seconds: every one of these problems is a matter of milliseconds.
PATIENCE = 60

FAMILIES = {
    "gaussian": {"mu0": "vector", "kappa0": "number", "nu0": "number", "psi0": "matrix"},
    "gaussian:covariance=diagonal": {"mu0": "vector", "kappa0": "number", "nu0": "number", "psi0": "vector"},
    "gaussian:covariance=spherical": {"mu0": "vector", "kappa0": "number", "nu0": "number", "psi0": "number"},
    "gaussian:covariance=tied": {"mu0": "vector", "kappa0": "number", "nu0": "number", "psi0": "matrix"},
    "log_normal": {"mu0": "vector", "kappa0": "number", "nu0": "number", "psi0": "matrix"},
    "exponential": {"shape": "number", "rate": "vector"},
    "gamma": {},
    "poisson": {"shape": "number", "rate": "vector"},
    "geometric": {"a": "number", "b": "number"},
    "bernoulli": {"a": "number", "b": "number"},
    "binomial:trials=9": {"a": "number", "b": "number"},
    "categorical": {"concentration": "number"},
    "multinomial": {"concentration": "vector"},
    "gaussian(0) * exponential(1)": {"gaussian": "object", "exponential": "object"},
    "poisson(1) * bernoulli(0)": {"poisson": "object"},
}
ODD_FAMILIES = ["", "normal", "gaussian(", "gaussian(0)", "gaussian(0) * gaussian(0)", "gaussian(nose) * poisson(1)",
                "gaussian:covariance=round", "binomial", "categorical:categories=0", "*", "a" * 300]  # fmt: skip
NUMBERS = ["0", "1", "2", "0.5", "3.7", "-1", "1e-320", "1e-13", "1e300", "1.7e308", "1e400", "nan", "inf", "",
           "x", "18446744073709551615", "18446744073709551616", "0x10", "1e3", "007", " 1", "1 "]  # fmt: skip


def write_data(folder):
    """Files of data, sound and hostile, by name."""
    generator = np.random.default_rng(1)
    group = generator.integers(0, 2, size=(60, 1))
    counts = generator.poisson(np.where(group == 0, 2, 6), size=(60, 2))
    tables = {
        "real.h5": generator.normal(np.where(group == 0, -2, 3), 1, size=(60, 2)),
        "positive.h5": generator.exponential(np.where(group == 0, 1, 5), size=(60, 2)),
        "counts.h5": np.minimum(counts, 9),
        "bits.h5": (counts > 3).astype("u1"),
        "constant.h5": np.full((20, 2), 4.0),
        "few.h5": np.array([[1.0, 2.0], [3.0, 5.0]]),
        "far.h5": 1e9 + generator.normal(size=(40, 2)),
        "huge.h5": 1e200 * generator.normal(size=(40, 2)),
        "tiny.h5": 1e-160 * generator.exponential(size=(40, 2)),
        "nan.h5": np.array([[1.0, np.nan], [2.0, 3.0]]),
        "labels.h5": np.array([b"a", b"b", b"a", b"c"] * 5),
        "scalar.h5": 1.0,
    }
    for name, values in tables.items():
        with h5py.File(folder / name, "w") as file:
            file["X"] = values
    (folder / "text.h5").write_text("1,2,3\n")
    with h5py.File(folder / "start.h5", "w") as file:
        file["weights"] = [0.5, 0.5]
        file["components/mean"] = [[-2.0, -2.0], [3.0, 3.0]]
        file["components/covariance"] = [np.eye(2)] * 2
    with h5py.File(folder / "responsibilities.h5", "w") as file:
        file["responsibilities"] = generator.dirichlet([1, 1], 60)
    os.mkfifo(folder / "pipe")
    return [*tables, "text.h5", "none.h5", "pipe", "."]


class CommandLines:
    def __init__(self, number, data, folder):
        self.random = random.Random(number)
        self.number = number
        self.data = data
        self.folder = folder

    def rarely(self, one_in=12):
        return self.random.randrange(one_in) == 0

    def of(self, *choices):
        return self.random.choice(choices)

    def number_text(self):
        return self.of(*NUMBERS)

    def hyperparameter(self, kind):
        positive = lambda: self.of(1e-320, 1e-13, 1e-3, 0.5, 1, 2, 4, 30, 1e5, 1e12, 1e300, 1.7e308)
        if self.rarely(10):
            return self.of(0, -1, "x", None, [], {}, [[]], True, [1], [1, 2, 3], "1", 10**400)
        if kind == "vector" and self.of(True, False):
            return [positive(), positive()]
        if kind == "matrix" and self.of(True, False):
            a, b = positive(), positive()
            return [[a, self.of(0, 0, 1e-3, a)], [self.of(0, 0, 1e-3, a), b]]
        return positive()

    def prior_text(self, family):
        if self.rarely(20):
            return self.of("", "{", "[" * 100000, "null", "[1]", '{"mu0": 1e999}', '"\\ud800"', "\xff", "{} {}")
        fields = FAMILIES.get(family, {"mu0": "vector"})
        document = {}
        for name, kind in fields.items():
            if kind == "object":
                document[name] = {n: self.hyperparameter(k) for n, k in FAMILIES[name].items() if not self.rarely(4)}
            elif not self.rarely(4):
                document[name] = self.hyperparameter(kind)
        if self.rarely():
            document["more"] = 1
        if self.of(True, False):
            weights = {"concentration": self.of(1, 0.5, 2, 1e-300, 1e300, [1, 2], [0.5], 0, -1, "x")}
            if self.rarely(4):
                weights["prior"] = self.of("dirichlet", "fixed", "stick-breaking", "none", 1)
            document = {"weights": weights, "components": document}
        return json.dumps(document)

    def option(self, name, family):
        if self.rarely(40):
            return [self.of(name[:-1], name + "s", name.upper(), "--" + name, "-" + name[2:3]), self.number_text()]
        if name in ("--merge-rows", "--verify", "--raw", "--transpose"):
            return [name]
        values = {
            "--start": ["kmeans++", "random", "start.h5", "responsibilities.h5", "real.h5", "x" * 300, "pipe", ""],
            "--restarts": ["1", "2", "3"],
            "--seed": ["0", "1", "7", "18446744073709551615"],
            "--update": ["ml", "map", "vb", "sampled"],
            "--assign": ["soft", "hard", "sampled"],
            "--weights": ["dirichlet", "fixed", "stick-breaking"],
            "--temperature": ["1", "2", "1e6"],
            "--cooling": ["0.9", "0.1", "0.999"],
            "--batch-rows": ["1", "7", "16", "1000000"],
            "--forgetting": ["0.6", "1"],
            "--degenerate": ["error", "reseed", "drop", "keep"],
            "--accelerate": ["anderson", "squarem", "none"],
            "--tolerance": ["0", "1e-6", "1", "1e300"],
            "--max-iterations": ["0", "1", "5", "60"],
            "--threads": ["1", "2", "10000000"],
            "--memory": ["1GiB", "1", "90MiB", "999999999TiB"],
            "--columns": ["0", "0,1", "1,0", "0,0", "nose", "", ",", "0:1", "::2", "all but 0", "9:", "all", "0 but 0"],
            "--rows": ["0:50", "::2", "-9:", "5:5", "::-1", ":", "99999999999999999999:"],
            "--split": ["0.5", "0.01", "0.999", "1"],
            "--part": ["train", "rest"],
            "--row-weights": [":/X", ":/Y", "0", "real.h5:/X", "none.h5:/X", "pipe", ":"],
            "--labels": [":/X", ":/Y", "0", "counts.h5", "bits.h5:/X", "."],
            "--missing": ["refuse", "nan", "0", "-1", "1e300"],
            "--output": ["out.h5", "real.h5", "start.h5", "none/out.h5", ".", "/dev/null"],
            "--trace": ["out.csv", "out.h5", "prior.json", ""],
        }
        if name == "--prior":
            if self.rarely(6):
                return [name, self.of("default", "flat", "none.json", ".", "pipe", "real.h5")]
            file = f"prior-{self.number}.json"
            (self.folder / file).write_text(self.prior_text(family), errors="surrogateescape", encoding="latin-1")
            return [name, file]
        return [name, self.number_text() if self.rarely() else self.of(*values[name])]

    def fit(self):
        family = self.of(*ODD_FAMILIES) if self.rarely(15) else self.of(*FAMILIES)
        data = self.of(*self.data) if self.of(True, False) else {
            "gaussian": "real.h5", "exponential": "positive.h5", "gamma": "positive.h5", "bernoulli": "bits.h5",
        }.get(family, "counts.h5")  # fmt: skip
        location = data + self.of("", "", "", ":/X", ":/Y", ":X", ":/")
        words = ["fit", location, "--family", family, "--components", self.of("1", "2", "2", "3", "5", "20")]
        if self.rarely():
            words[-1] = self.number_text()
        names = ["--start", "--restarts", "--seed", "--update", "--assign", "--prior", "--weights", "--temperature",
                 "--cooling", "--batch-rows", "--forgetting", "--degenerate", "--accelerate", "--tolerance",
                 "--max-iterations", "--threads", "--memory", "--columns", "--output", "--trace", "--merge-rows",
                 "--raw", "--transpose",
                 "--verify", "--rows", "--split", "--part", "--row-weights", "--labels", "--missing"]  # fmt: skip
        # Most lines make sense, so that they come far; a method that needs a prior mostly has one.
        chosen = self.random.sample(names, self.of(0, 1, 1, 2, 2, 3, 5))
        if self.of(True, False) and "--update" not in chosen:
            chosen.append("--update")
            if "--prior" not in chosen:
                chosen.append("--prior")
        for name in chosen:
            words += self.option(name, family)
        if "--max-iterations" not in chosen:
            words += ["--max-iterations", "60"]
        if self.rarely(20):
            self.random.shuffle(words)
        if self.rarely(20):
            words.pop(self.random.randrange(len(words)))
        return words + (["--json"] if self.of(True, True, False) else [])

    def other(self):
        command = self.of("describe", "divergence", "families", "fitt", "", "--version", "--help")
        files = self.of(*self.data, "start.h5:/weights", "start.h5")
        more = self.of([], [], ["--json"], ["--draws", self.number_text()], ["--seed", self.number_text()], ["start.h5"])
        return [command, *([] if self.rarely(6) else [files]), *more]

    def words(self):
        return self.other() if self.rarely(8) else self.fit()


def no_constant(text):
    raise ValueError(f"the document holds {text}")


def complaint(words, folder):
    """What is wrong with how a command line ended; nothing when it is as documented."""
    try:
        outcome = subprocess.run([MIXFAM, *words], cwd=folder, capture_output=True, timeout=PATIENCE, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        return f"did not end within {PATIENCE} s"
    errors = outcome.stderr.decode(errors="replace")
    if outcome.returncode not in DOCUMENTED:
        return f"ended with status {outcome.returncode}: {errors[-400:]}"
    if outcome.returncode != 0 and "mixfam: " not in errors:
        return f"ended with status {outcome.returncode} and says nothing"
    if outcome.returncode == 0 and "--json" in words and not {"--help", "--version"} & {*words}:
        try:
            json.loads(outcome.stdout, parse_constant=no_constant)
        except ValueError as error:
            return f"status 0, but {error}"
    return None


def check(number, data, source):
    """In a folder of its own: what one run writes must not change another. Files are replaced, never changed."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for file in source.iterdir():
            os.link(file, folder / file.name)
        words = CommandLines(number, data, folder).words()
        # What no shell and no system call can pass on.
        words = [word.replace("\0", "") for word in words]
        found = complaint(words, folder)
        if found is None:
            return None
        priors = "".join(f"\n  {file.name}: {file.read_bytes()[:300]!r}" for file in folder.glob("prior-*.json"))
        return f"run {number}: mixfam {words}{priors}\n  {found}"


def main():
    runs = int(sys.argv[1])
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with tempfile.TemporaryDirectory() as name, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        source = pathlib.Path(name)
        data = write_data(source)
        numbers = range(first, first + runs)
        failures = 0
        for text in pool.map(lambda number: check(number, data, source), numbers):
            if text:
                failures += 1
                print(text, flush=True)
    print(f"{runs - failures} passed, {failures} failed")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()

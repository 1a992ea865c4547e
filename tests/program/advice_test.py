"""What the program says of data that maximum likelihood cannot fit, and that its advice works on these very data.

Run with the program's path in the environment variable MIXFAM, by a Python that has numpy and h5py.
"""

import itertools
import json
import re
import unittest

import h5py
import numpy as np
from cli_test import DONE, NUMERICAL, CliTest, run

ROWS = 60
GAUSSIANS = ["gaussian", *(f"gaussian:covariance={name}" for name in ("diagonal", "spherical", "tied"))]


def table(**columns):
    """Rows with names for their columns."""
    result = np.zeros(len(next(iter(columns.values()))), dtype=[(name, float) for name in columns])
    for name, values in columns.items():
        result[name] = values
    return result


def singular_data():
    """name -> rows > 0 on which some family has no estimate."""
    random = np.random.default_rng(5)
    a, b, c = 2 + random.random((3, ROWS))
    digits = random.integers(0, 17, (ROWS, 16)).astype(float)
    digits[:, [0, 7, 15]] = 0
    return {
        "constant": table(a=a, b=b, c=np.full(ROWS, 7.3)),
        "duplicate": table(a=a, b=2 * a, c=c),
        "combination": table(a=a, b=b, c=30 + a - 2 * b),
        "wide": random.random((6, 9)) + 1,
        "one row": random.random((1, 3)) + 1,
        "dead pixels": digits,
        "zeros": table(a=np.zeros(ROWS), b=b),
        "far away": np.c_[1e6 + a, 2 * (1e6 + a)],
    }


def advice(stderr):
    """The options that a message tells to use, as they are typed."""
    found = re.search(r"use (?:a|the default) prior \(([^)]*)\)", stderr)
    if not found:
        return None
    words = found.group(1).replace(",", " ").replace("--", "").split()
    return [word if i % 2 else "--" + word for i, word in enumerate(words)]


class Advice(CliTest):
    def setUp(self):
        super().setUp()
        self.data = {}
        for name, rows in singular_data().items():
            path = self.path(name.replace(" ", "_") + ".h5")
            with h5py.File(path, "w") as file:
                file["X"] = rows
            names = rows.dtype.names
            self.data[name] = [path, *(["--columns", ",".join(names)] if names else [])]

    def fit_of(self, name, family, *options):
        return run("fit", *self.data[name], "--family", family, "--json", *options)

    def follow(self, name, family, options):
        """Runs the command; where no parameters fit, runs it as its message advises. True if it was advised."""
        result = self.fit_of(name, family, *options)
        if result.returncode == DONE:
            return False
        self.assertEqual(result.returncode, NUMERICAL, result.stderr)
        typed = advice(result.stderr)
        self.assertTrue(typed, result.stderr)
        kept = list(options)
        for option in typed[::2]:
            if option in kept:
                at = kept.index(option)
                del kept[at : at + 2]
        cured = self.fit_of(name, family, *kept, *typed)
        self.assertEqual(cured.returncode, DONE, f"{result.stderr}\nadvises {typed}, which says\n{cured.stderr}")
        return True

    def test_advice_works(self):
        advised = 0
        for name, rows in singular_data().items():
            families = [*GAUSSIANS, "exponential"]
            if name not in ("dead pixels", "zeros"):
                families.append("log_normal")
            for family, components in itertools.product(families, (1, 2, 5)):
                if components > len(rows):
                    continue
                with self.subTest(data=name, family=family, components=components):
                    advised += self.follow(name, family, ["--components", components])
        self.assertGreater(advised, 30)

    def test_advice_after_a_flat_or_narrow_prior_works(self):
        narrow = self.write_json("narrow.json", {"mu0": [0, 0], "kappa0": 0.01, "nu0": 4, "psi0": 1e-20})
        for update, prior in (("map", "flat"), ("map", narrow), ("vb", narrow), ("sampled", narrow)):
            with self.subTest(update=update, prior=prior):
                options = ["--components", 2, "--update", update, "--prior", prior]
                self.assertTrue(self.follow("far away", "gaussian", options))

    def test_default_prior_serves_every_method(self):
        for name, update, assign in itertools.product(
            singular_data(), ("map", "vb", "sampled"), ("soft", "hard", "sampled")
        ):
            components = 1 if name == "one row" else 3
            with self.subTest(data=name, update=update, assign=assign):
                result = self.fit_of(
                    name, "gaussian", "--components", components, "--update", update, "--assign", assign,
                    "--max-iterations", 30, "--quiet",
                )  # fmt: skip
                self.assertEqual(result.returncode, DONE, result.stderr)
                self.assertTrue(np.isfinite(json.loads(result.stdout)["log_likelihood"]))

    def test_names_of_columns(self):
        for name, family, words in (
            ("constant", "gaussian", 'column 2 ("c") is constant'),
            ("constant", "gaussian:covariance=diagonal", 'column 2 ("c") is constant'),
            ("duplicate", "gaussian", 'columns 0 ("a") and 1 ("b") are collinear: a - 0.5 b is constant'),
            ("combination", "gaussian",
             'columns 0 ("a"), 1 ("b") and 2 ("c") are collinear: a - 2 b - c is constant'),
            ("wide", "gaussian", "only 6 rows for 9 columns"),
            ("dead pixels", "gaussian", "columns 0, 7 and 15 are constant"),
            ("zeros", "exponential", 'column 0 ("a"): all its values are 0'),
            ("constant", "gaussian(1,2) * exponential(0)", 'column 2 ("c") is constant'),
        ):  # fmt: skip
            with self.subTest(data=name, family=family):
                result = self.fit_of(name, family, "--components", 2)
                self.assertEqual(result.returncode, NUMERICAL)
                self.assertIn(words, result.stderr)
                self.assertEqual(result.stderr.count(words), 1)


if __name__ == "__main__":
    unittest.main()

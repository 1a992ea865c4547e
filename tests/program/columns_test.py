"""What `mixfam describe --columns` says of columns is what numpy says, and what `mixfam fit` does with them.

Run like cli_test.py.
"""

import json

import h5py
import numpy as np

from cli_test import DATA, DONE, FAITHFUL, CliTest, main, run


class Columns(CliTest):
    def described(self, location):
        result = run("describe", location, "--columns", "--json")
        self.assertEqual(result.returncode, DONE, result.stderr)
        return json.loads(result.stdout)

    def columns(self, location):
        return {column["name"]: column for column in self.described(location)["columns"]}

    def test_numbers_are_those_of_numpy(self):
        rng = np.random.default_rng(7)
        for kind in "f4", ">f8", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8":
            X = rng.normal(scale=30, size=(5000, 3)).astype("f8")
            X = np.abs(X) if "u" in kind else X
            X = np.asarray(X, dtype=kind)
            if "f" in kind:
                X[::7, 1] = np.nan
            document = self.described(self.write("x.h5", {"X": X}))
            self.assertEqual(document["rows"], 5000)
            for j, column in enumerate(document["columns"]):
                with self.subTest(kind=kind, column=j):
                    x = X[~np.isnan(X[:, j].astype("f8")), j].astype("f8")
                    self.assertEqual(column["gaps"], 5000 - len(x))
                    self.assertEqual((column["least"], column["greatest"]), (x.min(), x.max()))
                    np.testing.assert_allclose(column["mean"], x.mean(), atol=1e-12 * np.abs(x).max())
                    distinct = len(np.unique(x))
                    self.assertEqual(column["distinct"], distinct if distinct <= 4096 else None)
                    self.assertEqual(column["type"], "numbers" if "f" in kind else "whole numbers")

    def test_values_are_listed_to_twenty(self):
        X = np.stack([np.arange(42) % 20, np.arange(42) % 21], axis=1)
        columns = self.columns(self.write("x.h5", {"X": X}))
        self.assertEqual(columns["0"]["values"], list(range(20)))
        self.assertIsNone(columns["1"]["values"])

    def test_families_are_those_that_fit(self):
        """A family is named exactly where one component of it can be fitted as far as the values go."""
        rng = np.random.default_rng(8)
        samples = {
            "bits": rng.integers(2, size=200), "counts": rng.poisson(3, size=200), "signed": rng.integers(-5, 5, size=200),
            "positive": rng.exponential(size=200) + 1e-3, "from_zero": np.append(0, rng.exponential(size=199)),
            "real": rng.normal(size=200), "large": rng.integers(1, 10**6, size=200),
            "many": np.arange(5000), "infinite": np.append(np.inf, rng.normal(size=199)),
        }
        families = [family["name"] for family in json.loads(run("families", "--json").stdout)["families"]]
        self.assertGreater(len(families), 8)
        for name, values in samples.items():
            named = set(self.columns(self.write("x.h5", {"x": np.asarray(values)}))["0"]["families"])
            for family in families:
                spec = "binomial:trials=10" if family == "binomial" else family
                with self.subTest(sample=name, family=spec):
                    result = run("fit", self.path("x.h5"), "--family", spec, "--components", 1, "--max-iterations", 1,
                                 "--quiet")
                    self.assertEqual(result.returncode != DATA, spec in named, result.stderr)

    def test_labels_are_for_categories(self):
        kind = np.dtype([("x", "f8"), ("sex", h5py.enum_dtype({"f": 0, "m": 1}, "i2")), ("wave", "c16")])
        table = np.zeros(6, dtype=kind)
        table["sex"] = [0, 1, 1, -1, 0, 1]
        document = self.columns(self.write("t.h5", {"t": table}))
        self.assertEqual(document["sex"]["values"], ["f", "m"])
        self.assertEqual(document["sex"]["gaps"], 1)
        self.assertIsNone(document["sex"]["mean"])
        self.assertEqual(document["sex"]["families"], ["categorical"])
        self.assertIn("wave", document["wave"]["unreadable"])
        text = run("describe", self.path("t.h5"), "--columns").stdout
        self.assertIn("cannot be read", text)
        self.assertIn("sex: f, m", text)
        self.data_refused(self.path("t.h5"), "nan", more=("--columns", "sex"), family="categorical")

    def test_gaps_only(self):
        column = self.columns(self.write("x.h5", {"x": np.full(5, np.nan)}))["0"]
        self.assertEqual((column["gaps"], column["distinct"], column["families"]), (5, 0, []))
        self.assertIsNone(column["type"])
        self.assertIn("none", run("describe", self.path("x.h5"), "--columns").stdout)

    def test_what_cannot_be_described(self):
        self.refused(DATA, "name one", arguments=("describe", self.write("x.h5", {"a": [1], "b": [2]}), "--columns"))
        self.refused(DATA, "No such file", arguments=("describe", self.path("none.h5"), "--columns"))
        text = run("describe", FAITHFUL, "--columns").stdout
        self.assertLessEqual(max(map(len, text.splitlines())), 80)


if __name__ == "__main__":
    main()

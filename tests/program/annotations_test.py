"""Weights, labels, gaps and selections of rows and columns, from the command line to the result.

Run with the program's path in the environment variable MIXFAM, by a Python that has numpy and h5py.
The expected numbers come from formulas written here, or from fits of rows that were selected here.
"""

import json
import pathlib
import re
import subprocess
import tempfile
import unittest

import h5py
import numpy as np

from cli_test import DATA, DONE, FAITHFUL, MIXFAM, ROUND_OFF, USAGE, main

# Whether the models take labels and cells that are missing; until they do, both ride along to no effect.
LABELS_COUNT = True
GAPS_COUNT = True


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        rng = np.random.default_rng(20)
        self.rows = 5000
        self.X = np.where(rng.random((self.rows, 1)) < 0.4, rng.normal(size=(self.rows, 3)),
                          rng.normal(5, 2, size=(self.rows, 3)))
        self.weights = rng.integers(0, 4, self.rows).astype(float)

    def write(self, name, columns=None, **datasets):
        """A file, or the data set X in it."""
        path = self.folder / name
        with h5py.File(path, "w") as file:
            for key, values in datasets.items():
                file[key] = values
                if columns and key == "X":
                    file[key].attrs["columns"] = columns
        return f"{path}:/X" if "X" in datasets else str(path)

    def run_fit(self, data, *options, family="gaussian", components=2):
        return subprocess.run([MIXFAM, "fit", data, "--family", family, "--components", str(components), "--json",
                               "--quiet", *map(str, options)], capture_output=True, text=True, timeout=120)

    def fit(self, data, *options, **arguments):
        run = self.run_fit(data, *options, **arguments)
        self.assertEqual(run.returncode, DONE, run.stderr)
        return json.loads(run.stdout)

    def refused(self, status, data, *options, words=(), **arguments):
        run = self.run_fit(data, *options, **arguments)
        self.assertEqual(run.returncode, status, run.stdout[:200] + run.stderr)
        for word in words:
            self.assertIn(word, run.stderr)

    def assert_same_fit(self, one, other):
        for key in "components", "log_likelihood", "objective", "trace", "bic":
            self.assertEqual(one[key], other[key], key)


class ColumnsTest(Case):
    def test_ranges_and_exclusions(self):
        names = ["id", "a", "b", "c", "d", "0:2"]
        data = self.write("x.h5", names, X=np.hstack([np.arange(self.rows)[:, None], self.X, self.X[:, :2] ** 2]))

        def columns(choice, path=data):
            return self.fit(path, "--columns", choice, "--max-iterations", 1)["data"]["columns"]

        self.assertEqual(columns("1:4"), ["a", "b", "c"])
        self.assertEqual(columns("-3:"), ["c", "d", "0:2"])
        self.assertEqual(columns("1:6:2"), ["a", "c", "0:2"])
        self.assertEqual(columns("c,1:3"), ["c", "a", "b"])
        self.assertEqual(columns("0:2"), ["0:2"])  # a name comes first
        self.assertEqual(columns("all but id"), names[1:])
        self.assertEqual(columns("all but id,c,4:"), ["a", "b"])
        self.assertEqual(columns("0:5 but 0,2:4"), ["a", "d"])
        plain = self.write("plain.h5", X=self.X)
        self.assert_same_fit(self.fit(plain, "--columns", "all but 1"),
                             self.fit(self.write("outer.h5", X=self.X[:, [0, 2]])))

    def test_tables(self):
        table = np.zeros(self.rows, dtype=[("id", "i8"), ("note", "f8", (2,)), ("a", "f4"), ("b", "f8")])
        table["a"], table["b"], table["id"] = self.X[:, 0], self.X[:, 1], self.weights
        data = self.write("t.h5", T=table)
        self.assertEqual(self.fit(data, "--columns", "all but id,note")["data"]["columns"], ["a", "b"])
        weighted = self.fit(data, "--columns", "all but note", "--row-weights", "id")
        self.assertEqual(weighted["data"]["columns"], ["a", "b"])
        self.assertEqual(weighted["total_weight"], self.weights.sum())
        self.refused(DATA, data, "--row-weights", "id", words=["--columns"])

    def test_refusals(self):
        data = self.write("x.h5", ["a", "b", "c"], X=self.X)
        self.refused(DATA, data, "--columns", "a,0:2", words=["'a' is chosen twice"])
        self.refused(DATA, data, "--columns", "all but z", words=["no column 'z'", "a, b"])
        self.refused(DATA, data, "--columns", "all but 0:3", words=["none is left"])
        self.refused(DATA, data, "--columns", "a but a", words=["none is left"])
        self.refused(USAGE, data, "--columns", "all but ", words=["a name is empty"])


class RowsTest(Case):
    def test_slices(self):
        data = self.write("x.h5", X=self.X, w=self.weights)
        for text, part in (("100:4000:3", slice(100, 4000, 3)), ("-500:", slice(-500, None)), (":1000", slice(1000)),
                           ("::7", slice(None, None, 7)), ("4900:99999", slice(4900, 99999))):
            with self.subTest(rows=text):
                one = self.fit(data, f"--rows={text}", "--row-weights", ":/w")
                selected = self.write("part.h5", X=self.X[part], w=self.weights[part])
                self.assert_same_fit(one, self.fit(selected, "--row-weights", ":/w"))
                self.assertEqual(one["data"]["rows"], len(self.X[part]))

    def test_whatever_the_memory_and_the_threads(self):
        big = np.tile(self.X, (100, 1))
        data = self.write("x.h5", X=big, w=np.tile(self.weights, 100))
        options = ["--rows=7::2", "--split", 0.7, "--seed", 5, "--row-weights", ":/w", "--max-iterations", 5]
        one = self.fit(data, *options, "--threads", 1)
        self.assert_same_fit(one, self.fit(data, *options, "--threads", 3))
        least = re.search(r"at least --memory (\w+)", self.run_fit(data, *options, "--memory", "1MiB").stderr)[1]
        for threads in 1, 2:
            command = [MIXFAM, "fit", data, "--family", "gaussian", "--components", 2, "--json", *options, "--memory",
                       least, "--threads", threads]
            streamed = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120, check=True)
            self.assertIn("the others are read in every pass", streamed.stderr)
            self.assert_same_fit(one, json.loads(streamed.stdout))

    def test_the_parts_of_a_split(self):
        data = self.write("x.h5", X=self.X)
        base = ["--max-iterations", 0, "--seed", 3]
        numbers = {}
        for part in "train", "rest":
            result = self.fit(data, *base, "--split", 0.8, "--part", part, components=1)
            numbers[part] = result["rows_used"]
            self.assertEqual(result["data"]["rows"], result["rows_used"])
        self.assertEqual(sum(numbers.values()), self.rows)
        # Five standard deviations of a binomial number.
        self.assertLess(abs(numbers["train"] - 0.8 * self.rows), 5 * np.sqrt(0.16 * self.rows))
        # Sums of the parts are those of the whole, so the parts are complementary.
        total = np.zeros(3)
        for part in "train", "rest":
            result = self.fit(data, "--seed", 3, "--split", 0.8, "--part", part, components=1)
            total += numbers[part] * np.array(result["components"][0]["parameters"]["mean"])
        np.testing.assert_allclose(total, self.X.sum(axis=0), rtol=ROUND_OFF)
        train = self.fit(data, *base, "--split", 0.8)
        self.assertEqual(train["rows_used"], numbers["train"])

    def test_a_refused_row_has_its_number_in_the_file(self):
        X = np.abs(self.X)
        X[1234, 1] = -1
        data = self.write("x.h5", X=X)
        self.refused(DATA, data, "--rows=1000::2", family="exponential", words=["row 1234, column 1"])
        self.fit(data, "--rows=1001::2", family="exponential")

    def test_refusals(self):
        data = self.write("x.h5", X=self.X)
        for text in "5", "a:b", "::0", "::-1", "1:2:3:4", "":
            self.refused(USAGE, data, f"--rows={text}", words=["--rows", "A:B:STEP"] if text else [])
        self.refused(DATA, data, "--rows", "9:9", words=["none of its 5000 rows is selected"])
        for text in "0", "1", "-0.5", "nan", "half":
            self.refused(USAGE, data, f"--split={text}", words=["--split", "between 0 and 1"])
        self.refused(USAGE, data, "--part", "rest", words=["--part has no meaning without --split"])
        self.refused(USAGE, data, "--split", "0.5", "--part", "test", words=["train or rest"])


class WeightsTest(Case):
    def test_every_place(self):
        inside = self.write("inside.h5", X=self.X, w=self.weights)
        column = self.write("column.h5", ["a", "w", "b", "c"],
                            X=np.insert(self.X, 1, self.weights, axis=1))
        outside = self.write("w.h5", w=self.weights.astype("u1"))
        plain = self.write("plain.h5", X=self.X)
        # A row of weight w is w rows.
        repeated = self.fit(self.write("repeated.h5", X=np.repeat(self.X, self.weights.astype(int), axis=0)),
                            components=1)
        for data, where in ((inside, ":/w"), (column, "w"), (plain, outside), (plain, outside + ":/w"),
                            (column, "1")):
            with self.subTest(where=where):
                result = self.fit(data, "--row-weights", where, components=1)
                self.assertEqual(len(result["data"]["columns"]), 3)
                self.assertEqual(result["rows_used"], np.count_nonzero(self.weights))
                self.assertEqual(result["total_weight"], self.weights.sum())
                self.assertEqual((result["missing_cells"], result["labelled_rows"]), (0, 0))
                self.assertEqual(result["options"]["row_weights"], where)
                self.assertAlmostEqual(result["log_likelihood"] / repeated["log_likelihood"], 1, delta=ROUND_OFF)
                self.assertEqual(result["bic"], self.fit(data, "--row-weights", where, components=1)["bic"])
        text = subprocess.run([MIXFAM, "fit", column, "--family", "gaussian", "--components", "1", "--row-weights", "w"],
                              capture_output=True, text=True, check=True).stdout
        self.assertIn(f"{np.count_nonzero(self.weights)} rows of weight > 0", text)

    def test_without_weights(self):
        result = self.fit(FAITHFUL)
        self.assertEqual((result["rows_used"], result["total_weight"]), (272, 272))

    def test_rows_of_weight_0_may_hold_anything(self):
        X = self.X.copy()
        X[self.weights == 0] = np.nan
        data = self.write("x.h5", X=X, w=self.weights)
        result = self.fit(data, "--row-weights", ":/w")
        self.assertEqual(result["missing_cells"], 0)
        kept = self.write("kept.h5", X=self.X[self.weights > 0], w=self.weights[self.weights > 0])
        other = self.fit(kept, "--row-weights", ":/w", components=1)
        one = self.fit(data, "--row-weights", ":/w", components=1)
        self.assertAlmostEqual(one["log_likelihood"] / other["log_likelihood"], 1, delta=ROUND_OFF)

    def test_merged_rows(self):
        X = np.round(self.X[:, :1])
        data = self.write("x.h5", X=X, w=self.weights)
        merged = self.fit(data, "--row-weights", ":/w", "--merge-rows", components=1)
        plain = self.fit(data, "--row-weights", ":/w", components=1)
        self.assertAlmostEqual(merged["log_likelihood"] / plain["log_likelihood"], 1, delta=ROUND_OFF)
        for key in "rows_used", "total_weight":
            self.assertEqual(merged[key], plain[key])

    def test_refusals(self):
        bad = {"few": self.weights[:-1], "negative": self.weights.copy(), "nan": self.weights.copy(),
               "infinite": self.weights.copy(), "zero": 0 * self.weights, "wide": self.X,
               "text": np.array([b"a"] * self.rows)}
        bad["negative"][17], bad["nan"][18], bad["infinite"][19] = -1, np.nan, np.inf
        data = self.write("x.h5", ["a", "b", "c"], X=self.X, **bad)
        for name, words in (("few", ["/few", "4999", "5000"]), ("negative", ["/negative", "row 17 is -1"]),
                            ("nan", ["/nan", "row 18 is nan"]), ("infinite", ["row 19 is inf"]),
                            ("zero", ["rows 0 to 4999 are all 0"]), ("wide", ["3 columns"]), ("text", ["labels"]),
                            ("absent", ["absent"])):
            with self.subTest(name=name):
                self.refused(DATA, data, "--row-weights", f":/{name}", words=words)
        self.refused(DATA, data, "--row-weights", "d", words=["no column 'd'", "a, b"])
        self.refused(DATA, data, "--row-weights", "absent.h5:/w", words=["absent.h5"])

    def test_no_result_takes_their_place(self):
        data = self.write("x.h5", X=self.X)
        outside = self.write("w.h5", w=self.weights)
        self.refused(USAGE, data, "--row-weights", outside, "--output", outside, words=["would be overwritten"])
        self.refused(USAGE, data, "--labels", outside, "--output", outside, components=4,
                     words=["would be overwritten"])

    def test_memory(self):
        """The weights of all rows lie in memory."""
        rows = 4000000
        data = self.write("x.h5", X=np.ones((rows, 1), "f4"), w=np.ones(rows, "f4"))
        self.refused(USAGE, data, "--row-weights", ":/w", "--memory", "100MiB", components=1, family="poisson",
                     words=["--memory"])
        self.fit(data, "--memory", "100MiB", components=1, family="poisson")


class LabelsTest(Case):
    def setUp(self):
        super().setUp()
        with h5py.File(FAITHFUL) as file:
            self.faithful = file["X"][:] if "X" in file else next(iter(file.values()))[:]
        self.short = (self.faithful[:, 0] < 3).astype(int)

    def labelled(self, labels, name="y.h5"):
        return self.write(name, X=self.faithful, y=labels)

    def test_numbers_and_texts(self):
        unknown = np.arange(len(self.short)) % 3 == 0
        numbers = np.where(unknown, -1, self.short)
        texts = np.where(unknown, "", np.where(self.short == 1, "short", "long")).astype("S8")
        plain = self.fit(self.labelled(numbers), "--labels", ":/y")
        self.assertEqual(plain["labelled_rows"], np.count_nonzero(~unknown))
        self.assertNotIn("labels", plain)
        for labels in numbers.astype("f4"), numbers.astype("i8"):
            self.assert_same_fit(plain, self.fit(self.labelled(labels), "--labels", ":/y"))
        named = self.fit(self.labelled(texts), "--labels", ":/y")
        self.assertEqual(named["labels"], ["long", "short"])
        self.assertEqual(named["labelled_rows"], plain["labelled_rows"])
        self.assert_same_fit(plain, named)
        text = subprocess.run([MIXFAM, "fit", self.labelled(texts), "--family", "gaussian", "--components", "2",
                               "--labels", ":/y"], capture_output=True, text=True, check=True).stdout
        self.assertIn(f"{plain['labelled_rows']} rows labelled", text)
        self.assertRegex(text, r"\n  0 long .*\n(.*\n)+  1 short ")

    def test_columns_and_enumerations(self):
        column = self.write("c.h5", ["a", "b", "y"], X=np.hstack([self.faithful, self.short[:, None]]))
        plain = self.fit(self.labelled(self.short), "--labels", ":/y")
        found = self.fit(column, "--labels", "y")
        self.assertEqual(found["data"]["columns"], ["a", "b"])
        self.assert_same_fit(plain, found)
        path = self.folder / "enum.h5"
        with h5py.File(path, "w") as file:
            file["X"] = self.faithful
            kind = h5py.enum_dtype({"late": 3, "early": 40}, basetype="i2")
            file.create_dataset("y", data=np.where(self.short, 40, 3).astype("i2"), dtype=kind)
        named = self.fit(f"{path}:/X", "--labels", ":/y")
        self.assertEqual(named["labels"], ["late", "early"])
        self.assert_same_fit(plain, named)

    def test_codes_without_a_name(self):
        def data(value):
            path = self.folder / "enum.h5"
            with h5py.File(path, "w") as file:
                file["X"] = self.faithful
                kind = h5py.enum_dtype({"late": 3, "early": 40}, basetype="i2")
                values = np.where(self.short, 40, 3).astype("i2")
                values[9] = value
                file.create_dataset("y", data=values, dtype=kind)
            return f"{path}:/X"

        self.refused(DATA, data(41), "--labels", ":/y", words=["row 9 holds the code 41"])
        self.assertEqual(self.fit(data(-1), "--labels", ":/y")["labelled_rows"], 271)

    def test_selected_with_their_rows(self):
        result = self.fit(self.labelled(np.where(np.arange(272) < 100, self.short, -1)), "--labels", ":/y",
                          "--rows", "90:")
        self.assertEqual((result["labelled_rows"], result["rows_used"]), (10, 182))

    def test_refusals(self):
        bad = {"large": self.short.copy(), "small": self.short.copy(), "half": self.short / 1.0,
               "nan": self.short / 1.0, "few": self.short[1:]}
        bad["large"][5], bad["small"][6], bad["half"][7], bad["nan"][8] = 2, -2, 0.5, np.nan
        for name, words in (("large", ["row 5 is 2", "0 to 1"]), ("small", ["row 6 is -2"]), ("half", ["row 7 is 0.5"]),
                            ("nan", ["row 8 is nan", "-1"]), ("few", ["271 labels", "272 rows"])):
            with self.subTest(name=name):
                self.refused(DATA, self.labelled(bad[name]), "--labels", ":/y", words=words)
        texts = np.array([b"c", b"a", b"b", b"a"] * 68)
        self.refused(DATA, self.labelled(texts), "--labels", ":/y", words=["3 labels (a, b, c)", "2 components"])

    @unittest.skipUnless(LABELS_COUNT, "fits do not take labels")
    def test_all_labelled_is_the_estimate_of_complete_data(self):
        """In one step the shares, means and covariances of the labelled parts; components keep their numbers."""
        for update in ("ml", "map"):
            for assign in ("soft", "hard"):
                more = ["--update", update, "--assign", assign] + (["--prior", "flat"] if update == "map" else [])
                result = self.fit(self.labelled(self.short), "--labels", ":/y", "--max-iterations", 1, *more)
                log_likelihood = 0
                for k in 0, 1:
                    part = self.faithful[self.short == k]
                    component = result["components"][k]
                    share = len(part) / len(self.faithful)
                    residuals = part - part.mean(axis=0)
                    covariance = residuals.T @ residuals / len(part)
                    self.assertAlmostEqual(component["weight"], share, delta=ROUND_OFF)
                    np.testing.assert_allclose(component["parameters"]["mean"], part.mean(axis=0), rtol=ROUND_OFF)
                    np.testing.assert_allclose(component["parameters"]["covariance"], covariance, rtol=1e2 * ROUND_OFF)
                    sign, log_determinant = np.linalg.slogdet(2 * np.pi * covariance)
                    squares = np.sum(residuals * np.linalg.solve(covariance, residuals.T).T)
                    log_likelihood += len(part) * (np.log(share) - 0.5 * log_determinant) - 0.5 * squares
                self.assertAlmostEqual(result["log_likelihood"] / log_likelihood, 1, delta=ROUND_OFF)

    @unittest.skipUnless(LABELS_COUNT, "fits do not take labels")
    def test_labels_give_components_their_numbers(self):
        """A few labels, the other way round in the second fit: the same components with their numbers exchanged."""
        few = np.where(np.arange(len(self.short)) % 10 == 0, self.short, -1)
        one = self.fit(self.labelled(few), "--labels", ":/y")["components"]
        other = self.fit(self.labelled(np.where(few < 0, few, 1 - few)), "--labels", ":/y")["components"]
        for k in 0, 1:
            np.testing.assert_allclose(one[k]["parameters"]["mean"], other[1 - k]["parameters"]["mean"], rtol=1e-4)


class MissingTest(Case):
    def test_refused_with_their_number(self):
        X = self.X.copy()
        X[40, 2] = X[40, 0] = X[4000, 2] = np.nan
        data = self.write("x.h5", ["a", "b", "c"], X=X)
        self.refused(DATA, data, words=["row 40, column 0 (\"a\")", "of 15000 cells 3 are nan", "1 in column 0 (\"a\")",
                                        "2 in column 2 (\"c\")", "--missing nan"])
        self.refused(DATA, data, "--missing", "refuse", "--merge-rows", words=["3 are nan"])
        # Of the rows that are selected.
        self.refused(DATA, data, "--rows", "41:", words=["row 4000, column 2", "of 14877 cells 1 is nan"])
        self.fit(data, "--rows", "41:4000")
        self.fit(data, "--columns", "b")

    def test_bad_values(self):
        data = self.write("x.h5", X=self.X)
        for text in "none", "inf", "":
            self.refused(USAGE, data, f"--missing={text}", words=["--missing"] if text else [])

    def test_complete_data(self):
        """Gaps that may be and are not change no bit."""
        data = self.write("x.h5", X=self.X)
        plain = self.fit(data)
        for what in "nan", "-999.5":
            result = self.fit(data, f"--missing={what}")
            self.assert_same_fit(plain, result)
            self.assertEqual(result["missing_cells"], 0)
            self.assertEqual(result["options"]["missing"], "nan" if what == "nan" else -999.5)
        whole = self.write("i.h5", X=np.round(np.abs(self.X)).astype("i2"))
        self.assert_same_fit(self.fit(whole, family="poisson"), self.fit(whole, "--missing=-1", family="poisson"))

    @unittest.skipUnless(GAPS_COUNT, "fits do not take gaps")
    def test_a_value_is_nan(self):
        X = np.round(np.abs(self.X)).astype("i2")
        holes = np.random.default_rng(1).random(X.shape) < 0.1
        holed = self.write("nan.h5", X=np.where(holes, np.nan, X))
        valued = self.write("value.h5", X=np.where(holes, -9, X).astype("i2"))
        one = self.fit(holed, "--missing", "nan", family="poisson")
        self.assertEqual(one["missing_cells"], np.count_nonzero(holes))
        self.assert_same_fit(one, self.fit(valued, "--missing=-9", family="poisson"))


if __name__ == "__main__":
    main()

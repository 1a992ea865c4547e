"""What the program makes of files as other programs write them.

Run like cli_test.py.
"""

import h5py
import numpy as np

from cli_test import DATA, DONE, CliTest, main, parameter, run


class DataFiles(CliTest):
    def one_gaussian(self, data, *arguments):
        return self.fit(data, "--family", "gaussian", "--components", 1, *arguments)

    def test_packed_numbers_of_netcdf(self):
        stored = np.round(100 * self.faithful).astype("i2")
        data = self.write("packed.h5", {"X": stored})
        with h5py.File(data, "r+") as file:
            file["X"].attrs["scale_factor"] = [0.01]
            file["X"].attrs["add_offset"] = [5.0]
            file["X"].attrs["_FillValue"] = np.array([-32768], "i2")
        values = stored * 0.01 + 5
        # Rows are the same numbers, and their mean is a sum of a few hundred.
        np.testing.assert_allclose(parameter(self.one_gaussian(data), 0, "mean"), values.mean(axis=0), rtol=1e-13)
        as_stored = self.one_gaussian(data, "--raw")
        np.testing.assert_allclose(parameter(as_stored, 0, "mean"), stored.mean(axis=0), rtol=1e-13)
        self.assertTrue(as_stored["options"]["raw"])
        with h5py.File(data, "r+") as file:
            file["X"][7, 1] = -32768
        self.refused(DATA, "row 7, column 1", "_FillValue", "--missing nan", "--raw",
                     arguments=("fit", data, "--family", "gaussian", "--components", 1))

    def test_transposed_files(self):
        data = self.write("matlab.h5", {"X": self.faithful.T.copy()})
        arguments = ("--family", "gaussian", "--components", 2)
        expected = self.fit_gaussian()
        self.assertEqual(self.fit(data, *arguments, "--transpose")["components"], expected["components"])
        outcome = run("fit", data, "--family", "gaussian", "--components", 1)
        self.assertNotEqual(outcome.returncode, DONE)
        self.assertIn("2 rows of 272 columns; --transpose it", outcome.stderr)

    def test_groups_are_tables(self):
        data = self.path("columns.h5")
        with h5py.File(data, "w", track_order=True) as file:
            file["waiting"] = self.faithful[:, 1]
            file["eruptions"] = self.faithful[:, 0]
            file["day"] = ["odd", "even"] * 136
        result = self.fit(data + ":/", "--columns", "eruptions,waiting", "--family", "gaussian", "--components", 2)
        self.assertEqual(result["components"], self.fit_gaussian()["components"])
        self.assertEqual(self.one_gaussian(data + ":/")["data"]["columns"], ["waiting", "eruptions"])
        mixed = self.fit(data + ":/", "--columns", "day,waiting", "--components", 2,
                         "--family", "categorical(day) * gaussian(waiting)")
        self.assertEqual(mixed["data"]["categories"], [["even", "odd"], []])

    def test_sparse_counts_are_fitted_with_their_zeros(self):
        counts = np.random.default_rng(1).poisson([[0.1, 2.0, 0.5]] * 400)
        data = self.path("cells.h5ad")
        with h5py.File(data, "w") as file:
            group = file.create_group("X")
            group.attrs["encoding-type"] = "csr_matrix"
            group.attrs["shape"] = counts.shape
            group["data"] = counts[counts > 0]
            group["indices"] = np.concatenate([np.flatnonzero(row) for row in counts])
            group["indptr"] = np.concatenate([[0], np.cumsum((counts > 0).sum(axis=1))])
        # The only data of the file: its parts are none.
        result = self.fit(data, "--family", "poisson", "--components", 1)
        self.assertEqual(result["data"]["rows"], 400)
        np.testing.assert_allclose(parameter(result, 0, "rate"), counts.mean(axis=0), rtol=1e-13)

    def test_describe_says_what_is_read_and_what_cannot_be(self):
        data = self.path("mixed.h5")
        with h5py.File(data, "w") as file:
            file["packed"] = np.arange(6, dtype="i2")
            file["packed"].attrs["scale_factor"] = 0.5
            file.create_dataset("lzf", data=np.ones((100, 3)), chunks=(10, 3), compression="lzf")
            file["large"] = self.faithful
        outcome = run("describe", data)
        self.assertEqual(outcome.returncode, DONE, outcome.stderr)
        self.assertRegex(outcome.stdout, r"\* /packed.*\n.*\n? *read as: value = stored x 0.5")
        self.assertRegex(outcome.stdout, r"  /lzf.*\n *cannot be read: is compressed with 'lzf'")
        self.assertIn(f"The largest: {data}:/large", outcome.stdout)
        self.refused(DATA, "2 data sets", f"as in {data}:/large",
                     arguments=("fit", data, "--family", "gaussian", "--components", 1))


if __name__ == "__main__":
    main()

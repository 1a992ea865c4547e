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
        self.refused(DATA, "row 7, column 1", "_FillValue", "--raw",
                     arguments=("fit", data, "--family", "gaussian", "--components", 1))

    def test_transposed_files(self):
        data = self.write("matlab.h5", {"X": self.faithful.T.copy()})
        arguments = ("--family", "gaussian", "--components", 2)
        expected = self.fit_gaussian()
        self.assertEqual(self.fit(data, *arguments, "--transpose")["components"], expected["components"])
        outcome = run("fit", data, "--family", "gaussian", "--components", 1)
        self.assertNotEqual(outcome.returncode, DONE)
        self.assertIn("2 rows of 272 columns; --transpose it", outcome.stderr)


if __name__ == "__main__":
    main()

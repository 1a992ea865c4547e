"""Text and NumPy files become HDF5 files of the same numbers, which `mixfam fit` reads at once.

Run like cli_test.py.
"""

import csv
import io
import os
import signal
import subprocess
import time
import unittest
import zipfile

import h5py
import numpy as np

from cli_test import DATA, DONE, FAITHFUL, MIXFAM, USAGE, WRITE, CliTest, main, run


class Convert(CliTest):
    def convert(self, source, *options):
        result = run("convert", source, self.path("out.h5"), *options)
        self.assertEqual(result.returncode, DONE, result.stderr)
        return result

    def text(self, name, text, **how):
        with open(self.path(name), "w", newline="", **how) as file:
            file.write(text)
        return self.path(name)

    def test_text_to_fit(self):
        """The data of the README, through text, gives the same document but for the name of the file."""
        with h5py.File(FAITHFUL) as file:
            name = next(iter(file))
            X, columns = file[name][:], list(file[name].attrs["columns"])
        text = io.StringIO()
        csv.writer(text).writerows([columns, *X.tolist()])
        self.convert(self.text("faithful.csv", text.getvalue()))
        fits = [self.fit(data, "--family", "gaussian(eruptions,waiting)", "--components", 2)["components"]
                for data in (FAITHFUL, self.path("out.h5"))]
        self.assertEqual(*fits)

    def test_table_is_fitted_at_once(self):
        rows = "".join(f"{x},{'mf'[x % 2]},{x * x / 7}\n" for x in range(100))
        self.convert(self.text("a.csv", "age,sex,dose\n" + rows))
        result = self.fit(self.path("out.h5"), "--family", "gaussian(age,dose) * categorical(sex)", "--components", 1)
        self.assertEqual(result["data"]["categories"], [[], ["f", "m"], []])

    def test_numpy_files(self):
        rng = np.random.default_rng(3)
        X = rng.normal(size=(3000, 7)) * 10
        arrays = [X.astype(kind) for kind in ("f8", "f4", "f2", ">f8", ">f4", ">f2", "i1", "u1", "<i2", ">i2", ">u2",
                                              "i4", "u4", "i8", ">u8")]
        arrays += [X > 0, X[:, 0], np.asfortranarray(X), np.asfortranarray(X.astype(">f4")), X[:1], X.T.copy(), X[:, :1]]
        for array in arrays:
            with self.subTest(dtype=array.dtype, shape=array.shape, fortran=array.flags.f_contiguous):
                np.save(self.path("x.npy"), array)
                self.convert(self.path("x.npy"))
                with h5py.File(self.path("out.h5")) as file:
                    written = file["data"]
                    self.assertEqual(written.dtype, array.dtype)
                    np.testing.assert_array_equal(written[:].reshape(array.shape), array)

    def test_archives(self):
        rng = np.random.default_rng(4)
        # More than a block, of bytes that deflate well and ones that do not.
        X, y = rng.normal(size=(200000, 2)), np.repeat(np.arange(3), 100000)
        for save in np.savez, np.savez_compressed:
            save(self.path("x.npz"), X=np.asfortranarray(X), y=y)
            self.convert(self.path("x.npz"))
            with h5py.File(self.path("out.h5")) as file:
                self.assertEqual(set(file), {"X", "y"})
                np.testing.assert_array_equal(file["X"][:], X)
                np.testing.assert_array_equal(file["y"][:, 0], y)
        self.data_refused(self.path("out.h5"), "2 data sets; name one")
        np.savez_compressed(self.path("x.npz"), X=X)
        self.convert(self.path("x.npz"), "--columns", "1")
        with h5py.File(self.path("out.h5")) as file:
            np.testing.assert_array_equal(file["X"][:], X[:, 1:])

    def test_damaged_archives(self):
        rng = np.random.default_rng(5)
        for save in np.savez, np.savez_compressed:
            save(self.path("x.npz"), X=rng.normal(size=(20, 2)), y=np.arange(5))
            with open(self.path("x.npz"), "rb") as file:
                whole = file.read()
            outcomes = set()
            for _ in range(150):
                damaged = bytearray(whole)
                for at in rng.integers(len(whole), size=rng.integers(1, 4)):
                    damaged[at] = rng.integers(256)
                if rng.integers(4) == 0:
                    del damaged[rng.integers(len(damaged)):]
                with open(self.path("bad.npz"), "wb") as file:
                    file.write(damaged)
                result = run("convert", self.path("bad.npz"), self.path("out.h5"))
                outcomes.add(result.returncode)
                self.assertIn(result.returncode, (DONE, DATA), (result, bytes(damaged)))
                if result.returncode == DATA:
                    self.assertIn("bad.npz", result.stderr)
            self.assertIn(DATA, outcomes)

    def test_other_archives(self):
        with zipfile.ZipFile(self.path("book.xlsx"), "w") as file:
            file.writestr("sheet.xml", "<a/>")
        self.refused(DATA, "without NumPy arrays", arguments=("convert", self.path("book.xlsx"), self.path("o.h5")))
        with zipfile.ZipFile(self.path("x.npz"), "w", zipfile.ZIP_BZIP2) as file:
            file.writestr("x.npy", b"x" * 1000)
        self.refused(DATA, "stored or deflated", arguments=("convert", self.path("x.npz"), self.path("o.h5")))

    def test_what_to_type(self):
        data = self.text("my data.csv", "a,b\n1,2\n3,4\n")
        for arguments in (("fit", data, "--family", "gaussian", "--components", 1), ("describe", data)):
            self.refused(DATA, "not an HDF5 file but text", "mixfam convert", arguments=arguments)
        self.refused(DATA, "pandas.read_parquet", arguments=(
            "convert", self.text("x.parquet", "PAR1"), self.path("out.h5")))
        np.save(self.path("x.npy"), np.zeros(3))
        self.refused(DATA, f"mixfam convert {self.path('x.npy')} {self.path('x.h5')}", arguments=(
            "describe", self.path("x.npy")))

    def test_options(self):
        data = self.text("years.csv", "2019|2020\n1|2\n3|4\n")
        out = self.convert(data, "--delimiter", "|", "--header").stdout
        self.assertNotIn("first line", out)
        with h5py.File(self.path("out.h5")) as file:
            self.assertEqual([str(name) for name in file["data"].attrs["columns"].astype(str)], ["2019", "2020"])
        self.assertIn("--header", self.convert(data, "--delimiter", "|").stdout)
        self.assertIn("3 rows", self.convert(data, "--delimiter", "|", "--no-header").stdout)
        tabs = self.text("a.txt", "1\t2\n")
        for name in "tab", "\\t", "\t":
            self.assertIn("2 columns", self.convert(tabs, "--delimiter", name).stdout)
        self.refused(USAGE, "one character", arguments=("convert", data, self.path("o.h5"), "--delimiter", "||"))
        self.refused(USAGE, "header", arguments=("convert", data, self.path("o.h5"), "--header", "--no-header"))
        np.save(self.path("x.npy"), np.zeros(3))
        self.refused(USAGE, "no delimiter", arguments=("convert", self.path("x.npy"), self.path("o.h5"), "--header"))
        self.refused(DATA, "--columns a", arguments=(
            "convert", self.text("ids.csv", "id,a\n" + "".join(f"n{i},1\n" for i in range(5000))), self.path("o.h5")))

    def test_places_that_cannot_be_read_or_written(self):
        data = self.text("a.csv", "a\n1\n")
        self.refused(USAGE, "would be overwritten", arguments=("convert", data, data))
        self.refused(WRITE, "does not exist", arguments=("convert", data, self.path("none/out.h5")))
        self.refused(DATA, "No such file", arguments=("convert", self.path("none.csv"), self.path("out.h5")))
        self.refused(DATA, "a directory", arguments=("convert", self.path("."), self.path("out.h5")))
        os.mkfifo(self.path("pipe"))
        self.refused(DATA, "not a regular file", arguments=("convert", self.path("pipe"), self.path("out.h5")))
        self.refused(DATA, "an HDF5 file already", arguments=("convert", FAITHFUL, self.path("out.h5")))

    def test_interrupt_leaves_nothing(self):
        data = self.text("long.csv", "a,b\n" + "1.5,2.25\n" * 4000000)
        child = subprocess.Popen([MIXFAM, "convert", data, self.path("out.h5")], stderr=subprocess.PIPE, text=True)
        # Until the file beside the target is there, or it is over.
        while child.poll() is None and not any("tmp" in name for name in os.listdir(self.path("."))):
            time.sleep(0.005)
        child.send_signal(signal.SIGINT)
        _, stderr = child.communicate(timeout=60)
        self.assertEqual(child.returncode, 128 + signal.SIGINT, stderr)
        self.assertIn("nothing was written", stderr)
        self.assertEqual(os.listdir(self.path(".")), ["long.csv"])

    @unittest.skipIf(os.environ.get("MIXFAM_SANITIZED") == "1", "sanitizers take an address space of terabytes")
    def test_memory_is_bounded(self):
        """200 MB of text in 150 MB of address space, of which libraries take 60."""
        data = self.text("long.csv", "a,b\n" + "1.5000000000,2.2500000000\n" * 8000000)
        result = subprocess.run(["/bin/sh", "-c", f"ulimit -v 150000; exec {MIXFAM} convert {data} {self.path('out.h5')}"],
                                capture_output=True, text=True)
        self.assertEqual(result.returncode, DONE, result.stderr)
        self.assertIn("8000000 rows", result.stdout)


if __name__ == "__main__":
    main()

"""The program stays within --memory, whatever the size of the file.

Run with the program's path in the environment variable MIXFAM, by a Python that has numpy and h5py.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

import h5py
import numpy as np

MIXFAM = os.environ.get("MIXFAM", "mixfam")
MIB = 1 << 20
USAGE = 2

BUDGET = 128 * MIB
BLOCK_ROWS = 1 << 16
COLUMNS = 16  # of float64
LARGE_BYTES = 512 * MIB
BITS = 128  # columns of uint8
BITS_BYTES = 64 * MIB
PACKED_BYTES = 256 * MIB  # of float64, in gzip chunks

# What an in-memory fit takes besides the data.
ALLOWANCE = 64 * MIB

# Runs the program and tells the peak of its resident set. A process of its own, because that peak is never less than
# that of the process that started it.
MEASURE = """
import json, resource, subprocess, sys
limit = int(sys.argv[1])
if limit:
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
run = subprocess.run(sys.argv[2:], capture_output=True, text=True)
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps([run.returncode, usage.ru_maxrss * 1024, run.stdout, run.stderr]))
"""


class Run:
    def __init__(self, data, *options, limit=0, family="exponential"):
        command = [MIXFAM, "fit", data, "--family", family, "--components", "2", "--json", "--quiet", *options]
        text = subprocess.run([sys.executable, "-S", "-c", MEASURE, str(limit), *command], check=True,
                              capture_output=True, text=True, timeout=300).stdout
        self.status, self.peak, output, self.message = json.loads(text)
        self.result = json.loads(output) if output else None

    def numbers(self):
        return self.result["components"], self.result["trace"], self.result["log_likelihood"]


def address_space_of_a_fit(data):
    """The greatest address space of the program, most of which libraries reserve and never use."""
    greatest = 0
    fit = subprocess.Popen([MIXFAM, "fit", data, "--family", "exponential", "--components", "2", "--quiet",
                            "--restarts", "100"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while fit.poll() is None:
        status = pathlib.Path(f"/proc/{fit.pid}/status").read_text()
        if peak := re.search(r"VmPeak:\s+(\d+) kB", status):
            greatest = max(greatest, int(peak[1]) * 1024)
        time.sleep(0.001)
    return greatest


def write(path, block, times, **storage):
    """An HDF5 file at whose /X a block of rows repeats: quick to make, and no different to the program."""
    with h5py.File(path, "w") as file:
        rows = file.create_dataset("X", (times * len(block), block.shape[1]), dtype=block.dtype, **storage)
        for first in range(0, len(rows), len(block)):
            rows[first : first + len(block)] = block
    return path


class MemoryTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        folder = pathlib.Path(folder.name)
        random = np.random.default_rng(1)
        values = random.exponential(size=(BLOCK_ROWS, COLUMNS))
        values[::2] *= 5
        bits = np.repeat(random.integers(0, 2, size=(BLOCK_ROWS, 1), dtype="u1"), BITS, axis=1)
        bits[:, 0] = 1 - bits[:, 0]
        rounded = np.ceil(values)
        cls.small = write(folder / "small.h5", values[:5000], 1)
        cls.large = write(folder / "large.h5", values, LARGE_BYTES // values.nbytes)
        cls.packed = write(folder / "packed.h5", rounded, PACKED_BYTES // rounded.nbytes, chunks=(4096, COLUMNS),
                           compression="gzip", compression_opts=1)
        cls.bits = write(folder / "bits.h5", bits, BITS_BYTES // bits.nbytes)
        # Starts take passes of their own, which this saves.
        cls.start = str(folder / "start.h5")
        assert Run(cls.small, "--output", cls.start).status == 0

    def fit(self, data, *options, limit=0):
        return Run(data, "--start", self.start, "--max-iterations", "2", *options, limit=limit)

    def check_streamed(self, data, bytes_of_data):
        whole = self.fit(data)
        self.assertEqual(whole.status, 0, whole.message)
        self.assertLess(whole.peak, bytes_of_data + ALLOWANCE)

        limit = address_space_of_a_fit(self.small) + BUDGET
        too_much = self.fit(data, "--memory", "2GiB", limit=limit)
        self.assertNotEqual(too_much.status, 0)
        self.assertIn("memory", too_much.message)

        streamed = self.fit(data, "--memory", str(BUDGET), limit=limit)
        self.assertEqual(streamed.status, 0, streamed.message)
        self.assertLess(streamed.peak, BUDGET)
        self.assertEqual(streamed.numbers(), whole.numbers())

    def test_large_file(self):
        self.check_streamed(self.large, LARGE_BYTES)

    def test_compressed_file(self):
        self.check_streamed(self.packed, PACKED_BYTES)

    def test_bytes_stay_bytes(self):
        run = Run(self.bits, "--max-iterations", "0", family="bernoulli")
        self.assertEqual(run.status, 0, run.message)
        self.assertLess(run.peak, BITS_BYTES + ALLOWANCE)

    def test_least_budget(self):
        refused = self.fit(self.packed, "--memory", "1MiB")
        self.assertEqual(refused.status, USAGE)
        least = int(re.search(r"give at least --memory (\d+)MiB", refused.message)[1])
        self.assertLess(least * MIB, BUDGET)
        run = Run(self.packed, "--memory", f"{least}MiB", "--start", self.start, "--max-iterations", "0")
        self.assertEqual(run.status, 0, run.message)
        self.assertLess(run.peak, least * MIB)
        self.assertEqual(self.fit(self.packed, "--memory", f"{least - 8}MiB").status, USAGE)

    def test_sizes(self):
        for size in ("1GB", "1GiB", "1000000kB", "900MB", "1000000000", "1TiB"):
            self.assertEqual(self.fit(self.small, "--memory", size).status, 0, size)
        for size in ("", "0", "-1GB", "1 GB", "1.5GB", "1gb", "GB", "1GBx", "99999999999TiB", "0x10MB"):
            run = self.fit(self.small, "--memory=" + size)
            self.assertEqual(run.status, USAGE, size)
            self.assertIn("--memory", run.message)

    def test_streaming_is_said(self):
        run = subprocess.run([MIXFAM, "fit", self.packed, "--family", "exponential", "--components", "2", "--start",
                              self.start, "--max-iterations", "0", "--memory", str(BUDGET)], capture_output=True,
                             text=True, check=True)
        self.assertRegex(run.stderr, r"note: \d+ of \d+ rows are kept in memory")


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    outcome = unittest.TextTestRunner(stream=sys.stdout, verbosity=1).run(suite)
    failed = len({test.id().split(" ")[0] for test, _ in outcome.failures + outcome.errors})
    print(f"{outcome.testsRun - failed} passed, {failed} failed")
    sys.exit(0 if outcome.wasSuccessful() else 1)

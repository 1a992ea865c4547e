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
BITS_BYTES = 160 * MIB
PACKED_BYTES = 256 * MIB

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
        command = [MIXFAM, "fit", data, "--family", family, "--components", "2", "--max-iterations", "2",
                   "--json", "--quiet", *options]
        text = subprocess.run([sys.executable, "-S", "-c", MEASURE, str(limit), *command], check=True,
                              capture_output=True, text=True, timeout=300).stdout
        self.status, self.peak, output, self.message = json.loads(text)
        self.result = json.loads(output) if output else None

    def numbers(self):
        return self.result["components"], self.result["trace"], self.result["log_likelihood"]


def address_space_of(data):
    """The least limit on the address space, to 16 MiB, under which the program fits the data."""
    too_little, enough = 0, 256
    while Run(data, limit=enough * 16 * MIB).status != 0:
        too_little, enough = enough, 2 * enough
    while enough - too_little > 1:
        middle = (too_little + enough) // 2
        if Run(data, limit=middle * 16 * MIB).status == 0:
            enough = middle
        else:
            too_little = middle
    return enough * 16 * MIB


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
        cls.small = write(folder / "small.h5", values[:5000], 1)
        cls.large = write(folder / "large.h5", values, LARGE_BYTES // values.nbytes)
        cls.bits = write(folder / "bits.h5", bits, BITS_BYTES // bits.nbytes)
        cls.packed = write(folder / "packed.h5", bits, PACKED_BYTES // bits.nbytes, chunks=(4096, BITS),
                           compression="gzip", compression_opts=1)

    def check_streamed(self, data, bytes_of_data, family):
        whole = Run(data, family=family)
        self.assertEqual(whole.status, 0, whole.message)
        self.assertLess(whole.peak, bytes_of_data + ALLOWANCE)

        limit = address_space_of(self.small) + BUDGET
        too_much = Run(data, "--memory", "2GiB", limit=limit, family=family)
        self.assertNotEqual(too_much.status, 0)
        self.assertIn("memory", too_much.message)

        streamed = Run(data, "--memory", str(BUDGET), limit=limit, family=family)
        self.assertEqual(streamed.status, 0, streamed.message)
        self.assertLess(streamed.peak, BUDGET)
        self.assertEqual(streamed.numbers(), whole.numbers())

    def test_large_file(self):
        self.check_streamed(self.large, LARGE_BYTES, "exponential")

    def test_compressed_file(self):
        self.check_streamed(self.packed, PACKED_BYTES, "bernoulli")

    def test_bytes_stay_bytes(self):
        run = Run(self.bits, family="bernoulli")
        self.assertEqual(run.status, 0, run.message)
        self.assertLess(run.peak, BITS_BYTES + ALLOWANCE)

    def test_least_budget(self):
        refused = Run(self.large, "--memory", "1MiB")
        self.assertEqual(refused.status, USAGE)
        least = re.search(r"give at least --memory (\d+MiB)", refused.message)[1]
        self.assertLess(int(least.removesuffix("MiB")) * MIB, BUDGET)
        run = Run(self.large, "--memory", least)
        self.assertEqual(run.status, 0, run.message)
        self.assertLess(run.peak, int(least.removesuffix("MiB")) * MIB)

    def test_sizes(self):
        for size in ("1GB", "1GiB", "1000000kB", "900MB", "1000000000", "1TiB"):
            self.assertEqual(Run(self.small, "--memory", size).status, 0, size)
        for size in ("", "0", "-1GB", "1 GB", "1.5GB", "1gb", "GB", "1GBx", "99999999999TiB", "0x10MB"):
            run = Run(self.small, "--memory=" + size)
            self.assertEqual(run.status, USAGE, size)
            self.assertIn("--memory", run.message)

    def test_streaming_is_said(self):
        command = [MIXFAM, "fit", self.large, "--family", "exponential", "--components", "2", "--max-iterations", "0"]
        run = subprocess.run([*command, "--memory", str(BUDGET)], capture_output=True, text=True, check=True)
        self.assertRegex(run.stderr, r"note: \d+ of \d+ rows are kept in memory")


if __name__ == "__main__":
    unittest.main()

"""Ctrl-C, SIGTERM and SIGHUP: what was reached is kept. Run like cli_test.py."""

import csv
import json
import os
import pathlib
import signal
import subprocess
import time

import h5py
import numpy as np

from cli_test import CliTest, MIXFAM, main, run

# 128 + the signal, as shells report it.
STATUS = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGHUP: 129}


class Interruption(CliTest):
    def start_long_fit(self, *arguments, rows=100000, iterations=1000000, ignored=()):
        """Overlapping components and no tolerance: far more iterations than the test has patience for."""
        X = np.random.default_rng(0).normal(size=(rows, 4))
        self.data = self.write("x.h5", {"X": X})
        command = [
            MIXFAM, "fit", self.data, "--family", "gaussian", "--components", "8", "--tolerance", "0", "--json",
            "--max-iterations", str(iterations), *arguments,
        ]  # fmt: skip

        def ignore():
            for number in ignored:
                signal.signal(number, signal.SIG_IGN)

        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=ignore
        )
        self.addCleanup(process.kill)
        return process

    def wait_for(self, process, word):
        """Reads standard error up to a line with the word."""
        for line in process.stderr:
            if word in line:
                return line
        self.fail(f"no line with '{word}'")

    def test_the_first_signal_saves_what_there_is(self):
        for number, status in STATUS.items():
            with self.subTest(signal=number):
                model, trace = self.path("out.h5"), self.path("out.csv")
                process = self.start_long_fit("--output", model, "--trace", trace)
                self.wait_for(process, "iteration")
                process.send_signal(number)
                self.assertIn(number.name, self.wait_for(process, "finishing this iteration"))
                stdout, stderr = process.communicate(timeout=60)
                self.assertEqual(process.returncode, status, stderr)
                result = json.loads(stdout)
                self.assertEqual(result["verdict"], "interrupted")
                self.assertIn(number.name, result["message"])
                self.assertIn("interrupted", stderr)
                self.assertGreaterEqual(result["iterations"], 1)
                described = json.loads(run("describe", model, "--json").stdout)
                self.assertEqual(described["components"], result["components"])
                self.assertEqual(described["options"]["verdict"], "interrupted")
                self.assertEqual(described["options"]["message"], result["message"])
                with open(trace) as file:
                    self.assertEqual(len(list(csv.DictReader(file))), result["iterations"] + 1)
                self.assertEqual(sorted(os.listdir(self.folder)), ["out.csv", "out.h5", "x.h5"])
                os.remove(model)
                os.remove(trace)

    def test_the_model_saved_goes_on_where_it_was(self):
        model = self.path("out.h5")
        process = self.start_long_fit("--output", model)
        self.wait_for(process, "iteration")
        process.send_signal(signal.SIGTERM)
        result = json.loads(process.communicate(timeout=60)[0])
        again = self.fit(
            self.data, "--family", "gaussian", "--components", 8, "--start", model, "--max-iterations", 0,
        )  # fmt: skip
        self.assertEqual(again["log_likelihood"], result["log_likelihood"])

    def test_between_starts(self):
        """Starts that have ended count, and the fit as a whole is interrupted."""
        model = self.path("out.h5")
        process = self.start_long_fit("--restarts", "1000000", "--output", model, rows=3000, iterations=3)
        self.wait_for(process, "start 1 (2 of 1000000)")
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 130, stderr)
        result = json.loads(stdout)
        self.assertEqual(result["verdict"], "interrupted")
        verdicts = [one["verdict"] for one in result["restarts"]]
        self.assertEqual(verdicts, ["max_iterations"] * (len(verdicts) - 1) + ["interrupted"])
        self.assertEqual(result["objective"], max(one["objective"] for one in result["restarts"]))
        self.assertTrue(h5py.is_hdf5(model))

    def test_before_the_first_iteration_there_is_nothing_to_save(self):
        model = self.path("out.h5")
        process = self.start_long_fit("--output", model, rows=1000000)
        self.wait_for(process, "reading")
        process.send_signal(signal.SIGINT)
        self.wait_for(process, "finishing this iteration")
        stderr = process.communicate(timeout=60)[1]
        self.assertEqual(process.returncode, 130, stderr)
        self.assertIn("nothing to save", stderr)
        self.assertFalse(os.path.exists(model))

    def test_a_second_signal_ends_the_program_at_once(self):
        for first in STATUS:
            for second in STATUS:
                process = self.start_long_fit("--output", self.path("out.h5"), rows=1000000)
                self.wait_for(process, "reading")
                process.send_signal(first)
                self.wait_for(process, "finishing this iteration")
                process.send_signal(second)
                process.communicate(timeout=60)
                self.assertEqual(process.returncode, -second)
                self.assertEqual(os.listdir(self.folder), ["x.h5"])

    def test_a_signal_that_the_caller_ignores_stays_ignored(self):
        """As under nohup."""
        process = self.start_long_fit(iterations=40, ignored=[signal.SIGHUP])
        self.wait_for(process, "reading")
        time.sleep(0.2)
        process.send_signal(signal.SIGHUP)
        stdout, stderr = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, stderr)
        self.assertEqual(json.loads(stdout)["iterations"], 40)

    def test_an_unwritable_place_is_said_and_the_result_printed(self):
        (self.folder / "sub").mkdir()
        process = self.start_long_fit("--output", self.path("sub/out.h5"))
        self.wait_for(process, "iteration")
        pathlib.Path(self.path("sub")).rmdir()
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 6, stderr)
        self.assertEqual(json.loads(stdout)["verdict"], "interrupted")


if __name__ == "__main__":
    main()

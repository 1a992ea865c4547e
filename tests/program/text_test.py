"""What people see: tables that fit their terminal and hide nothing silently, words that can be typed, progress.

Run like cli_test.py.
"""

import csv
import fcntl
import os
import re
import struct
import subprocess
import termios
import time

import h5py
import numpy as np

from cli_test import DATA, DONE, FAITHFUL, MIXFAM, NUMERICAL, USAGE, CliTest, main, run

GAUSSIAN = ("--family", "gaussian", "--components", 2)


def on_terminal(columns, *arguments):
    """What a terminal of this width shows of standard output; standard error is elsewhere."""
    terminal, child = os.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    process = subprocess.Popen([MIXFAM, *map(str, arguments)], stdout=child, stderr=subprocess.DEVNULL)
    os.close(child)
    text = b""
    while True:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # the last writer has closed
            break
        if not part:
            break
        text += part
    os.close(terminal)
    process.wait(60)
    return text.decode().replace("\r\n", "\n")


def widest(text):
    return max(map(len, text.splitlines()))


class Tables(CliTest):
    def test_width_follows_the_terminal(self):
        X = np.random.default_rng(0).normal(size=(200, 7)) * 10.0 ** np.arange(7)
        data = self.write("x.h5", {"X": X})
        methods = ("--update", "ml"), ("--update", "map"), ("--update", "vb"), ("--update", "map", "--assign", "hard")
        for method in methods:
            arguments = ("fit", data, *GAUSSIAN, *method, "--quiet")
            with self.subTest(method=method):
                plain = run(*arguments).stdout
                self.assertLessEqual(widest(plain), 80)
                self.assertEqual(plain, on_terminal(80, *arguments))
                wide = on_terminal(140, *arguments)
                self.assertLessEqual(widest(wide), 140)
                self.assertGreater(widest(wide), 80)
                self.assertLess(wide.count("\n"), plain.count("\n"))
                # The same numbers, in another order.
                self.assertLessEqual(set(wide.split()), set(plain.split()))

    def test_the_list_of_families_fits_too(self):
        # What no space divides stays whole.
        longest = max(map(len, run("families").stdout.split()))
        self.assertLessEqual(widest(run("families").stdout), max(80, 14 + longest))

    def test_covariances_that_are_not_shown_are_told_of(self):
        X = np.random.default_rng(0).normal(size=(300, 11))
        for columns, note in (8, False), (9, True), (11, True):
            data = self.write("x.h5", {"X": X[:, :columns]})
            text = run("fit", data, *GAUSSIAN, "--quiet").stdout
            self.assertEqual("the diagonal alone" in text and "--json" in text, note)
            diagonal = run("fit", data, "--family", "gaussian:covariance=diagonal", "--components", 2, "--quiet").stdout
            self.assertNotIn("the diagonal alone", diagonal)

    def test_digits_follow_the_spread(self):
        random = np.random.default_rng(0)
        X = 1e9 + np.concatenate([random.normal(0, 1, 300), random.normal(8, 1, 300)])[:, None]
        data = self.write("x.h5", {"X": X})
        result = self.fit(data, *GAUSSIAN)
        for arguments in ("fit", data, *GAUSSIAN, "--quiet"), ("fit", data, *GAUSSIAN, "--quiet", "--update", "map"):
            means = [float(x) for x in re.findall(r" mean +(\S+)", run(*arguments).stdout.split("\nComponents")[1])[:2]]
            expected = [component["parameters"]["mean"][0] for component in result["components"]]
            np.testing.assert_allclose(sorted(means), sorted(expected), rtol=0, atol=0.05)
        # Numbers without such a spread keep their six digits.
        self.assertRegex(run("fit", FAITHFUL, *GAUSSIAN, "--quiet").stdout, r"mean +4\.28966 +79\.9681\n")

    def test_many_columns_are_shortened_with_a_note(self):
        bits = (np.random.default_rng(0).random((300, 784)) < 0.3).astype("u1")
        data = self.write("bits.h5", {"X": bits})
        for update in "ml", "map":
            text = run("fit", data, "--family", "bernoulli", "--components", 3, "--update", update, "--quiet").stdout
            self.assertLess(text.count("\n"), 350)
            self.assertRegex(text, r"\.\.\. \d+ of 784 columns left out \(all of them: --json")
        self.assertRegex(text, r"of 784 columns the first 8")

    def test_rounding_is_shown_as_zero(self):
        text = run("fit", FAITHFUL, *GAUSSIAN, "--assign", "hard", "--quiet").stdout
        self.assertNotRegex(text, r"e-1[2-9]")
        # The last step of hard assignment changes nothing.
        self.assertRegex(text, r"\n +2 +-1130\.28318 +-1130\.49550 .* 0\n")

    def test_equal_events_are_one_line(self):
        X = np.concatenate([np.zeros((50, 2)), self.faithful])
        data = self.write("x.h5", {"X": X})
        arguments = ("fit", data, "--family", "gaussian", "--components", 3, "--degenerate", "keep")
        outcome = run(*arguments, "--max-iterations", 40, "--quiet")
        events = [line for line in outcome.stdout.splitlines() if "kept: " in line]
        self.assertEqual(len(events), len({line.split("kept: ")[1] for line in events}))
        self.assertRegex(outcome.stdout, r"iterations \d+ to \d+, in \d+ of them: kept: ")


class Words(CliTest):
    def test_messages_name_options_as_they_are_typed(self):
        X = np.concatenate([np.zeros((50, 2)), self.faithful])
        data = self.write("x.h5", {"X": X})
        outcome = run("fit", data, "--family", "gaussian", "--components", 3, "--quiet")
        self.assertEqual(outcome.returncode, NUMERICAL)
        for text in outcome.stdout, outcome.stderr:
            self.assertIn("(--update map, --prior default)", " ".join(text.split()))
            self.assertNotIn("`", text)
        outcome = run("fit", FAITHFUL, *GAUSSIAN, "--max-iterations", 2, "--quiet")
        self.assertIn("--max-iterations", outcome.stderr)
        self.assertIn("--accelerate anderson", outcome.stderr)
        result = self.fit(FAITHFUL, *GAUSSIAN, "--max-iterations", 2)
        self.assertIn("--accelerate anderson", result["message"])
        accelerated = run("fit", FAITHFUL, *GAUSSIAN, "--max-iterations", 2, "--accelerate", "anderson", "--quiet")
        self.assertNotIn("--accelerate", accelerated.stderr)
        gamma = run("fit", FAITHFUL, "--family", "gamma", "--components", 2, "--update", "map")
        self.assertIn("--update ml", gamma.stderr)

    def test_equal_complaints_are_one(self):
        data = self.write("x.h5", {"X": np.repeat(10.0 * np.arange(7), 10)})
        start = self.write("r.h5", {"responsibilities": np.repeat(np.eye(7), 10, axis=0)})
        outcome = run("fit", data, "--family", "gaussian", "--components", 7, "--start", start)
        self.assertEqual(outcome.returncode, NUMERICAL)
        self.assertIn("components 0, 1, 2, 3, 4 and 2 others: ", outcome.stderr)
        self.assertEqual(outcome.stderr.count("covariance"), 1)

    def test_wrong_commands_and_options_get_the_list_or_the_nearest_name(self):
        base = ("fit", FAITHFUL, "--family", "gaussian", "--components", "2")
        for arguments, words in (
            (["fitt"], ["did you mean fit?"]),
            (["descibe", FAITHFUL], ["did you mean describe?"]),
            (["train"], ["fit or families or describe or convert or divergence"]),
            ([*base, "--update", "mpa"], ["did you mean map?"]),
            ([*base, "--max-iteration", "3"], ["no option --max-iteration of fit", "did you mean --max-iterations?"]),
            ([*base, "--accelrate=anderson"], ["did you mean --accelerate?"]),
            (["fit", FAITHFUL, "--familiy", "gaussian"], ["did you mean --family?"]),
            ([*base, "--frobnicate"], ["--family", "--tolerance", "--trace"]),
            ([*base, "more.h5"], ["more.h5", "one word too many"]),
            ([*base, "--output", "--json"], ["--output needs a value", "--json is an option", "./--json"]),
            (["describe", FAITHFUL, "--jsn"], ["did you mean --json?"]),
            (["--verison"], ["did you mean --version?"]),
        ):
            with self.subTest(arguments=arguments):
                self.refused(USAGE, *words, arguments=arguments)


class Described(CliTest):
    def test_a_path_is_described_as_fit_reads_it(self):
        data = self.write("x.h5", {"group/X": self.faithful, "group/Y": np.eye(3), "Z": np.eye(3)})
        described = run("describe", data + ":/group").stdout
        self.assertIn("* /group/X", described)
        self.assertIn("* /group/Y", described)
        self.assertNotIn("/Z", described)
        described = run("describe", data + ":/group/X").stdout
        self.assertIn("1 data set ", described)
        self.assertNotIn("/group/Y", described)
        self.refused(DATA, "/nowhere", "no such path", arguments=("describe", data + ":/nowhere"))
        model = self.path("m.h5")
        self.fit_gaussian("--output", model)
        self.assertIn("* /components/mean", run("describe", model + ":/").stdout)
        self.assertIn("* /components/mean", run("describe", model + ":/components/mean").stdout)

    def test_indices_and_scales_are_hidden(self):
        with h5py.File(self.path("x.h5"), "w") as file:
            file["X"] = self.faithful
            file["time"] = np.arange(272.0)
            file["time"].make_scale("time")
            file["X"].dims[0].attach_scale(file["time"])
            # As PyTables lays out the index of a table.
            file["_i_table/index/sorted"] = np.arange(272.0)
        text = run("describe", self.path("x.h5")).stdout
        self.assertIn("1 data set ", text)
        self.assertNotIn("/time", text)
        self.assertNotIn("_i_table", text)
        self.assertRegex(text, r"4 left out: indices, scales and parts.*--json")
        # The one data set that is no helper needs no path; a helper is read where it is asked for.
        self.assertEqual(self.fit(self.path("x.h5"), *GAUSSIAN)["data"]["path"], "/X")
        self.assertEqual(self.fit(self.path("x.h5") + ":/time", *GAUSSIAN)["data"]["path"], "/time")
        self.assertIn("* /time", run("describe", self.path("x.h5") + ":/time").stdout.replace("  /time", "* /time"))


class Telling(CliTest):
    def test_progress(self):
        X = np.random.default_rng(0).normal(size=(100000, 4))
        data = self.write("x.h5", {"X": X})
        command = [MIXFAM, "fit", data, "--family", "gaussian", "--components", "8", "--tolerance", "1e-9"]
        begun = time.monotonic()
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        self.assertEqual(process.stderr.readline(), f"reading {data}\n")
        line = process.stderr.readline()
        elapsed = time.monotonic() - begun
        for pattern in (
            r"^iteration \d+: log p -\d+\.\d+, gain \d\.\de[-+]\d+, \d+(\.\d+)? m?s a pass",
            r", \d+\.\d s$",
        ):
            self.assertRegex(line, pattern)
        seconds = float(re.search(r"(\d+\.\d) s$", line)[1])
        # The line may wait for its reader.
        self.assertLessEqual(seconds, elapsed + 0.1)

    def test_sampling_says_how_many_passes_are_left(self):
        X = np.random.default_rng(0).normal(size=(100000, 4))
        data = self.write("x.h5", {"X": X})
        command = [MIXFAM, "fit", data, "--family", "gaussian", "--components", "8", "--assign", "sampled"]
        process = subprocess.Popen([*command, "--max-iterations", "9999"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        process.stderr.readline()
        found = re.search(r"iteration (\d+): .*, (\d+) left \(", process.stderr.readline())
        self.assertEqual(int(found[1]) + int(found[2]), 9999)

    def test_trace_is_plain_csv(self):
        """One header, then numbers: what pandas.read_csv and others take without being told more."""
        trace = self.path("t.csv")
        self.fit_gaussian("--trace", trace)
        with open(trace, newline="") as file:
            header, *rows = csv.reader(file)
        self.assertEqual(header[:2], ["iteration", "log_likelihood"])
        self.assertTrue(all(len(row) == len(header) for row in rows))
        self.assertEqual([int(row[0]) for row in rows], list(range(len(rows))))
        self.assertFalse(any("#" in field for row in (header, *rows) for field in row))


if __name__ == "__main__":
    main()

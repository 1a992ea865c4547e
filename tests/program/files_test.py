"""What the program does with files: written whole or not at all, never in the place of what they were made from.

Run like cli_test.py.
"""

import json
import os
import pathlib
import resource
import stat
import subprocess
import unittest

import h5py
import numpy as np

from cli_test import DATA, DONE, FAITHFUL, MIXFAM, NUMERICAL, USAGE, WRITE, CliTest, main, run

BASE = ("fit", FAITHFUL, "--family", "gaussian", "--components", "2", "--quiet")


class Places(CliTest):
    def test_temporary_files_of_killed_processes_are_no_obstacle(self):
        for option, name in ("--output", "out.h5"), ("--trace", "out.csv"):
            # The shell's process number stays that of the program it becomes.
            script = 'echo half > "$0.tmp.$$"; exec "$@"'
            command = ["/bin/sh", "-c", script, self.path(name), MIXFAM, *BASE, option, self.path(name)]
            outcome = subprocess.run(command, capture_output=True, text=True, timeout=60)
            self.assertEqual(outcome.returncode, DONE, outcome.stderr)
            self.assertGreater(os.path.getsize(self.path(name)), 100)

    def test_symbolic_links_stay_and_their_targets_are_written(self):
        (self.folder / "real").mkdir()
        for option, name in ("--output", "out.h5"), ("--trace", "out.csv"):
            os.symlink(f"real/{name}", self.path(name))
            for content in None, "old":
                if content:
                    (self.folder / "real" / name).write_text(content)
                self.assertEqual(run(*BASE, option, self.path(name)).returncode, DONE)
                self.assertTrue(os.path.islink(self.path(name)))
                self.assertGreater(os.path.getsize(self.path(f"real/{name}")), 100)

    def test_permissions_stay(self):
        for option, name in ("--output", "out.h5"), ("--trace", "out.csv"):
            (self.folder / name).write_text("old")
            os.chmod(self.path(name), 0o640)
            self.assertEqual(run(*BASE, option, self.path(name)).returncode, DONE)
            self.assertEqual(stat.S_IMODE(os.stat(self.path(name)).st_mode), 0o640)

    def test_names_that_cannot_be_written(self):
        os.symlink("loop", self.path("loop"))
        os.mkfifo(self.path("pipe"))
        for place in self.path("loop"), self.path("pipe"), self.path("x" * 300), self.path("out.h5") + "/":
            for option in "--output", "--trace":
                self.refused(WRITE, "cannot write", arguments=(*BASE, option, place))


class SameFile(CliTest):
    """Files are compared, not their names."""

    def names_of(self, name):
        """Other names that lead to the file of this name in the folder, which may not exist yet."""
        os.makedirs(self.folder / "sub", exist_ok=True)
        if not os.path.islink(self.path("here")):
            os.symlink(".", self.path("here"))
        link = self.path(name + ".link")
        if not os.path.islink(link):
            os.symlink(name, link)
        yield from (self.path(f"./{name}"), self.path(f"sub/../{name}"), self.path(f"here/{name}"), link)
        yield os.path.relpath(self.path(name))
        if os.path.exists(self.path(name)):
            hard = self.path(name + ".hard")
            if not os.path.exists(hard):
                os.link(self.path(name), hard)
            yield hard

    def check_refused(self, name, *arguments):
        """None of the names of a file is taken for --output or --trace."""
        content = (self.folder / name).read_bytes() if os.path.exists(self.path(name)) else None
        for other in (self.path(name), *self.names_of(name)):
            for option in "--output", "--trace":
                with self.subTest(option=option, name=other):
                    self.refused(USAGE, option, arguments=(*arguments, option, other))
        if content is not None:
            self.assertEqual((self.folder / name).read_bytes(), content)

    def test_output_and_trace(self):
        for exists in False, True:
            if exists:
                (self.folder / "n.h5").write_text("old")
            for other in self.names_of("n.h5"):
                arguments = (*BASE, "--output", self.path("n.h5"), "--trace", other)
                self.refused(USAGE, "--output", "--trace", "same file", arguments=arguments)

    def test_names_that_differ_in_case_may_be_two_files(self):
        upper, lower = self.path("N.h5"), self.path("n.h5")
        pathlib.Path(upper).write_text("")
        if os.path.exists(lower):
            self.refused(USAGE, "same file", arguments=(*BASE, "--output", upper, "--trace", lower))
        else:
            self.assertEqual(run(*BASE, "--output", upper, "--trace", lower).returncode, DONE)
            self.assertTrue(h5py.is_hdf5(upper))

    def test_start(self):
        start = self.path("start.h5")
        self.assertEqual(run(*BASE, "--output", start).returncode, DONE)
        self.check_refused("start.h5", *BASE, "--start", start)

    def test_prior(self):
        prior = self.write_json("prior.json", {"nu0": 4, "psi0": 1})
        self.check_refused("prior.json", *BASE, "--update", "map", "--prior", prior)

    def fit_of(self, data):
        return "fit", data, "--family", "gaussian", "--components", "1", "--quiet"

    def test_data(self):
        data = self.write("x.h5", {"X": self.faithful})
        self.check_refused("x.h5", *self.fit_of(data))

    def test_parts_of_virtual_data(self):
        self.write("part0.h5", {"X": self.faithful})
        self.write("part1.h5", {"X": self.faithful})
        layout = h5py.VirtualLayout(shape=(544, 2), dtype="f8")
        for i in range(2):
            layout[272 * i : 272 * (i + 1)] = h5py.VirtualSource(f"part{i}.h5", "X", shape=(272, 2))
        with h5py.File(self.path("all.h5"), "w") as file:
            file.create_virtual_dataset("X", layout)
        self.check_refused("part1.h5", *self.fit_of(self.path("all.h5")))

    def test_virtual_parts_of_virtual_parts(self):
        self.write("deep.h5", {"X": self.faithful})
        for name, source in ("middle.h5", "deep.h5"), ("top.h5", "middle.h5"):
            layout = h5py.VirtualLayout(shape=(272, 2), dtype="f8")
            layout[:] = h5py.VirtualSource(source, "X", shape=(272, 2))
            with h5py.File(self.path(name), "w") as file:
                file.create_virtual_dataset("X", layout)
        self.check_refused("deep.h5", *self.fit_of(self.path("top.h5")))

    def test_a_series_of_virtual_parts(self):
        for i in range(2):
            self.write(f"part-{i}.h5", {"X": self.faithful})
        # Blocks of 272 rows of files part-0.h5, part-1.h5, ..
        with h5py.File(self.path("all.h5"), "w") as file:
            space = h5py.h5s.create_simple((272, 2), (h5py.h5s.UNLIMITED, 2))
            source = h5py.h5s.create_simple((272, 2))
            creation = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            space.select_hyperslab((0, 0), (h5py.h5s.UNLIMITED, 1), stride=(272, 1), block=(272, 2))
            creation.set_virtual(space, b"part-%b.h5", b"X", source)
            h5py.h5d.create(file.id, b"X", h5py.h5t.IEEE_F64LE, space, creation)
        self.check_refused("part-1.h5", *self.fit_of(self.path("all.h5")))

    def test_external_links_and_raw_files(self):
        self.write("target.h5", {"group/X": self.faithful})
        with h5py.File(self.path("between.h5"), "w") as file:
            file["away"] = h5py.ExternalLink("target.h5", "/group")
            file["soft"] = h5py.SoftLink("away/X")
        with h5py.File(self.path("x.h5"), "w") as file:
            file["linked"] = h5py.ExternalLink("between.h5", "/soft")
            raw = [(self.path("raw.bin").encode(), 0, self.faithful.nbytes)]
            file.create_dataset("raw", data=self.faithful, external=raw)
        for name in "target.h5", "between.h5":
            self.check_refused(name, *self.fit_of(self.path("x.h5") + ":/linked"))
        self.check_refused("raw.bin", *self.fit_of(self.path("x.h5") + ":/raw"))
        # A file that this data set has nothing to do with is nobody's business.
        arguments = (*self.fit_of(self.path("x.h5") + ":/raw"), "--output", self.path("between.h5"))
        self.assertEqual(run(*arguments).returncode, DONE)


class Appetite(CliTest):
    @unittest.skipIf(os.environ.get("MIXFAM_SANITIZED") == "1", "sanitizers take an address space of terabytes")
    def test_threads_beyond_reason_take_no_memory(self):
        gibibyte = 1 << 30

        def limit():
            resource.setrlimit(resource.RLIMIT_AS, (2 * gibibyte, 2 * gibibyte))

        outcome = run(*BASE, "--threads", 10_000_000, "--json", preexec_fn=limit)
        self.assertEqual(outcome.returncode, DONE, outcome.stderr)
        expected = self.fit_gaussian("--threads", 1)
        self.assertEqual(json.loads(outcome.stdout)["components"], expected["components"])

    def test_draws_beyond_memory(self):
        model = self.path("m.h5")
        self.assertEqual(run(*BASE, "--output", model).returncode, DONE)
        for models in (model,), (model, model):
            for draws in 2**64 - 1, 10**15:
                outcome = run("divergence", *models, "--draws", draws)
                self.assertEqual((outcome.returncode, outcome.stdout), (USAGE, ""))
                self.assertIn(f"--draws = {draws}", outcome.stderr)

    def test_priors_that_are_no_files(self):
        os.mkfifo(self.path("pipe"))
        for prior, word in (".", "directory"), (self.path("pipe"), "regular file"), ("/dev/zero", "regular file"):
            arguments = (*BASE, "--update", "map", "--prior", prior)
            self.refused(DATA, "prior", word, arguments=arguments)

    def test_long_names(self):
        self.refused(USAGE, "--start", "kmeans++", arguments=(*BASE, "--start", "x" * 300))
        self.refused(DATA, "too long", arguments=(*BASE, "--start", "./" + "x" * 300))
        self.refused(DATA, "too long", arguments=(*BASE, "--update", "map", "--prior", "x" * 300))

    def test_hyperparameters_beyond_doubles(self):
        for update in "map", "vb":
            prior = self.write_json("p.json", {"nu0": 1.7e308, "kappa0": 1, "psi0": 1})
            self.refused(USAGE, "prior", arguments=(*BASE, "--update", update, "--prior", prior))

    def test_intervals_where_a_scale_is_zero(self):
        """A component of the rows 0, 0, .. under a prior of next to nothing: half a scale of 5e-324 is 0."""
        data = self.write("x.h5", {"X": np.repeat([[0.0], [1.0]], 5, axis=0)})
        for family, prior in (
            ("gaussian", {"mu0": 0, "kappa0": 1e-3, "nu0": 4, "psi0": 5e-324}),
            ("exponential", {"shape": 1e-300, "rate": 5e-324}),
            ("poisson", {"shape": 1e-300, "rate": 5e-324}),
            ("geometric", {"a": 5e-324, "b": 5e-324}),
        ):
            with self.subTest(family=family):
                file = self.write_json("p.json", prior)
                arguments = (data, "--family", family, "--components", 2, "--update", "map", "--prior", file)
                outcome = run("fit", *arguments, "--json", "--quiet")
                # The first component's parameters are at the edge of what there is, which is a verdict of its own, or
                # beyond it already at the start, which has no result.
                self.assertIn(outcome.returncode, (DONE, NUMERICAL), outcome.stderr)
                if "at the start" in outcome.stderr:
                    self.assertEqual((outcome.returncode, outcome.stdout), (NUMERICAL, ""))
                else:
                    json.loads(outcome.stdout, parse_constant=lambda text: self.fail(text))


if __name__ == "__main__":
    main()

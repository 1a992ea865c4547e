"""Components of several families, and frozen parts, from the command line to the file and back.

Run like cli_test.py.
"""

import json

import h5py
import numpy as np

from cli_test import DATA, DONE, FAITHFUL, USAGE, CliTest, main, run

NOISY = ("--family", "2 gaussian + 1 uniform")


def document(*arguments):
    quiet = ("--quiet",) if arguments[0] == "fit" else ()
    outcome = run(*arguments, "--json", *quiet)
    assert outcome.returncode == DONE, outcome.stderr
    return json.loads(outcome.stdout)


class Groups(CliTest):
    def test_json_names_the_family_of_each_component(self):
        fit = document("fit", FAITHFUL, *NOISY)
        self.assertEqual(fit["family"], "2 gaussian + 1 uniform:lower=1.6;43,upper=5.1;96")
        families = [component["family"] for component in fit["components"]]
        self.assertEqual(families, ["gaussian", "gaussian", "uniform:lower=1.6;43,upper=5.1;96"])
        self.assertEqual(fit["components"][2]["parameters"], {})
        self.assertEqual(fit["parameters_count"], 2 + 2 * 5)
        self.assertEqual(document("fit", FAITHFUL, "--family", "gaussian", "--components", 2)["components"][0]["family"],
                         "gaussian")

    def test_a_model_of_groups_goes_on_where_it_was(self):
        for update in "ml", "map", "vb":
            model = self.path(f"{update}.h5")
            first = document("fit", FAITHFUL, *NOISY, "--update", update, "--max-iterations", 3, "--output", model)
            with h5py.File(model) as file:
                self.assertEqual(file["weights"].shape, (3,))
                self.assertEqual(file["components/0/mean"].shape, (2, 2))
                self.assertNotIn("components/mean", file)
                self.assertEqual("posterior" in file, update != "ml")
                means = file["components/0/mean"][:]
            np.testing.assert_array_equal(means, [c["parameters"]["mean"] for c in first["components"][:2]])
            described = document("describe", model)
            self.assertEqual(described["components"][1]["parameters"], first["components"][1]["parameters"])
            self.assertEqual(run("describe", model).returncode, DONE)
            self.assertEqual(run("divergence", model, "--draws", 200).returncode, DONE)
            if update == "ml":
                on = document("fit", FAITHFUL, *NOISY, "--start", model)
                self.assertEqual(on["trace"][0]["log_likelihood"], first["log_likelihood"])

    def test_numbers_of_components(self):
        for family, components, words in (
            ("gaussian", (), "how many components of 'gaussian'? Write a number before it or give --components"),
            ("2 gaussian + 1 uniform", ("--components", 4), "its numbers add up to 3, but 4 components are asked for"),
            ("gaussian + uniform", ("--components", 4), "only one may be without a number"),
            ("4 gaussian + uniform", ("--components", 4), "none is left for 'uniform'"),
        ):
            outcome = run("fit", FAITHFUL, "--family", family, *components)
            self.assertEqual(outcome.returncode, USAGE, outcome.stdout)
            self.assertIn(words, outcome.stderr)
        same = [document("fit", FAITHFUL, *arguments)["log_likelihood"] for arguments in (
            NOISY, ("--family", "gaussian + 1 uniform", "--components", 3),
            ("--family", "2 gaussian + uniform", "--components", 3), (*NOISY, "--components", 3))]
        self.assertEqual(len(set(same)), 1)

    def test_a_start_file_is_taken_exactly(self):
        start = self.path("start.h5")
        with h5py.File(start, "w") as file:
            file["weights"] = [0.4, 0.5, 0.1]
            file["components/0/mean"] = [[2.0, 54.0], [4.3, 80.0]]
            file["components/0/covariance"] = [np.diag([0.1, 36.0]), np.diag([0.2, 36.0])]
        fit = document("fit", FAITHFUL, *NOISY, "--start", start, "--max-iterations", 1)
        rows = h5py.File(FAITHFUL)["X"][:]
        density = 0.1 / ((5.1 - 1.6) * (96 - 43))
        for weight, mean, variance in ((0.4, [2.0, 54.0], [0.1, 36.0]), (0.5, [4.3, 80.0], [0.2, 36.0])):
            square = ((rows - mean) ** 2 / variance).sum(axis=1)
            density = density + weight * np.exp(-square / 2) / (2 * np.pi * np.sqrt(np.prod(variance)))
        # Sums of 272 terms of some nats each.
        self.assertAlmostEqual(fit["trace"][0]["log_likelihood"] / np.log(density).sum(), 1, delta=1e-13)

    def test_a_prior_for_each_family(self):
        prior = self.path("prior.json")
        with open(prior, "w") as file:
            json.dump({"components": [{"kappa0": 0.02, "nu0": 5, "psi0": 1}, {}]}, file)
        fit = document("fit", FAITHFUL, *NOISY, "--update", "map", "--prior", prior)
        self.assertEqual(fit["prior"]["components"][0]["nu0"], 5)
        self.assertEqual(fit["prior"]["components"][1], {})
        with open(prior, "w") as file:
            json.dump({"components": {"nu0": 5}}, file)
        outcome = run("fit", FAITHFUL, *NOISY, "--update", "map", "--prior", prior)
        self.assertEqual(outcome.returncode, USAGE)
        self.assertIn("an array of 2 objects of hyperparameters is needed", outcome.stderr)

    def test_a_damaged_group_is_named(self):
        start = self.path("start.h5")
        with h5py.File(start, "w") as file:
            file["weights"] = [0.4, 0.5, 0.1]
            file["components/0/mean"] = [[2.0, 54.0], [4.3, 80.0]]
        outcome = run("fit", FAITHFUL, *NOISY, "--start", start)
        self.assertEqual(outcome.returncode, DATA)
        self.assertIn("/components/0/covariance is missing", outcome.stderr)


class Frozen(CliTest):
    def setUp(self):
        super().setUp()
        self.model = self.path("model.h5")
        self.start = document("fit", FAITHFUL, "--family", "gaussian", "--components", 3, "--max-iterations", 2,
                              "--output", self.model)

    def fit(self, *options):
        return document("fit", FAITHFUL, "--family", "gaussian", "--components", 3, "--start", self.model, *options)

    def test_what_is_frozen_stays(self):
        old = self.start["components"]
        new = self.fit("--freeze", "0,2")["components"]
        for k in 0, 2:
            self.assertEqual(new[k]["parameters"], old[k]["parameters"])
        self.assertNotEqual(new[1]["parameters"], old[1]["parameters"])
        new = self.fit("--freeze", "mean")["components"]
        self.assertEqual([c["parameters"]["mean"] for c in new], [c["parameters"]["mean"] for c in old])
        for options in ("--freeze-weights",), ("--weights", "fixed"):
            fit = self.fit(*options)
            self.assertEqual([c["weight"] for c in fit["components"]], [c["weight"] for c in old])
            self.assertEqual(fit["parameters_count"], 15)

    def test_known_weights_stay_in_the_posterior(self):
        fit = self.fit("--freeze-weights", "--update", "map")
        old = [c["weight"] for c in self.start["components"]]
        self.assertEqual([c["posterior"]["weight"]["mean"] for c in fit["components"]], old)
        self.assertEqual(fit["prior"]["weights"], {"prior": "fixed"})

    def test_what_makes_no_sense_is_refused(self):
        for options, words in (
            (("--start", self.model, "--freeze", "7"), "--freeze: component 7 of 3 (they are numbered from 0)"),
            (("--start", self.model, "--freeze", "rate"), "--freeze: no component has a parameter 'rate'"),
            (("--freeze", "0"), "--freeze keeps parameters of a start file; give one with --start"),
            (("--freeze-weights", "--weights", "dirichlet", "--update", "map"),
             "--freeze-weights leaves nothing for --weights dirichlet"),
        ):
            outcome = run("fit", FAITHFUL, "--family", "gaussian", "--components", 3, *options)
            self.assertEqual(outcome.returncode, USAGE, outcome.stdout)
            self.assertIn(words, outcome.stderr)


if __name__ == "__main__":
    main()

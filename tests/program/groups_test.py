"""Components of several families, and frozen parts, from the command line to the file and back.

Run like cli_test.py.
"""

import csv
import json
import pathlib

import h5py
import numpy as np

from cli_test import DATA, DONE, FAITHFUL, USAGE, CliTest, gaussian_log_density, main, run, weights

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


class NoisyClusters(CliTest):
    def setUp(self):
        super().setUp()
        random = np.random.default_rng(1)
        self.x = np.r_[random.normal(0, 1, 150), random.normal(8, 1, 150), random.uniform(-5, 15, 30)]
        self.counts = np.r_[random.poisson(2, 150), random.poisson(7, 150), random.integers(0, 16, 30)]
        self.data = self.write("x.h5", {"X": self.x[:, None]})
        self.both = self.write("both.h5", {"X": np.c_[self.x, self.counts]}, columns=["height", "count"])


class GroupsOfClusters(NoisyClusters):
    def test_likelihood_and_files(self):
        model, trace = self.path("model.h5"), self.path("trace.csv")
        result = self.fit(self.data, *NOISY, "--output", model, "--trace", trace)
        self.assertEqual([one["family"] for one in result["components"]][:2], ["gaussian", "gaussian"])
        self.assertTrue(result["components"][2]["family"].startswith("uniform:lower="))
        self.assertEqual(result["components"][2]["parameters"], {})
        w = weights(result)
        density = w[2] / (self.x.max() - self.x.min()) * np.ones(len(self.x))
        for k in range(2):
            parameters = {name: np.array(value) for name, value in result["components"][k]["parameters"].items()}
            density += w[k] * np.exp(gaussian_log_density(self.x[:, None], **parameters))
        self.assert_close(result["log_likelihood"], np.sum(np.log(density)))
        self.assert_close(result["aic"], -2 * result["log_likelihood"] + 2 * (2 + 4))  # weights, means and variances
        with h5py.File(model, "r") as file:
            self.assertEqual(sorted(file["components"]), ["0"])
            self.assertEqual(file["components/0/mean"].shape, (2, 1))
            np.testing.assert_array_equal(file["weights"][:], w)
        described = json.loads(run("describe", model, "--json").stdout)
        self.assertEqual(described["components"], result["components"])
        self.assertIn("uniform", run("describe", model).stdout)
        rows = list(csv.DictReader(pathlib.Path(trace).read_text().splitlines()))
        for row, entry in zip(rows, result["trace"], strict=True):
            self.assertEqual([float(row[f"count_{k}"]) for k in range(3)], entry["counts"])
        again = self.fit(self.data, "--family", "gaussian + 1 uniform", "--components", 3, "--start", model,
                         "--max-iterations", 0)
        self.assertEqual(again["components"], result["components"])
        self.assertEqual(again["log_likelihood"], result["log_likelihood"])

    def test_no_option_of_effort_changes_a_bit(self):
        random = np.random.default_rng(2)
        x = np.where(random.random(300000) < 0.1, random.uniform(-20, 20, 300000), random.normal(size=300000))
        data = self.write("big.h5", {"X": x[:, None]})
        fits = [self.fit(data, *NOISY, "--max-iterations", 3, *more)
                for more in ((), ("--threads", 1), ("--threads", 3), ("--memory", "80MiB"))]
        for other in fits[1:]:
            self.assertEqual(other["components"], fits[0]["components"])
            self.assertEqual(other["trace"], fits[0]["trace"])

    def test_posterior_of_groups(self):
        model = self.path("model.h5")
        family = ("--family", "2 (gaussian(height) * poisson(count)) + 1 uniform")
        result = self.fit(self.both, *family, "--update", "vb", "--verify", "--output", model)
        self.assertTrue(result["components"][2]["family"].endswith("whole=0;1"))
        with h5py.File(model, "r") as file:
            self.assertEqual(sorted(file["posterior/hyperparameters"]), ["0"])
            self.assertEqual(file["posterior/mean/0/poisson/rate"].shape, (2, 1))
            self.assertEqual(file["posterior/weights/mean"].shape, (3,))
        described = json.loads(run("describe", model, "--json").stdout)
        self.assertEqual(described["components"], result["components"])
        for entry in result["trace"][1:]:
            self.assertLess(entry["residual"], 1e-9)

    def test_prior_file(self):
        family = ("--family", "2 (gaussian(0) * poisson(1)) + 1 uniform", "--update", "map", "--prior")
        good = self.write_json("good.json", {"weights": {"concentration": [2, 2, 5]}, "components": [
            {"gaussian": {"mu0": 0, "kappa0": 0.01, "nu0": 4, "psi0": 1}, "poisson": {"shape": 2, "rate": 1}}, {}]})
        result = self.fit(self.both, *family, good)
        N = np.array(result["trace"][-1]["counts"])
        # The mode of the weights, at the last E-step within the tolerance.
        np.testing.assert_allclose(weights(result), (N + [1, 1, 4]) / (N.sum() + 6), rtol=1e-4)
        for components, *words in (
            ([{}], "an array of 2 objects"),
            ({"gaussian": {}}, "an array of 2 objects"),
            ([], "an array of 2 objects"),
            ([{}, {"lower": 1}], "components[1]: 'lower' is unknown"),
            ([{}, 3], "components[1]: an object"),
            ([{"gaussian": {"kappa": 1}}, {}], "components[0]: 'gaussian/kappa' is unknown", "gaussian/kappa0"),
            ([{"gaussian": {"mu0": [1, 2]}}, {}], "components[0]: 'gaussian/mu0' must be"),
            ([{"gaussian": {"kappa0": -1}}, {}], "'gaussian(0) * poisson(1)': gaussian/kappa0 = -1"),
        ):
            bad = self.write_json("bad.json", {"components": components})
            self.refused(USAGE, *words, arguments=("fit", self.both, *family, bad))

    def test_specifications(self):
        for family, components, *words in (
            ("3 gaussian + uniform", None, "how many components of 'uniform'", "--components"),
            ("+", None, "names no family"),
            ("0 gaussian + 1 uniform", None, "at least 1"),
            ("1.5 gaussian + 1 uniform", None, "neither a whole number of components nor a family"),
            ("2 (1 gaussian + 1 uniform)", None, "'3 gaussian + 1 uniform'"),
        ):
            with self.subTest(family=family):
                more = () if components is None else ("--components", components)
                self.refused(USAGE, *words, arguments=("fit", self.data, "--family", family, *more))
        one = self.fit(self.data, "--family", "2gaussian+1uniform")
        other = self.fit(self.data, "--family", " 2 gaussian  + uniform", "--components", 3)
        self.assertEqual((one["family"], one["components"]), (other["family"], other["components"]))

    def test_boxes_that_cannot_be(self):
        table = np.zeros(9, dtype=[("height", "f8"), ("flat", "f8")])
        table["height"], table["flat"] = np.arange(9), 2.5
        flat = self.write("flat.h5", {"X": table})
        for family in NOISY[1], "2 gaussian + 1 (gaussian(height) * uniform(flat))":
            self.refused(USAGE, 'column 1 ("flat"): from 2.5 to 2.5', "no volume", arguments=(
                "fit", flat, "--family", family, "--columns", "height,flat"))
        self.refused(DATA, "row 1 (1.5)", "probability 0", "whatever its parameters", "remove or replace", arguments=(
            "fit", self.write("out.h5", {"X": [[0.5], [1.5]]}), "--family", "1 uniform:lower=0,upper=1"))
        self.refused(DATA, "row 1, column 0: nan", arguments=(
            "fit", self.write("nan.h5", {"X": [[0.5], [np.nan], [2]]}), *NOISY))
        result = self.fit(self.data, "--family", "2 gaussian + 1 uniform:lower=0,upper=1")
        self.assertEqual(result["verdict"], "converged")

    def test_labels(self):
        labels = self.write("labels.h5", {"X": np.array([b"a", b"b", b"c", b"a"] * 20)}) + ":/X"
        result = self.fit(labels, "--family", "1 categorical + 1 uniform")
        self.assertEqual(result["components"][1]["family"], "uniform:lower=0,upper=2,whole=1")
        # The categories explain all that the uniform component does.
        self.assert_close(result["log_likelihood"], 80 * (0.5 * np.log(0.5) + 0.5 * np.log(0.25)), 1e-6)
        self.refused(DATA, "holds labels (a, b, c)", "categorical", arguments=(
            "fit", labels, "--family", "uniform", "--components", 1))

    def test_starts_that_do_not_fit(self):
        model = self.path("model.h5")
        self.fit(self.data, *NOISY, "--output", model)
        for family, *words in (
            ("3 gaussian", "holds components of the family '2 gaussian + 1 uniform", "'gaussian'"),
            ("1 uniform + 2 gaussian", "holds components of the family"),
            ("2 gaussian + 1 uniform:lower=-99,upper=99", "holds components of the family", "give the fit that family"),
            ("3 gaussian + 1 uniform", ":/weights holds 3 components"),
        ):
            self.refused(DATA, *words, arguments=("fit", self.data, "--family", family, "--start", model))
        by_hand = self.write("hand.h5", {"weights": [0.4, 0.4, 0.2], "components/0/mean": [0.0, 8.0],
                                         "components/0/covariance": [1.0, 1.0]})
        result = self.fit(self.data, *NOISY, "--start", by_hand, "--max-iterations", 0)
        np.testing.assert_array_equal(weights(result), [0.4, 0.4, 0.2])
        for name, content, *words in (
            ("flat.h5", {"components/mean": [0.0, 8.0], "components/covariance": [1.0, 1.0]}, "/components/0/mean"),
            ("shape.h5", {"components/0/mean": [0.0, 8.0, 3.0], "components/0/covariance": [1.0, 1.0]},
             "/components/0/mean has shape 3", "2 components needs 2"),
        ):
            start = self.write(name, {"weights": [0.4, 0.4, 0.2]} | content)
            self.refused(DATA, name, *words, arguments=("fit", self.data, *NOISY, "--start", start))


class FrozenGroups(NoisyClusters):
    def setUp(self):
        super().setUp()
        self.start = self.write("start.h5", {"weights": [0.5, 0.3, 0.2], "components/0/mean": [1.0, 6.0],
                                             "components/0/covariance": [2.0, 3.0]})
        self.base = (self.data, *NOISY, "--start", self.start)

    def test_components_and_weights(self):
        for update in "ml", "map", "vb":
            result = self.fit(*self.base, "--freeze", "0,2", "--freeze-weights", "--update", update)
            kept, free, _ = result["components"]
            self.assertEqual(kept["parameters"], {"mean": [1.0], "covariance": [[2.0]]})
            self.assertNotEqual(free["parameters"]["mean"], [6.0])
            np.testing.assert_array_equal(weights(result), [0.5, 0.3, 0.2])
            self.assert_close(result["aic"], -2 * result["log_likelihood"] + 2 * 2)  # one mean, one variance
            if update != "ml":
                self.assertEqual(kept["posterior"]["mean"], kept["parameters"])
                self.assertEqual(kept["posterior"]["lower"], kept["parameters"])

    def test_parameter_by_name(self):
        for update in "ml", "map":
            result = self.fit(*self.base, "--freeze", "mean", "--update", update)
            self.assertEqual([one["parameters"].get("mean") for one in result["components"]], [[1.0], [6.0], None])
            self.assertNotIn("posterior", result["components"][0])
            self.assert_close(result["aic"], -2 * result["log_likelihood"] + 2 * (2 + 2))

    def test_refusals(self):
        for freeze, *words in (
            ("3", "component 3 of 3 (they are numbered from 0)"),
            ("-1", "no component has a parameter '-1'"),
        ):
            self.refused(USAGE, "--freeze", *words, arguments=("fit", *self.base, "--freeze", freeze))
        self.refused(USAGE, "--freeze", "--update ml", "freeze whole components", arguments=(
            "fit", *self.base, "--freeze", "mean", "--update", "vb"))
        tied = ("--family", "gaussian:covariance=tied", "--components", 2)
        model = self.path("tied.h5")
        self.assertEqual(run("fit", FAITHFUL, *tied, "--output", model, "--quiet").returncode, DONE)
        self.refused(USAGE, "share parameters", "all of them or none", arguments=(
            "fit", FAITHFUL, *tied, "--start", model, "--freeze", "0"))


if __name__ == "__main__":
    main()

"""Writes the report, Markdown with one plot, from the JSON files of measure.py alone.

    report.py FOLDER REPORT.md [--quick]
"""

import argparse
import pathlib
import statistics

import cases
import measure_convergence
import measure_memory
import peer_list
import plot_growth
from workspace import Workspace

NUMPY = ("numpy", "numpy-whitened")  # in double precision; the faster one is what mixfam is compared with
MIB = 1 << 20


def milliseconds(seconds):
    value = 1e3 * seconds
    return f"{value:.0f} ms" if value >= 100 else f"{value:.3g} ms"


def table(header, rows):
    lines = [f"| {' | '.join(map(str, cells))} |" for cells in [header, *rows]]
    lines.insert(1, "|" + "---|" * len(header))
    return "\n".join(lines)


class Medians:
    """Median seconds of an iteration, of all rows of the case, by case, peer and number of threads."""

    def __init__(self, results, sizes):
        self.values, self.scaled = {}, {}
        for result in results:
            case = sizes[result["case"]]
            key = case.name, result["peer"]
            self.scaled[key] = result["rows"] if result["rows"] != case.rows else None
            self.values[*key, result["threads"]] = statistics.median(result["seconds"]) * case.rows / result["rows"]
        self.too_slow = {(case, peer.name) for peer in peer_list.peers() for case in peer.too_slow}
        self.threadless = {peer.name for peer in peer_list.peers() if not peer.threaded}

    def get(self, case, peer, threads):
        """A peer without threads takes as long with two cores as with one."""
        return self.values.get((case.name, peer, 1 if peer in self.threadless else threads))

    def mark(self, case, peer):
        """A star on times that were scaled from fewer rows."""
        return "*" if self.scaled[case.name, peer] else ""

    def fastest(self, case, peers, threads):
        return min((time, peer) for peer in peers if (time := self.get(case, peer, threads)) is not None)


class Comparison:
    """One case at one number of threads: mixfam against the others, and against what the processor can do."""

    def __init__(self, case, threads, medians, peak):
        packaged = [peer.name for peer in peer_list.peers() if peer.packaged]
        self.case, self.threads = case, threads
        self.mixfam = medians.get(case, "mixfam", threads)
        self.packaged, self.packaged_name = medians.fastest(case, packaged, threads)
        self.packaged_mark = medians.mark(case, self.packaged_name)
        self.numpy, _ = medians.fastest(case, NUMPY, threads)
        self.gflops = case.flops / self.mixfam / 1e9 if case.flops else None
        self.peak_share = self.gflops / peak if case.flops else None
        # Even PEAK_SHARE of the peak would not be NUMPY_RATIO times as fast as numpy.
        self.forbidden = case.roofline and case.flops / (cases.PEAK_SHARE * peak * 1e9) > self.numpy / cases.NUMPY_RATIO

    def missed(self):
        found = []
        if self.packaged / self.mixfam < cases.PACKAGED_RATIO:
            found.append(f"{cases.PACKAGED_RATIO:g} times the peer")
        if self.numpy / self.mixfam < cases.NUMPY_RATIO and not self.forbidden:
            found.append(f"{cases.NUMPY_RATIO:g} times numpy")
        if self.case.roofline and self.peak_share < cases.PEAK_SHARE:
            found.append(f"{100 * cases.PEAK_SHARE:.0f} % of the peak")
        return found

    def verdict(self):
        missed = self.missed()
        allowance = f" ({cases.NUMPY_RATIO:g} times numpy is beyond the peak)" if self.forbidden else ""
        return (("missed: " + ", ".join(missed)) if missed else "met") + allowance

    def throughput(self):
        if self.gflops:
            return f"{self.gflops:.3g} GFLOP/s, {100 * self.peak_share:.0f} %"
        return f"{self.case.rows / self.mixfam / 1e6:.3g} million rows/s, " \
               f"{self.case.data_bytes / self.mixfam / 1e9:.2g} GB/s"

    def row(self):
        return (self.case.label, f"{milliseconds(self.packaged)}{self.packaged_mark} ({self.packaged_name})", milliseconds(self.numpy),
                milliseconds(self.mixfam), f"{self.packaged / self.mixfam:.1f}", f"{self.numpy / self.mixfam:.1f}",
                self.throughput(), self.verdict())


def machine_section(machine):
    caches = ", ".join(f"{level} {size}" for level, size in machine["caches"].items())
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    limits = table(("threads", "vectors", "multiply-add peak", "read", "triad"),
                   [(r["threads"], r["vectors"], f"{r['gflops']:.0f} GFLOP/s", f"{r['read_gb']:.1f} GB/s",
                     f"{r['triad_gb']:.1f} GB/s") for r in machine["roofline"]])
    return f"""## Machine

{machine['processor']}, {machine['cores']} cores, {caches}, {machine['memory_bytes'] / (1 << 30):.0f} GiB of memory,
{machine['system']}, {machine['compiler']}; {versions}.

{limits}"""


def table_section(results, machine, workspace):
    sizes = {case.name: workspace.size(case) for case in cases.TABLE}
    medians = Medians(results, sizes)
    measured = [case for case in sizes.values() if any(result["case"] == case.name for result in results)]
    peaks = {r["threads"]: r["gflops"] for r in machine["roofline"]}
    text = ["## Time of one EM iteration"]
    header = ("case", "fastest packaged peer", "numpy", "mixfam", "peer / mixfam", "numpy / mixfam",
              "mixfam, share of peak", f"goal: {cases.PACKAGED_RATIO:g} and {cases.NUMPY_RATIO:g}")
    for threads in cases.THREADS:
        comparisons = [Comparison(case, threads, medians, peaks[threads]) for case in measured]
        text += [f"### {threads} thread{'s' if threads > 1 else ''}", table(header, [c.row() for c in comparisons])]
    text += ["### Two threads against one", threads_table(measured, medians)]
    text += ["### All peers", all_peers_tables(measured, medians), versions_line(results)]
    return "\n\n".join(text)


def threads_table(measured, medians):
    rows = []
    for case in measured:
        one, two = (medians.get(case, "mixfam", threads) for threads in (1, 2))
        verdict = "met" if one / two >= cases.THREADS_RATIO else "missed"
        rows.append((case.label, milliseconds(one), milliseconds(two), f"{one / two:.2f}", verdict))
    return table(("case", "1 thread", "2 threads", "ratio", f"goal: {cases.THREADS_RATIO:g}"), rows)


def all_peers_tables(measured, medians):
    names = [peer.name for peer in peer_list.peers()]
    text = []
    for threads in cases.THREADS:
        rows = [(case.label, *(peer_cell(case, name, threads, medians) for name in names)) for case in measured]
        text.append(table((f"{threads} thread{'s' if threads > 1 else ''}", *names), rows))
    text.append("`*`: measured on fewer rows (" + scaled_rows(measured, medians) + ") and scaled to all of them.\n"
                "Too slow: an iteration takes more than ten seconds, and it was left out. A dash: the peer has no such model, or "
                "the variant is not for it. mclust has no threads. numpy-float32 computes in single precision.")
    return "\n\n".join(text)


def peer_cell(case, name, threads, medians):
    seconds = medians.get(case, name, threads)
    if seconds is None:
        return "too slow" if (case.name, name) in medians.too_slow else "-"
    return milliseconds(seconds) + medians.mark(case, name)


def scaled_rows(measured, medians):
    labels = {case.name: case.label for case in measured}
    found = [f"{peer} {rows} of {labels[case]}" for (case, peer), rows in medians.scaled.items() if rows]
    return "; ".join(found) or "none"


def versions_line(results):
    versions = {result["peer"]: result["version"] for result in results}
    return "Versions: " + ", ".join(f"{name} {version}" for name, version in versions.items()) + "."


def convergence_section(results):
    def median(run):
        return statistics.median(run["seconds"])

    peers = {run["threads"]: median(run) for run in results["runs"] if run["peer"] == "scikit-learn"}
    rows = []
    for run in results["runs"]:
        name = f"{run['peer']}, acceleration {run['acceleration']}" if run["peer"] == "mixfam" else run["peer"]
        ratio = peers[run["threads"]] / median(run)
        verdict = "met" if ratio >= measure_convergence.SPEEDUP else "missed"
        verdict = verdict if run["acceleration"] != "none" else ""
        rows.append((name, run["threads"], milliseconds(median(run)), run["iterations"], f"{ratio:.1f}", verdict))
    header = ("program", "threads", "time", "iterations", "scikit-learn / it",
              f"goal: {measure_convergence.SPEEDUP:g}")
    return f"""## From the start to the limit

Gaussian full, N={results['rows']} D={results['columns']} K={results['components']}, clusters that overlap: wall time from the start to within
{measure_convergence.TOLERANCE:g} nats of the limit {results['limit']:.7f}, which numpy's EM came to (the last half of its iterations
changed it by {results['uncertainty']:.1g}).

{table(header, rows)}"""


def memory_section(results):
    rows = []
    for result in results:
        kind = "uint8" if result["element_bytes"] == 1 else "float64"
        data, peak, budget = result["data_bytes"], result["peak_bytes"], result["budget_bytes"]
        label, size = f"{result['case']}, {kind}", f"{data / MIB:.0f} MiB"
        mode = f"streamed, --memory {budget // MIB}MiB" if budget else "in memory"
        bound = budget or data + measure_memory.ALLOWANCE
        rows.append((label, mode, size, f"{peak / MIB:.0f} MiB", f"{bound / MIB:.0f} MiB",
                     "met" if peak <= bound else "missed"))
    return f"""## Memory

Peak resident memory of `mixfam fit`. The bound is the data in their own type and {measure_memory.ALLOWANCE // MIB} MiB; of a streamed fit its budget.

{table(("data", "fit", "size of the data", "peak", "bound", "verdict"), rows)}"""


def growth_section(results, report):
    plot = report.with_name("growth.svg")
    slopes = plot_growth.write(results, plot)
    rows = [(point["case"], milliseconds(statistics.median(point["seconds"])))
            for axis in ("rows", "components") for point in results[axis]]
    return f"""## Growth

Time of one iteration with {max(cases.THREADS)} threads. Rows: float32, read from the file in each iteration. Slopes of straight lines fitted to
the logarithms: {slopes['rows']:.2f} in the number of rows, {slopes['components']:.2f} in the number of components; 1 is linear.

![Time of an iteration against rows and components]({plot.name})

{table(("case", "an iteration"), rows)}"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("report", type=pathlib.Path)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    workspace = Workspace(arguments.folder, arguments.quick)
    parts = {name: workspace.load(name) for name in ("machine", "table", "convergence", "memory", "growth")}

    sections = ["""# Results

Written by `benchmarks/run.sh`; [README.md](README.md) says how each figure is measured. Only ratios count: they were
measured side by side."""]
    if parts["machine"]:
        sections.append(machine_section(parts["machine"]))
    if parts["machine"] and parts["table"]:
        sections.append(table_section(parts["table"], parts["machine"], workspace))
    if parts["convergence"]:
        sections.append(convergence_section(parts["convergence"]))
    if parts["memory"]:
        sections.append(memory_section(parts["memory"]))
    if parts["growth"]:
        sections.append(growth_section(parts["growth"], arguments.report))
    arguments.report.write_text("\n\n".join(sections) + "\n")


if __name__ == "__main__":
    main()

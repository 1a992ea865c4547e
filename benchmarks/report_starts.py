"""Writes the table of starts, Markdown, from the JSON file of measure_starts.py alone.

    report_starts.py FOLDER REPORT.md [--quick]
"""

import argparse
import pathlib

from report import milliseconds, table
from workspace import Workspace

HEAD = """# Starts

Written by `benchmarks/run.sh --only starts`. Of 50 starts, how many end within 1e-3 nats of the best regular optimum that any of
them found; regular: no component has fewer rows than parameters. All run to convergence by mixfam's EM. scikit-learn's
start is `KMeans(n_init=1)` on the rows as they are. Rotated, rescaled and sheared copies have the same optima.

"""
TIMES = """
## Time of a start

Seconds of the processor, one thread, beside one EM iteration of all rows.

"""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("report")
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    results = Workspace(arguments.folder, arguments.quick).load("starts")
    if results is None:
        return
    pathlib.Path(arguments.report).write_text(HEAD + hits_table(results["hits"]) + "\n" + TIMES +
                                              times_table(results["hits"] + results["times"]) + "\n")


def hits_table(hits):
    header = ["data", "family", "N", "D", "K", "best log likelihood", "scikit-learn", "`kmeans++`", "`random`"]
    return table(header, [[f"{one['data']} {one['copy']}".strip(), one["family"], one["rows"], one["columns"],
                           one["components"], f"{one['best']:.4f}",
                           *(one["hits"][start] for start in ("scikit-learn", "kmeans++", "random"))]
                          for one in hits])


def times_table(measured):
    return table(["data", "N", "D", "K", "`kmeans++`", "an iteration"],
                 [[one.get("data", "clusters"), one["rows"], one["columns"], one["components"],
                   milliseconds(one["start_seconds"]), milliseconds(one["iteration_seconds"])]
                  for one in measured if not one.get("copy")])


if __name__ == "__main__":
    main()

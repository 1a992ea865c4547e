"""Measures parts of the benchmarks and keeps the figures as JSON: run.sh calls it.

    measure.py FOLDER [--quick] [--only PART]...
"""

import argparse
import sys

import measure_convergence
import measure_growth
import measure_machine
import measure_memory
import measure_starts
import measure_table
import peer_list
from workspace import Workspace

PARTS = {"machine": measure_machine, "table": measure_table, "convergence": measure_convergence,
         "memory": measure_memory, "growth": measure_growth, "starts": measure_starts}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--only", action="append", choices=PARTS)
    parser.add_argument("--quick", action="store_true")
    arguments = parser.parse_args()
    workspace = Workspace(arguments.folder, arguments.quick)
    parts = arguments.only or list(PARTS)
    if workspace.load("machine") is None and "machine" not in parts:
        parts.insert(0, "machine")  # the other figures are compared with it
    for part in parts:
        try:
            PARTS[part].measure(workspace)
        except (peer_list.PeerError, measure_table.Disagreement) as error:
            sys.exit(f"{part}: {type(error).__name__}: {error}")


if __name__ == "__main__":
    main()

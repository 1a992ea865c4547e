"""How the time of an iteration grows: with the rows of a file that is read in each iteration, and with the components."""

import statistics
import sys

import numpy as np

import cases
import peer_list

ROWS = (100_000, 1_000_000, 10_000_000, 100_000_000)
COMPONENTS = (1, 2, 4, 8, 16, 32, 64)


def measure(workspace):
    mixfam = next(peer for peer in peer_list.peers() if peer.name == "mixfam")
    divisor = cases.QUICK_DIVISOR if workspace.quick else 1
    results = {"rows": [], "components": []}

    for rows in ROWS:
        case = cases.Case(f"growth_{rows}", cases.EXPONENTIAL, rows // divisor, 1, 2)
        files = workspace.data_of(case, dtype=np.float32), workspace.start_of(case)
        measure_point(workspace, results, "rows", case, mixfam, files, ("--stream",))
    for components in COMPONENTS:
        case = cases.Case(f"growth_k{components}", cases.FULL, 200_000 // divisor, 4, components)
        files = workspace.data_of(case), workspace.start_of(case)
        measure_point(workspace, results, "components", case, mixfam, files, ())


def measure_point(workspace, results, axis, case, peer, files, options):
    threads = max(cases.THREADS)
    result = peer_list.run_peer(peer, case, *files, threads, seconds=0 if workspace.quick else 1, options=options)
    result |= {"case": case.label, axis: getattr(case, axis)}
    results[axis].append(result)
    workspace.save("growth", results)
    print(f"growth, {case.label}: {1e3 * statistics.median(result['seconds']):.3g} ms", file=sys.stderr, flush=True)

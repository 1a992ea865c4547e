"""Time of one EM iteration: every case, every peer, every number of threads, and whether all computed the same."""

import statistics
import sys

import cases
import peer_list

# Relative, of log likelihoods of equal rows after equally many iterations from the same start.
DOUBLE_AGREEMENT = 1e-9  # formulas that differ, sums of up to 1e7 terms in other orders
SINGLE_AGREEMENT = 1e-6  # float32 throughout
REFERENCE = "numpy"


class Disagreement(Exception):
    """Two peers that computed different things: their times cannot be compared."""


def measure(workspace):
    peers = peer_list.peers()
    results = []
    for full_case in cases.TABLE:
        case = workspace.size(full_case)
        for threads in cases.THREADS:
            for peer in peers:
                if peer.takes(case) and (peer.threaded or threads == 1):
                    results.append(measure_peer(workspace, peer, case, threads))
                    workspace.save("table", results)
        check_agreement(workspace, peers, case, [r for r in results if r["case"] == case.name])


def measure_peer(workspace, peer, case, threads):
    rows = peer.rows(case)
    result = peer_list.run_peer(peer, case, workspace.data_of(case, rows), workspace.start_of(case), threads,
                                seconds=0 if workspace.quick else 1)
    median = statistics.median(result["seconds"])
    print(f"{case.label}, {rows} rows, {threads} threads: {peer.name} {1e3 * median:.3g} ms", file=sys.stderr, flush=True)
    return {**result, "peer": peer.name, "case": case.name, "threads": threads, "rows": rows}


def check_agreement(workspace, peers, case, results):
    """Throws Disagreement unless all log likelihoods are that of the reference on the same rows."""
    single = {peer.name for peer in peers if peer.single_precision}
    reference = next(peer for peer in peers if peer.name == REFERENCE)
    expected = {}
    for result in results:
        rows = result["rows"]
        if rows not in expected:
            expected[rows] = peer_list.run_peer(reference, case, workspace.data_of(case, rows),
                                                workspace.start_of(case), 1, seconds=0)["log_likelihood"]
        tolerance = SINGLE_AGREEMENT if result["peer"] in single else DOUBLE_AGREEMENT
        error = abs(result["log_likelihood"] - expected[rows])
        if not error <= tolerance * abs(expected[rows]):
            raise Disagreement(
                f"{case.label}, {rows} rows, {result['threads']} threads: after {case.iterations} iterations the log "
                f"likelihood of {result['peer']} is {result['log_likelihood']!r}, that of {REFERENCE} "
                f"{expected[rows]!r}: they may differ by {tolerance:g} of it")

"""Time from the start to within TOLERANCE of the limit of the log likelihood, on clusters that overlap."""

import statistics
import sys

import cases
import data
import peer_list

TOLERANCE = 1e-6  # nats
CASE = cases.Case("overlap", cases.FULL, 10_000, 4, 4)
OVERLAP = data.Overlap(distance=2, variety=0.2)  # plain EM needs some 1200 iterations
ENOUGH_ITERATIONS = 6_000  # for the limit
SPEEDUP = 20.0  # to reach: times scikit-learn


def measure(workspace):
    case = workspace.size(CASE)
    peers = {peer.name: peer for peer in peer_list.peers()}
    files = workspace.data_of(case, overlap=OVERLAP), workspace.start_of(case)
    limit, uncertainty = find_limit(peers["numpy"], case, files)
    results = {"rows": case.rows, "columns": case.columns, "components": case.components, "limit": limit,
               "uncertainty": uncertainty, "runs": []}
    runs = [(peers["scikit-learn"], "none")] + [(peers["mixfam"], name) for name in ("none", "squarem", "anderson")]
    for threads in cases.THREADS:
        for peer, acceleration in runs:
            result = measure_run(peer, acceleration, case, files, threads, limit - TOLERANCE)
            results["runs"].append(result)
            workspace.save("convergence", results)


def find_limit(peer, case, files):
    """What numpy's EM comes to, and by how much that still changed over the last half of its iterations."""
    half, whole = (peer_list.run_peer(peer, case, *files, 1, 0, iterations)["log_likelihood"]
                   for iterations in (ENOUGH_ITERATIONS // 2, ENOUGH_ITERATIONS))
    if abs(whole - half) > TOLERANCE / 10:
        raise peer_list.PeerError(f"numpy's EM still gained {whole - half:g} nats between iterations "
                                  f"{ENOUGH_ITERATIONS // 2} and {ENOUGH_ITERATIONS}: no limit to compare with", 1)
    return whole, abs(whole - half)


def measure_run(peer, acceleration, case, files, threads, until):
    result = {"peer": peer.name, "acceleration": acceleration, "threads": threads}
    options = ("--until", repr(until)) + (() if acceleration == "none" else ("--accelerate", acceleration))
    result |= peer_list.run_peer(peer, case, *files, threads, 0, ENOUGH_ITERATIONS, options)
    if result["log_likelihood"] < until:
        raise peer_list.PeerError(f"{peer.name}, acceleration {acceleration}: ended at {result['log_likelihood']!r}, "
                                  f"the limit of plain EM is {until + TOLERANCE!r}", 1)
    print(f"convergence, {threads} threads: {peer.name} {acceleration} {statistics.median(result['seconds']):.3g} s, "
          f"{result['iterations']} iterations", file=sys.stderr, flush=True)
    return result

"""Peak resident memory of `mixfam fit`, with the data in memory and streamed under a budget."""

import os
import pathlib
import subprocess
import sys
import tempfile

import cases

MIB = 1 << 20
ALLOWANCE = 64 * MIB  # to stay below, beyond the data in their own type
ITERATIONS = 3
LEAST_BUDGET = 128 * MIB
FLOAT64 = cases.Case("memory_float64", cases.DIAGONAL, 4_000_000, 32, 4)
UINT8 = next(case for case in cases.TABLE if case.family == cases.BERNOULLI)
BUDGET_DIVISOR = 4  # of a streamed fit: the file is so many times larger


def measure(workspace):
    program = f"{os.environ['BENCHMARKS_BUILD']}/cli/mixfam"
    results = []
    for case, streamed in ((FLOAT64, False), (UINT8, False), (FLOAT64, True)):
        case = workspace.size(case)
        budget = budget_of(case) if streamed else None
        result = {"case": case.label, "element_bytes": case.element_bytes, "data_bytes": case.data_bytes,
                  "budget_bytes": budget, "peak_bytes": peak_bytes(program, workspace, case, budget)}
        print(f"memory, {case.label}, budget {budget}: peak {result['peak_bytes'] / MIB:.0f} MiB", file=sys.stderr,
              flush=True)
        results.append(result)
        workspace.save("memory", results)


def budget_of(case):
    """A whole number of MiB, and enough for the program."""
    return max(case.data_bytes // BUDGET_DIVISOR // MIB * MIB, LEAST_BUDGET)


def peak_bytes(program, workspace, case, budget):
    """Measured by time(1): a child of Python itself would begin with the memory of Python."""
    command = [program, "fit", workspace.data_of(case), "--family", case.family, "--components", case.components,
               "--start", workspace.start_of(case), "--tolerance", 0, "--max-iterations", ITERATIONS, "--quiet"]
    if budget:
        command += ["--memory", f"{budget // MIB}MiB"]
    with tempfile.TemporaryDirectory() as folder:
        peak = pathlib.Path(folder) / "peak"
        subprocess.run(["/usr/bin/time", "--format=%M", f"--output={peak}", *map(str, command)], check=True,
                       capture_output=True)
        return int(peak.read_text().split()[-1]) * 1024

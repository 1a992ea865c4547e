"""Every public header compiles alone, without a warning, as C++17 and C++20, with each compiler that is here.

    public_headers.py INCLUDE_DIRECTORY
"""

import concurrent.futures
import itertools
import os
import pathlib
import shutil
import subprocess
import sys

WARNINGS = ["-Wall", "-Wextra", "-Wpedantic", "-Wshadow", "-Wconversion", "-Wno-sign-conversion", "-Werror"]


def compile_alone(case):
    header, standard, compiler = case
    # A second inclusion finds a missing guard.
    text = f"#include <{header}>\n#include <{header}>\n"
    command = [compiler, f"-std={standard}", *WARNINGS, "-fsyntax-only", f"-I{include}", "-xc++", "-"]
    run = subprocess.run(command, input=text, text=True, capture_output=True)
    return case, run.returncode, run.stderr


include = pathlib.Path(sys.argv[1])
headers = sorted(str(path.relative_to(include)) for path in include.rglob("*.hpp"))
# Headers for authors of families say themselves that they need C++20; the umbrella leaves them out by itself.
for_authors = ["mixfam/family_concepts.hpp", "mixfam/exponential_family.hpp", "mixfam/columnwise.hpp",
               "mixfam/detail/family_model.hpp", "mixfam/detail/prior_model.hpp"]
compilers = [name for name in ("g++", "clang++") if shutil.which(name)]

cases = [(header, standard, compiler)
         for header, standard, compiler in itertools.product(headers, ["c++17", "c++20"], compilers)
         if not (standard == "c++17" and header in for_authors)]

failed = 0
with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
    for (header, standard, compiler), status, message in pool.map(compile_alone, cases):
        if status != 0:
            failed += 1
            print(f"{header} as {standard} with {compiler}:\n{message}")

# The refusal of an older standard is a sentence, not a page of syntax errors.
for header in for_authors:
    _, status, message = compile_alone((header, "c++17", compilers[0]))
    cases.append(header)
    if status == 0 or "needs C++20" not in message:
        failed += 1
        print(f"{header} as c++17 does not say that it needs C++20:\n{message}")

print(f"{len(cases) - failed} passed, {failed} failed")
sys.exit(failed > 0 or not headers)

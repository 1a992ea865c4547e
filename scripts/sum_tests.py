"""Adds up what test runs counted: prints what failed, then one line `N passed, N failed`.

    sum_tests.py RESULT...

A RESULT is a Meson log of tests (meson-logs/testlog.json) or `NAME=STATUS`, the exit status of one check.
In a log, a Catch2 program counts by its cases, a suite that ends in its own `N passed, N failed` by those, any other
test as one. A test that failed without naming a failed case counts as one failure; a log that is missing or empty too.
"""

import json
import pathlib
import re
import sys

CATCH2_ALL = re.compile(r"^All tests passed \(\d+ assertions? in (\d+) test cases?\)", re.MULTILINE)
CATCH2_SOME = re.compile(r"^test cases: +(\d+) \|(.*)$", re.MULTILINE)
CATCH2_NONE = re.compile(r"^No tests ran", re.MULTILINE)
OWN_LINE = re.compile(r"^(\d+) passed, (\d+) failed$", re.MULTILINE)


def catch2_part(text, word):
    found = re.search(r"(\d+) " + word, text)
    return int(found[1]) if found else 0


def count_output(output):
    """(passed, failed) as a program's output tells, or None."""
    if found := CATCH2_ALL.findall(output):
        return int(found[-1]), 0
    if found := CATCH2_SOME.findall(output):
        parts = found[-1][1]
        return catch2_part(parts, "passed") + catch2_part(parts, "failed as expected"), catch2_part(
            parts, r"failed(?! as expected)")
    if CATCH2_NONE.search(output):
        return 0, 0
    if found := OWN_LINE.findall(output):
        return int(found[-1][0]), int(found[-1][1])
    return None


def count_test(test):
    if test["result"] == "SKIP":
        return 0, 0
    good = test["result"] in ("OK", "EXPECTEDFAIL")
    passed, failed = count_output(test.get("stdout") or "") or (int(good), int(not good))
    if not good and failed == 0:
        failed = 1
    return passed, failed


def count_log(path):
    try:
        tests = [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]
    except (OSError, ValueError) as error:
        print(f"FAILED {path}: {error}")
        return 0, 1
    if not tests:
        print(f"FAILED {path}: no test ran")
        return 0, 1
    passed = failed = 0
    for test in tests:
        good, bad = count_test(test)
        passed += good
        failed += bad
        if bad:
            print(f"FAILED {path}: {test['name']}: {test['result']}, {good} passed, {bad} failed")
    return passed, failed


def count_result(result):
    name, separator, status = result.partition("=")
    if not separator:
        return count_log(result)
    if status != "0":
        print(f"FAILED {name}")
    return int(status == "0"), int(status != "0")


def main():
    counts = [count_result(result) for result in sys.argv[1:]]
    passed = sum(good for good, _ in counts)
    failed = sum(bad for _, bad in counts)
    print(f"{passed} passed, {failed} failed")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main())

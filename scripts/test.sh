#!/bin/bash
# Installs what is missing, builds everything and runs every test: an optimised build with warnings as errors, the same
# tests under the address and undefined-behaviour sanitizers, those of threads under the thread sanitizer, a build with
# clang, the formatting of the sources.
# The last line is `N passed, N failed`; the exit status is 0 when something passed and nothing failed.
#
#     scripts/test.sh                  all of that
#     scripts/test.sh --suite slow     instead, the long tests that are left out otherwise (of the optimised build)
#
# --suite NAME goes to `meson test`; any suite of the build will do.
set -uo pipefail
source "$(dirname "$(readlink -f "$0")")/common.sh"

suite=
case "${1-}" in
  '') ;;
  --suite) suite=${2?--suite needs a name} ;;
  *)
    sed -n '2,/^set/{/^#/s/^# \?//p}' "$0" >&2
    exit 2
    ;;
esac

everything=(-Dcli=enabled -Dtests=enabled -Dexamples=enabled)
results=()

# A check that is one test.
check() {
  local name=$1
  shift
  echo "== $name"
  "$@"
  local status=$?
  results+=("$name=$status")
  return $status
}

build() {  # build DIR OPTION...
  configure "$@" && ninja -k 0 -C "$root/$1"
}

run_tests() {  # run_tests DIR OPTION...
  local directory=$root/$1 log=$root/$1/meson-logs/testlog.json
  shift
  rm -f "$log"
  # Meson's own count of programs would be read as the count of tests.
  meson test -C "$directory" --no-rebuild --print-errorlogs "$@" | grep -v -E '^(Ok|Expected Fail|Fail|Unexpected Pass|Skipped|Timeout): '
  results+=("$log")
}

check_format() {
  find "$root" -path "$root/build*" -prune -o \( -name '*.cpp' -o -name '*.hpp' \) -print0 |
    xargs -0 -n 20 -P 2 clang-format --dry-run -Werror
}

"$root/scripts/install_packages.sh" build test || exit 1

if [ -n "$suite" ]; then
  check 'optimised build' build build-test --werror "${everything[@]}" &&
    run_tests build-test --suite "$suite" --verbose
else
  check 'formatting' check_format
  check 'optimised build' build build-test --werror "${everything[@]}" && run_tests build-test

  # The sanitizers stop at the first finding. They also lead GCC to warnings that are none: the other builds warn.
  export ASAN_OPTIONS=abort_on_error=1:detect_stack_use_after_return=1
  export UBSAN_OPTIONS=halt_on_error=1:abort_on_error=1:print_stacktrace=1
  check 'sanitized build' build build-sanitize "${everything[@]}" --warnlevel=0 -Doptimization=1 -Ddebug=false \
    -Dcpp_args=-g1 -Db_sanitize=address,undefined -Db_lundef=false && run_tests build-sanitize --timeout-multiplier 5
  unset ASAN_OPTIONS UBSAN_OPTIONS

  export TSAN_OPTIONS=halt_on_error=1
  check 'thread-sanitized build' build build-thread -Dcli=disabled -Dtests=enabled -Dexamples=disabled --warnlevel=0 \
    -Doptimization=1 -Ddebug=false -Dcpp_args=-g1 -Db_sanitize=thread -Db_lundef=false &&
    run_tests build-thread --timeout-multiplier 5
  unset TSAN_OPTIONS

  CXX=clang++ check 'clang build' build build-clang --werror --buildtype=plain -Dcli=enabled -Dtests=disabled \
    -Dexamples=enabled
fi

/usr/bin/python3 "$root/scripts/sum_tests.py" "${results[@]}"

#!/bin/bash
# Installs the peers, builds mixfam and the benchmark programs in build-benchmarks/, measures, and writes
# benchmarks/RESULTS.md with benchmarks/growth.svg. Some 15 minutes on two cores that do nothing else.
#
#     benchmarks/run.sh                  everything
#     benchmarks/run.sh --quick          the same on data some 50 times smaller: does it work? The report is
#                                        build-benchmarks/report-quick/RESULTS.md
#     benchmarks/run.sh --only PART      one part, beside what was measured before of the others:
#                                        machine, table, convergence, memory, growth or starts
#     benchmarks/run.sh --report         measures nothing and writes the report again
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/../scripts/common.sh"

here=$root/benchmarks
report=$here
quick=()
parts=()
measure=yes
while [ $# -gt 0 ]; do
  case $1 in
    --quick) quick=(--quick) report=$root/build-benchmarks/report-quick ;;
    --only) parts+=(--only "${2?--only needs the name of a part}") && shift ;;
    --report) measure= ;;
    *)
      sed -n '2,/^set/{/^#/s/^# \?//p}' "$0" >&2
      exit 2
      ;;
  esac
  shift
done

"$root/scripts/install_packages.sh" build
"$root/scripts/install_packages.sh" --list "$here/packages.txt" benchmark
configure build-benchmarks -Dbenchmarks=enabled -Dcli=enabled -Dtests=disabled -Dexamples=disabled >&2
ninja -C "$root/build-benchmarks" --quiet >&2

export BENCHMARKS_BUILD=$root/build-benchmarks PYTHONDONTWRITEBYTECODE=1
folder=$BENCHMARKS_BUILD/measurements
[ -z "$measure" ] || python3 "$here/measure.py" "$folder" "${quick[@]}" "${parts[@]}"
mkdir -p "$report"
python3 "$here/report.py" "$folder" "$report/RESULTS.md" "${quick[@]}"
python3 "$here/report_starts.py" "$folder" "$report/STARTS.md" "${quick[@]}"
echo "$report/RESULTS.md"

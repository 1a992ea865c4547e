#!/bin/bash
# Installs what is missing, builds the library and the program in build/, and fits two Gaussians to the eruptions of
# the Old Faithful geyser (data/faithful.h5). The second time it only does the last.
set -euo pipefail
source "$(dirname "$(readlink -f "$0")")/common.sh"

"$root/scripts/install_packages.sh" build
configure build -Dtests=disabled -Dexamples=disabled >&2
ninja --quiet -C "$root/build" >&2

cd "$root"
set -x
build/cli/mixfam fit data/faithful.h5 --family gaussian --components 2 --seed 1 --restarts 5

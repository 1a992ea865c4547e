#!/bin/bash
# Installs the Debian packages of a list that are missing, and nothing when none is. The list is scripts/packages.txt
# unless another is given.
#
#     scripts/install_packages.sh [--list FILE] build [test]
set -euo pipefail

list=$(dirname "$(readlink -f "$0")")/packages.txt
if [ "${1-}" = --list ]; then
  list=${2?--list needs a file}
  shift 2
fi

missing=()
for purpose in "$@"; do
  for package in $(awk -v purpose="$purpose" '$1 == purpose { print $2 }' "$list"); do
    status=$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing+=("$package")
  done
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" != 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "Packages are missing, and neither root nor sudo is there to install them. As root, run" >&2
    echo "    apt-get update && apt-get install --no-install-recommends ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi

quietly() {
  local log
  log=$(mktemp)
  if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    echo "apt-get $* failed" >&2
    exit 1
  fi
  rm -f "$log"
}

echo "Installing ${missing[*]}" >&2
quietly update
quietly install --no-install-recommends "${missing[@]}"

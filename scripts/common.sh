# Shared by the scripts beside it: sourced, not run.

# Debian's own python3 and tools, whatever else comes first on PATH: they see the packages that are installed here.
export PATH=/usr/bin:/bin:$PATH

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")

# configure DIR OPTION...: makes a build directory below the root, afresh where it is not a whole one of these options.
configure() {
  local directory=$root/$1 wanted="$root $*"
  shift
  if [ -f "$directory/build.ninja" ] && [ -f "$directory/meson-private/coredata.dat" ] &&
     [ "$(cat "$directory/configured.txt" 2>/dev/null)" = "$wanted" ]; then
    return
  fi
  rm -rf "$directory"
  # An environment's own flags would make another build than the one that is asked for.
  env -u CXXFLAGS -u CPPFLAGS -u LDFLAGS meson setup "$directory" "$root" "$@" || return
  echo "$wanted" >"$directory/configured.txt"
}

"""Each room of the library uses only itself and the rooms before it, and whoever includes a file can see its name.

    rooms.py SOURCE_ROOT
"""

import pathlib
import re
import sys

# Rooms in the order in which they may use one another; docs/architecture.md says what is in them.
ROOMS = ["kernels", "numerics", "data", "family", "models", "model", "inference", "io"]

# Public headers, by the room that defines what they declare. The first are words that every room speaks.
HEADERS = {
    "": "enum_names export error matrix_view",
    "numerics": "random workspace xtensor",
    "data": "block source forwarding_source annotated_source cached_source chunk_values column_source gap_value_source merged_source"
            " selected_source slice",
    "family": "parameters statistics family family_concepts exponential_family columnwise groups product registry"
              " detail/matrix_product detail/family_model detail/prior_model",
    "model": "assignment freeze update prior posterior mixture divergence",
    "inference": "initialize trace fit_state fit",
    "io": "atomic_file convert hdf5",
}

INCLUDE = re.compile(r'^#include (?:"([^"]+)"|<mixfam/([^>]+)\.hpp>)', re.MULTILINE)


def room_of_header(name):
    for room, names in HEADERS.items():
        if name in names.split():
            return room
    raise SystemExit(f"tests/rooms.py: include/mixfam/{name}.hpp belongs to no room")


def room_of_file(path):
    return "models" if path.parts[0] == "models" else path.parts[1]


def complaints_about(root, path, room):
    """What the file includes that its room may not see."""
    for private, public in INCLUDE.findall((root / path).read_text()):
        if public:
            target = room_of_header(public)
        elif (root / path).parent.joinpath(private).exists() and "/" not in private:
            target = room
        elif (root / "lib" / private).exists():
            target = private.split("/")[0]
        else:
            yield f'{path}: "{private}" is no file of the library'
            continue
        if target and (not room or ROOMS.index(target) > ROOMS.index(room)):
            yield f"{path} ({room or 'every room'}) includes {private or public} ({target})"


def main():
    root = pathlib.Path(sys.argv[1])
    files = [(path.relative_to(root), room_of_file(path.relative_to(root)))
             for folder in ("lib", "models") for path in sorted((root / folder).rglob("*.[ch]pp"))]
    public = root / "include/mixfam"
    files += [(path.relative_to(root), room_of_header(path.relative_to(public).with_suffix("").as_posix()))
              for path in sorted(public.rglob("*.hpp")) if path != public / "mixfam.hpp"]
    complaints = [f"{path}: lies in no room" for path, room in files if room and room not in ROOMS]
    for path, room in files:
        complaints += complaints_about(root, path, room)
    if complaints:
        raise SystemExit("\n".join(complaints))
    print(f"{len(files)} files in {len(ROOMS)} rooms")


main()

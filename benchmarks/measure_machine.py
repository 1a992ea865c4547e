"""What the figures were measured on: processor, its limits by `roofline`, versions. No names of machines."""

import json
import pathlib
import re
import subprocess

import cases
import peer_list

PACKAGES = ("libopenblas0-pthread", "libhdf5-103-1", "python3-numpy")


def output(*command):
    return subprocess.run(command, text=True, capture_output=True, check=True).stdout


def measure(workspace):
    fields = {field["field"].rstrip(":"): field["data"] for field in json.loads(output("lscpu", "--json"))["lscpu"]}
    memory = re.search(r"MemTotal: +(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]
    versions = {package: output("dpkg-query", "--show", "--showformat=${Version}", package) for package in PACKAGES}
    workspace.save("machine", {
        "processor": fields["Model name"],
        "cores": int(fields["CPU(s)"]),
        "caches": {level: fields[f"{level} cache"] for level in ("L1d", "L2", "L3") if f"{level} cache" in fields},
        "memory_bytes": int(memory) * 1024,
        "system": "Debian " + pathlib.Path("/etc/debian_version").read_text().strip(),
        "compiler": output("c++", "--version").splitlines()[0],
        "versions": versions,
        "roofline": [json.loads(peer_list.run_program((peer_list.built("roofline"), threads), threads))
                     for threads in cases.THREADS],
    })

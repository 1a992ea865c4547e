"""Damaged files end in a message: small files with bytes changed, blocks swapped or parts cut off.

    damage_test.py [--mutations N] [--first I]

Run with the program's path in the environment variable MIXFAM, by a Python that has numpy and h5py. Mutation I is the
same in every run. Laws, for every command that opens the file:

- it ends by itself within SECONDS, with a status and not by a signal, within MEBIBYTES of memory;
- a status other than 0 comes with a message that names the file, and no result;
- status 0 comes with the numbers of the sound file, or a warning that rows are missing, wherever checksums stand over
  them: in every model file, and in data under fletcher32.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import select
import shutil
import subprocess
import sys
import tempfile
import time

import h5py
import numpy as np

MIXFAM = os.environ.get("MIXFAM", "mixfam")
SANITIZED = os.environ.get("MIXFAM_SANITIZED") == "1"

SECONDS = 10
MEBIBYTES = 512  # not under sanitizers, which take an address space of terabytes and keep what was freed

DONE, USAGE, DATA, NUMERICAL = 0, 2, 3, 5

ROWS = 240


class Seed:
    """A sound file and the commands that open it; `{}` stands for its name in them.

    `checked` are the commands whose numbers are all under a checksum.
    """

    def __init__(self, name, commands, checked):
        self.name = name
        self.commands = commands
        self.checked = checked
        self.content = pathlib.Path(name).read_bytes()


def fit(*options, data="{}", family="gaussian"):
    return ("fit", data, "--family", family, "--components", "2", "--max-iterations", "3", "--json", "--quiet",
            "--memory", "300MiB", "--threads", "1", *options)


def make_seeds():
    """Writes the sound files into the working directory."""
    generator = np.random.default_rng(8)
    numbers = generator.normal(size=(ROWS, 2)) + 4 * (np.arange(ROWS) % 2)[:, None]
    kinds = np.array(["ant", "bee", "cat", "Gr\u00fc\u00dfe"])[generator.integers(0, 4, ROWS)]
    seeds = []

    def seed(name, *commands, checked=()):
        seeds.append(Seed(name, (("describe", "{}", "--json"), *commands), checked))

    def data(name, write, *options, family="gaussian", path="", checked=(), **file_options):
        with h5py.File(name, "w", **file_options) as file:
            write(file)
        seed(name, fit(*options, data="{}" + path, family=family), checked=checked)

    data("contiguous.h5", lambda file: file.create_dataset("X", data=numbers))
    data("gzip.h5", lambda file: file.create_dataset("X", data=numbers, chunks=(50, 2), compression="gzip"))
    data("latest.h5", lambda file: file.create_dataset("X", data=numbers, chunks=(50, 2), compression="gzip",
                                                       maxshape=(None, 2)), libver="latest")

    def checked_numbers(file):
        file.create_dataset("X", data=numbers, chunks=(50, 2), compression="gzip", shuffle=True, fletcher32=True)
        file["X"].attrs["columns"] = ["height", "weight"]

    data("fletcher32.h5", checked_numbers, checked={"fit"})

    def table(file):
        rows = np.zeros(ROWS, dtype=[("kind", h5py.string_dtype()), ("size", "f8"), ("code", "S4")])
        rows["kind"], rows["size"], rows["code"] = kinds, numbers[:, 0], [kind.encode()[:3] for kind in kinds]
        file.create_dataset("T", data=rows, chunks=(64,))

    data("table.h5", table, "--columns", "kind,size,code", family="categorical(kind,code) * gaussian(size)")
    data("strings.h5", lambda file: file.create_dataset("S", data=kinds.astype(object), chunks=(64,), compression="gzip"),
         family="categorical", path=":/S")

    def enumeration(file):
        kind = h5py.enum_dtype({"ANT": 0, "BEE": 1, "CAT": 2}, basetype="u1")
        file.create_dataset("E", data=generator.integers(0, 3, ROWS).astype("u1"), dtype=kind)

    data("enumeration.h5", enumeration, family="categorical", path=":/E")

    def categorical(file):
        group = file.create_group("obs/kind")
        group.attrs["encoding-type"] = "categorical"
        group["codes"] = generator.integers(0, 3, ROWS).astype("i1")
        group["categories"] = ["ant", "bee", "cat"]

    data("anndata.h5", categorical, family="categorical", path=":/obs/kind")

    def frame(file):
        group = file.create_group("obs")
        group.attrs["encoding-type"] = "dataframe"
        group.attrs["column-order"] = ["size", "kind", "count"]
        group.attrs["_index"] = "_index"
        group["_index"] = [f"row {n}" for n in range(ROWS)]
        group["size"] = numbers[:, 0]
        for name, encoding, parts in (
            ("kind", "categorical", {"codes": generator.integers(0, 2, ROWS).astype("i1"), "categories": ["a", "b"]}),
            ("count", "nullable-integer", {"values": generator.integers(0, 9, ROWS), "mask": np.zeros(ROWS, bool)}),
        ):
            group.create_group(name).attrs["encoding-type"] = encoding
            for part, values in parts.items():
                group[name][part] = values

    data("frame.h5", frame, family="gaussian(size) * categorical(kind) * poisson(count)", path=":/obs")

    def sparse(file):
        for name, lines in ("csr", numbers), ("csc", numbers.T):
            group = file.create_group(name)
            group.attrs["encoding-type"] = name + "_matrix"
            group.attrs["shape"] = numbers.shape
            group["data"] = lines.ravel()
            group["indices"] = np.tile(np.arange(lines.shape[1]), lines.shape[0])
            group["indptr"] = np.arange(lines.shape[0] + 1) * lines.shape[1]

    data("csr.h5", sparse, path=":/csr")
    data("csc.h5", sparse, path=":/csc")

    def packed(file):
        file["X"] = np.round(100 * numbers).astype("i2")
        for name, value in ("scale_factor", 0.01), ("add_offset", 1.0), ("_FillValue", np.int16(-32768)):
            file["X"].attrs[name] = np.atleast_1d(value)

    data("packed.h5", packed)
    data("transposed.h5", lambda file: file.create_dataset("X", data=numbers.T, chunks=(1, 50), compression="gzip"),
         "--transpose")
    formats = pathlib.Path(__file__).resolve().parents[1] / "formats"
    for name, path, columns in (("pandas_table.h5", ":/df", "b,count,s"), ("pandas_fixed.h5", ":/df", "b,count")):
        shutil.copy(formats / name, name)
        seed(name, fit("--columns", columns, "--degenerate", "keep", data="{}" + path,
                       family="gaussian(b,count)" + (" * categorical(s)" if "s" in columns.split(",") else "")))

    with h5py.File("part.h5", "w") as file:
        file["X"] = numbers

    def virtual(file):
        layout = h5py.VirtualLayout(shape=numbers.shape, dtype="f8")
        layout[:] = h5py.VirtualSource("part.h5", "X", shape=numbers.shape)
        file.create_virtual_dataset("V", layout)

    data("virtual.h5", virtual)

    subprocess.run([MIXFAM, *fit("--update", "map", "--output", "model.h5", data="part.h5")], check=True,
                   capture_output=True)
    pathlib.Path("bare.h5").write_bytes(pathlib.Path("model.h5").read_bytes()[512:])
    for name in "model.h5", "bare.h5":
        seed(name, ("divergence", "{}", "--draws", "50", "--json"), fit("--start", "{}", data="part.h5"),
             checked={"describe", "divergence", "fit"} if name == "model.h5" else ())
    with h5py.File("responsibilities.h5", "w") as file:
        file["responsibilities"] = np.stack([np.arange(ROWS) % 2, 1 - np.arange(ROWS) % 2], axis=1).astype("f8")
    seed("responsibilities.h5", fit("--start", "{}", data="part.h5"))
    return seeds


def mutate(content, choice):
    """The content after one accident, and what it was."""
    damaged = bytearray(content)
    size = len(damaged)
    kind = choice.choice(["byte", "bit", "bytes", "swap", "cut", "zeros"])
    if kind == "byte":
        damaged[choice.randrange(size)] = choice.randrange(256)
    elif kind == "bit":
        damaged[choice.randrange(size)] ^= 1 << choice.randrange(8)
    elif kind == "bytes":
        for _ in range(choice.randint(2, 20)):
            damaged[choice.randrange(size)] = choice.randrange(256)
    elif kind == "cut":
        del damaged[choice.randrange(size):]
    else:
        length = min(choice.choice([8, 64, 512]), size // 2)
        a, b = choice.randrange(size // length), choice.randrange(size // length)
        a, b = slice(a * length, (a + 1) * length), slice(b * length, (b + 1) * length)
        damaged[a], damaged[b] = (bytes(length), damaged[b]) if kind == "zeros" else (damaged[b], damaged[a])
    return bytes(damaged), kind


class Run:
    """One run of the program and what it took."""

    def __init__(self, command, folder):
        started = time.monotonic()
        with open(folder / "out", "w+b") as output, open(folder / "err", "w+b") as errors:
            process = subprocess.Popen([MIXFAM, *command], stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
            waiting = select.poll()
            descriptor = os.pidfd_open(process.pid)
            waiting.register(descriptor, select.POLLIN)
            self.hung = not waiting.poll(SECONDS * 1000)
            os.close(descriptor)
            if self.hung:
                process.kill()
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = self.status = os.waitstatus_to_exitcode(status)
            output.seek(0)
            errors.seek(0)
            self.output, self.message = output.read(), errors.read().decode(errors="replace")
        self.seconds = time.monotonic() - started
        self.mebibytes = usage.ru_maxrss / 1024

    def numbers(self, seed, folder):
        """The document without the time, the folder, and the names of columns unless they are under a checksum too."""
        left_out = {"seconds"} if "describe" in seed.checked else {"seconds", "columns"}
        return json.loads(self.output.decode().replace(str(folder), ""),
                          object_hook=lambda part: {key: part[key] for key in part if key not in left_out})


def fault(seed, command, run, expected, folder):
    """What is wrong with a run on a damaged file; nothing if it keeps the laws."""
    if run.hung:
        return f"was still running after {SECONDS} s"
    if run.status < 0:
        return f"ended by signal {-run.status}"
    if not SANITIZED and run.mebibytes > MEBIBYTES:
        return f"took {run.mebibytes:.0f} MiB"
    if run.status == DONE:
        try:
            same = run.numbers(seed, folder) == expected
        except ValueError as error:
            return f"printed no document: {error}"
        warned = "never written" in run.message
        promised = command[0] in seed.checked
        return "gave other numbers with status 0" if promised and not same and not warned else None
    allowed = {DATA, USAGE} if seed.checked else {DATA, USAGE, NUMERICAL}
    if run.status not in allowed:
        return f"ended with status {run.status}"
    if "mixfam: " not in run.message or (run.status == DATA and ".h5" not in run.message):
        return "says nothing of the file"
    if run.output and run.status != NUMERICAL:
        return "printed a result besides the message"
    return None


class Campaign:
    def __init__(self, seeds):
        self.seeds = seeds
        self.expected = {}
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for seed in seeds:
                for command in seed.commands:
                    run = self.run(seed, command, seed.content, folder)
                    if run.status != DONE:
                        sys.exit(f"{seed.name}: {command} on the sound file: {run.message}")
                    self.expected[seed.name, command] = run.numbers(seed, folder)

    def run(self, seed, command, content, folder):
        file = folder / seed.name
        file.write_bytes(content)
        part = folder / "part.h5"
        if not part.exists():
            shutil.copy("part.h5", part)
        arguments = [word.replace("{}", str(file)) if "{}" in word else word for word in command]
        return Run([str(part) if word == "part.h5" else word for word in arguments], folder)

    def mutation(self, number):
        """The complaints about one mutation, and the statuses that its commands ended with."""
        choice = random.Random(number)
        seed = self.seeds[number % len(self.seeds)]
        content, kind = mutate(seed.content, choice)
        complaints, statuses = [], []
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            for command in seed.commands:
                run = self.run(seed, command, content, folder)
                statuses.append(run.status)
                wrong = fault(seed, command, run, self.expected[seed.name, command], folder)
                if wrong:
                    complaints.append(f"mutation {number} ({kind} of {seed.name}): {' '.join(command)}: {wrong}\n"
                                      f"  {run.message.strip()[:300]}")
        return complaints, statuses


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--mutations", type=int, default=2000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--only", help="mutate this one of the files")
    parser.add_argument("--keep", help="write the damaged file of mutation --first under this name and end")
    options = parser.parse_args()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    with tempfile.TemporaryDirectory() as name:
        os.chdir(name)
        seeds = [seed for seed in make_seeds() if options.only in (None, seed.name)]
        if options.keep:
            seed = seeds[options.first % len(seeds)]
            pathlib.Path(options.keep).write_bytes(mutate(seed.content, random.Random(options.first))[0])
            return 0
        campaign = Campaign(seeds)
        started = time.monotonic()
        counts, failures = {}, 0
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for complaints, statuses in pool.map(campaign.mutation,
                                                 range(options.first, options.first + options.mutations)):
                for complaint in complaints:
                    print(complaint, flush=True)
                failures += len(complaints)
                for status in statuses:
                    counts[status] = counts.get(status, 0) + 1
        os.chdir("/")
    runs = sum(counts.values())
    print(f"{options.mutations} mutations, {runs} runs in {time.monotonic() - started:.0f} s, by status: "
          f"{dict(sorted(counts.items()))}; {failures} broke a law")
    return 1 if failures or runs == 0 else 0


if __name__ == "__main__":
    sys.exit(main())

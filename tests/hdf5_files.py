"""Writes the files that the HDF5 tests read, good and hostile, into the folder named by the first argument."""

import os
import shutil
import struct
import sys

import h5py
import numpy as np

ROWS = 1000


def grid(rows=ROWS, columns=3):
    """Value at (n, d) is 10 n + d: exact in every type that is used with it."""
    return 10.0 * np.arange(rows)[:, None] + np.arange(columns)[None, :]


def write_good():
    with h5py.File("types.h5", "w") as file:
        small = np.arange(60).reshape(20, 3)
        for name in "i1 u1 i2 u2 i4 u4 i8 u8 f2 f4 f8 >i2 >i4 >u8 >f4 >f8".split():
            file.create_dataset(name.replace(">", "big_"), data=small.astype(name))
        file["bool"] = small % 2 == 0
        color = h5py.enum_dtype({"RED": 3, "GREEN": 40}, basetype="i2")
        file.create_dataset("enum", data=np.where(small % 2 == 0, 3, 40).astype("i2"), dtype=color)
        bits = h5py.h5d.create(file.id, b"bits", h5py.h5t.STD_B8LE, h5py.h5s.create_simple((20, 3)))
        bits.write(h5py.h5s.ALL, h5py.h5s.ALL, (small % 2).astype("u1"), mtype=h5py.h5t.NATIVE_B8)

    with h5py.File("layouts.h5", "w") as file:
        data = grid()
        file.create_dataset("contiguous", data=data)
        file.create_dataset("chunked", data=data, chunks=(37, 2))
        file.create_dataset("tall_chunk", data=data, chunks=(ROWS, 1), compression="gzip")
        file.create_dataset("compressed", data=data.astype("i4"), chunks=(64, 3), compression="gzip", shuffle=True,
                            fletcher32=True)
        file.create_dataset("growing", data=data, chunks=(10, 3), maxshape=(None, 3))
        file.create_dataset("vector", data=data[:, 0], chunks=(33,))
        file.create_dataset("wide", data=grid(50, 400), chunks=(7, 90))

    with h5py.File("one.h5", "w") as file:
        file["group/X"] = grid(5, 2)
        file["group/X"].attrs["columns"] = ["height", "weight"]
        file["group/text"] = "no data"
    with h5py.File("user_block.h5", "w", userblock_size=512) as file:
        file["X"] = grid(5, 2)
        file["X"].attrs["names"] = np.array([b"a", b"b"], dtype="S4")
    os.makedirs("folder:", exist_ok=True)
    for name in ("colon:name.h5", "folder:/name.h5"):
        with h5py.File(name, "w") as file:
            file["X"] = grid(5, 2)

    record = np.zeros(6, dtype=[("age", "i1"), ("income", ">f4"), ("name", "S5"), ("member", "?"), ("id", "u8"),
                                ("vector", "f8", (2,))])
    record["age"] = [20, 30, 40, 50, 60, 70]
    record["income"] = np.arange(6) + 0.5
    record["member"] = [0, 1, 0, 1, 1, 0]
    record["id"] = np.arange(6) + 2**40
    with h5py.File("table.h5", "w") as file:
        file.create_dataset("people", data=record, chunks=(4,))

    kinds = ["dog", "cat", "emu", "cat", "Grüße", "dog"]
    with h5py.File("labels.h5", "w") as file:
        file.create_dataset("variable", data=kinds, chunks=(2,))
        file["fixed"] = np.array([k.encode() for k in kinds], dtype="S8")
        space = h5py.h5t.C_S1.copy()
        space.set_size(8)
        space.set_strpad(h5py.h5t.STR_SPACEPAD)
        padded = h5py.h5d.create(file.id, b"space_padded", space, h5py.h5s.create_simple((3,)))
        padded.write(h5py.h5s.ALL, h5py.h5s.ALL, np.array([b"b       ", b"a a     ", b"b       "], dtype="S8"),
                     mtype=space)
        file["matrix"] = np.array([["x", "yes"], ["z", "no"], ["y", "no"]], dtype=h5py.string_dtype())
        file["empty_text"] = ["", "a", ""]
        file["many"] = [f"row {n}" for n in range(5000)]
        color = h5py.enum_dtype({"RED": 1, "BLUE": 4}, basetype="u1")
        file.create_dataset("enum", data=np.array([4, 1, 1], "u1"), dtype=color)
        signed = h5py.enum_dtype({"MINUS": -1, "PLUS": 1}, basetype="i2")
        file.create_dataset("signed_enum", data=np.array([-1, 1, 1], "i2"), dtype=signed)
        huge = h5py.enum_dtype({"LOW": 0, "HIGH": 2**31 - 1}, basetype=">i4")
        file.create_dataset("huge_enum", data=np.array([0, 2**31 - 1, 0], ">i4"), dtype=huge)
        mixed = np.dtype([("kind", h5py.string_dtype()), ("size", "f4"), ("code", "S3"), ("color", color)])
        rows = np.zeros(6, dtype=mixed)
        rows["kind"] = kinds
        rows["size"] = np.arange(6) + 0.5
        rows["code"] = [b"b", b"a", b"b", b"a", b"a", b"c"]
        rows["color"] = [1, 4, 4, 1, 1, 4]
        file.create_dataset("table", data=rows, chunks=(4,))
    with h5py.File("anndata.h5", "w") as file:
        def categorical(name, codes, categories):
            group = file.create_group(name)
            group.attrs["encoding-type"] = "categorical"
            group["codes"] = np.array(codes, "i1")
            group["categories"] = categories
        categorical("obs/cell_type", [2, 0, 0, 1], ["B", "T", "NK"])
        categorical("obs/batch", [1, 0, 1, 1], np.array([10.0, 2.5]))
        categorical("obs/missing", [1, 0, -1, 1], ["a", "b"])
        categorical("obs/beyond", [1, 0, 2, 1], ["a", "b"])
        categorical("obs/nothing", [0, 0], np.array([], "f8"))
        # A frame of AnnData 0.8: obs, with nullable columns.
        frame = file.create_group("frame")
        frame.attrs["encoding-type"] = "dataframe"
        frame.attrs["column-order"] = ["size", "kind", "count", "sure", "text"]
        frame.attrs["_index"] = "_index"
        frame["_index"] = ["a", "b", "c", "d"]
        frame["size"] = np.array([0.5, 1.5, 2.5, 3.5])
        frame["text"] = ["x", "z", "x", "y"]
        categorical("frame/kind", [1, 0, -1, 1], ["u", "v"])
        for name, values in ("count", np.array([5, 1, 7, 8])), ("sure", np.array([True, False, True, True])):
            group = frame.create_group(name)
            group.attrs["encoding-type"] = "nullable-integer" if name == "count" else "nullable-boolean"
            group["values"] = values
            group["mask"] = np.array([False, True, False, False])
        # Sparse matrices of AnnData 0.8, and of Cell Ranger 3, whose columns are cells.
        def sparse(name, matrix, by_rows, **attributes):
            lines = matrix if by_rows else matrix.T
            group = file.create_group(name)
            group["data"] = np.concatenate([line[line != 0] for line in lines])
            group["indices"] = np.concatenate([np.flatnonzero(line) for line in lines]).astype("i4")
            group["indptr"] = np.concatenate([[0], np.cumsum([np.count_nonzero(line) for line in lines])])
            for key, value in attributes.items():
                group.attrs[key.replace("_", "-") if key == "encoding_type" else key] = value
            return group
        dense = (np.arange(60).reshape(12, 5) % 3 == 1) * np.arange(1, 61, dtype="f4").reshape(12, 5)
        dense[6] = 0
        sparse("csr", dense, True, encoding_type="csr_matrix", shape=dense.shape)
        sparse("csc", dense, False, encoding_type="csc_matrix", shape=dense.shape)
        sparse("old", dense, True, h5sparse_format=b"csr", h5sparse_shape=dense.shape)
        tenx = sparse("matrix", dense.astype("i4"), True)
        tenx["shape"] = np.array(dense.T.shape, "i4")
        sparse("no_shape", dense, True, encoding_type="csr_matrix")
        sparse("wrong_shape", dense, True, encoding_type="csr_matrix", shape=(12, 3))
        sparse("short", dense, True, encoding_type="csr_matrix", shape=(13, 5))
        for name in "no_values", "no_values_by_columns":
            sparse(name, np.zeros((12, 5), "f4"), name == "no_values", shape=dense.shape,
                   encoding_type="csr_matrix" if name == "no_values" else "csc_matrix")
        # Parts that lead back to their group.
        for name in "loop", "sparse_loop":
            group = file.create_group(name)
            group.attrs["encoding-type"] = "nullable-integer" if name == "loop" else "csr_matrix"
            for part in ("values", "mask") if name == "loop" else ("data", "indices", "indptr"):
                group[part] = group
            group.attrs["shape"] = (2, 2)
        group = file.create_group("pandas_loop")
        group.attrs["pandas_type"] = "frame_table"
        group["table"] = group
        twice = sparse("twice", dense, True, encoding_type="csr_matrix", shape=dense.shape)
        twice["indices"][...] = 0
        back = sparse("back", dense, True, encoding_type="csr_matrix", shape=dense.shape)
        back["indptr"][4] = 100

    # As netCDF4 1.6 writes variables (attributes are arrays of one value), and xarray, which packs by the same.
    with h5py.File("netcdf.h5", "w") as file:
        def variable(name, values, **attributes):
            file[name] = values
            for key, value in attributes.items():
                file[name].attrs[key] = np.atleast_1d(value)
        packed = np.array([[1, 2], [-32767, 3], [5000, 4], [7, -32767]], "i2")
        variable("packed", packed, _FillValue=np.int16(-32767), scale_factor=0.1, add_offset=20.0,
                 valid_range=np.array([-1000, 1000], "i2"))
        variable("scaled", packed[:1], scale_factor=0.5)
        variable("unpacked_range", np.array([1, 2, 300], "i2"), scale_factor=0.1, valid_min=0.15, valid_max=25.0)
        variable("float", np.array([1, 2, 1e20, np.nan], "f4"), missing_value=1e20)
        variable("nan", np.array([1, np.nan, 3]), _FillValue=np.nan)
        variable("several", np.array([1, 2, 3, 4], "u1"), missing_value=np.array([2, 4], "u1"))
        limits = np.array([2**63 - 1, -(2**63), 2**63 - 2, 5], "i8")
        variable("limits", limits, _FillValue=limits[:1], missing_value=limits[1])
        variable("texts", np.array([1, 2]), missing_value=np.array([b"NA"]))
        variable("no_scale", np.array([1, 2]), scale_factor=np.nan)
        variable("zero_scale", np.array([1, 2]), scale_factor=0.0)
        variable("two_scales", np.array([1, 2]), scale_factor=[1.0, 2.0])
        variable("three_limits", np.array([1, 2]), valid_range=[1, 2, 3])
        file.create_dataset("own_fill", data=[-1, 1], fillvalue=-1)
    # Vectors of one group; h5py keeps the order in which they were made if it is told to.
    with h5py.File("columns.h5", "w", track_order=True) as file:
        file["b"] = np.arange(300.0)
        file["a"] = np.arange(300, dtype="i2") % 3
        file["kind"] = ["x", "y", "z"] * 100
        file["other"] = ["u", "v"] * 150
        file["matrix"] = grid(300)
        file.create_group("uneven")
        file["uneven/x"] = np.arange(3)
        file["uneven/y"] = np.arange(4)
        file["uneven/z"] = np.arange(3)
        file.create_group("words")
        file["words/w"] = ["p", "q"]
        packed = file.create_dataset("packed", data=np.arange(300, dtype="i2"), chunks=(7,))
        packed.attrs["scale_factor"] = 0.5
    # As rhdf5 marks integers and hdf5r writes logical values.
    with h5py.File("r.h5", "w") as file:
        file["integer"] = np.array([1, -(2**31), 3], "i4")
        file["integer"].attrs["rhdf5-NA.OK"] = np.array([1], "i4")
        logical = h5py.enum_dtype({"FALSE": 0, "TRUE": 1, "NA": 2}, basetype="u1")
        file.create_dataset("logical", data=np.array([1, 2, 0], "u1"), dtype=logical)
    # As save -v7.3 of MATLAB writes the matrix grid(1000) with its three columns.
    with h5py.File("matlab.h5", "w", userblock_size=512) as file:
        file.create_dataset("X", data=grid().T, chunks=(2, 64), compression="gzip")
        file["X"].attrs["MATLAB_class"] = np.bytes_("double")
        file["plain"] = grid().T
        file["plain"].attrs["columns"] = ["a", "b", "c"]
        file["text"] = np.array([["x", "z", "y"], ["yes", "no", "no"]], dtype=h5py.string_dtype())
        file["line"] = np.arange(3.0)

    # A writer may leave out a filter that is optional, as gzip is.
    with h5py.File("incompressible.h5", "w") as file:
        data = file.create_dataset("X", shape=(3,), dtype="u1", chunks=(3,), compression="gzip")
        data.id.write_direct_chunk((0,), b"\0\1\2", filter_mask=1)

    with h5py.File("target.h5", "w") as file:
        file["X"] = grid(5, 2)
    with h5py.File("part0.h5", "w") as file:
        file["X"] = grid(5, 2)
    layout = h5py.VirtualLayout(shape=(10, 2), dtype="f8")
    for i in range(2):
        layout[5 * i : 5 * (i + 1)] = h5py.VirtualSource(f"part{i}.h5", "X", shape=(5, 2))
    with h5py.File("virtual_missing.h5", "w") as file:
        file.create_virtual_dataset("X", layout)
    layout = h5py.VirtualLayout(shape=(10, 2), dtype="f8")
    for i in range(2):
        layout[5 * i : 5 * (i + 1)] = h5py.VirtualSource("part0.h5", "X", shape=(5, 2))
    with h5py.File("virtual.h5", "w") as file:
        file.create_virtual_dataset("X", layout)
    layout = h5py.VirtualLayout(shape=(5, 2), dtype="f8")
    layout[:] = h5py.VirtualSource("part0.h5", "Y", shape=(5, 2))
    with h5py.File("virtual_no_set.h5", "w") as file:
        file.create_virtual_dataset("X", layout)

    with h5py.File("links.h5", "w") as file:
        file["group/X"] = grid(5, 2)
        file["group/self"] = file["group"]
        file["soft"] = h5py.SoftLink("/group/X")
        file["dangling"] = h5py.SoftLink("/nowhere")
        file["loop"] = h5py.SoftLink("/loop")
        file["external"] = h5py.ExternalLink("target.h5", "/X")
        file["external_no_file"] = h5py.ExternalLink("absent.h5", "/X")
        file["external_no_object"] = h5py.ExternalLink("target.h5", "/Y")
        file["type"] = np.dtype("f8")

    with h5py.File("grouped_links.h5", "w") as file:
        file["here"] = np.arange(20.0)
        file["there"] = h5py.ExternalLink("types.h5", "/f8_column")
    with h5py.File("types.h5", "r+") as file:
        file["f8_column"] = np.arange(20.0)

    with h5py.File("warnings.h5", "w") as file:
        sparse = file.create_dataset("sparse", shape=(100, 2), dtype="f8", chunks=(10, 2), compression="gzip")
        sparse[0:10] = 1.0
        file.create_dataset("never", shape=(100, 2), dtype="f8")
        file["large"] = np.array([1, 2**53 + 1], dtype="i8")
        file["not_large"] = np.array([1, 2**53 - 1, -(2**53) + 1], dtype="i8")
        file["wrong_names"] = grid(5, 2)
        file["wrong_names"].attrs["columns"] = ["a", "b", "c"]


def write_refused():
    with h5py.File("refused.h5", "w") as file:
        file["scalar"] = 1.0
        file["cube"] = np.zeros((4, 5, 6))
        file.create_dataset("no_rows", shape=(0, 3), dtype="f8")
        file.create_dataset("no_columns", shape=(3, 0), dtype="f8")
        file["string_cube"] = np.zeros((2, 2, 2), "S1")
        file["complex"] = np.zeros((3, 2), dtype="c16")
        file["null"] = h5py.Empty("f8")
        file["opaque"] = np.zeros(3, dtype="V5")
        file["reference"] = np.array([file["cube"].ref], dtype=h5py.ref_dtype)
        lists = file.create_dataset("lists", shape=(2,), dtype=h5py.vlen_dtype("f8"))
        lists[0] = [1.0, 2.0]
        file["array_table"] = np.zeros(3, dtype=[("vector", "c16", (2,))])
        column = file.create_group("column")
        column.attrs["encoding-type"] = "categorical"
        column["codes"] = np.zeros(3, "i1")
        column.create_dataset("categories", shape=(2**42,), dtype=h5py.string_dtype(), chunks=(16,))
        file.create_dataset("overflow", shape=(2**40, 2**40), dtype="f8", chunks=(1, 16))
        file.create_dataset("too_wide", shape=(2, 2**45), dtype="f8", chunks=(1, 16))
        file.create_dataset("lzf", data=np.ones((100, 3)), chunks=(10, 3), compression="lzf")
    with h5py.File("no_data.h5", "w") as file:
        file["text"] = "only text"
    with h5py.File("nothing.h5", "w"):
        pass

    with open("empty.h5", "wb"):
        pass
    with open("text.h5", "w") as file:
        file.write("eruptions,waiting\n3.6,79\n" * 50)
    with open("layouts.h5", "rb") as whole, open("truncated.h5", "wb") as part:
        part.write(whole.read()[:20000])
    os.makedirs("folder.h5", exist_ok=True)

    with h5py.File("corrupt.h5", "w") as file:
        noise = np.random.default_rng(1).normal(size=(ROWS, 3))
        data = file.create_dataset("X", data=noise, chunks=(100, 3), compression="gzip")
        chunk = data.id.get_chunk_info(4)
    with open("corrupt.h5", "r+b") as file:
        file.seek(chunk.byte_offset + 20)
        file.write(b"\xff" * 60)
    with h5py.File("checksum.h5", "w") as file:
        data = file.create_dataset("X", data=grid(), chunks=(100, 3), fletcher32=True)
        chunk = data.id.get_chunk_info(9)
    with open("checksum.h5", "r+b") as file:
        file.seek(chunk.byte_offset + 8)
        file.write(b"\x01")

    # As the file of a writer that was killed: the consistency flags of its superblock stay set.
    with h5py.File("killed.h5", "w", libver="latest") as file:
        file["X"] = grid(5, 2)
    mark_as_open_for_writing("killed.h5")


def mark_as_open_for_writing(name):
    with open(name, "r+b") as file:
        superblock = bytearray(file.read(48))
        assert superblock[8] == 3, "a superblock of version 3"
        superblock[11] = 1
        superblock[44:48] = struct.pack("<I", lookup3(superblock[:44]))
        file.seek(0)
        file.write(superblock)


def lookup3(data):
    """Bob Jenkins' lookup3 hash, the checksum of HDF5 metadata (format specification, section II.A)."""
    mask = 0xFFFFFFFF

    def rotate(x, k):
        return ((x << k) | (x >> (32 - k))) & mask

    a = b = c = (0xDEADBEEF + len(data)) & mask
    while len(data) > 12:
        x, y, z = struct.unpack("<III", data[:12])
        a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
        a = ((a - c) ^ rotate(c, 4)) & mask
        c = (c + b) & mask
        b = ((b - a) ^ rotate(a, 6)) & mask
        a = (a + c) & mask
        c = ((c - b) ^ rotate(b, 8)) & mask
        b = (b + a) & mask
        a = ((a - c) ^ rotate(c, 16)) & mask
        c = (c + b) & mask
        b = ((b - a) ^ rotate(a, 19)) & mask
        a = (a + c) & mask
        c = ((c - b) ^ rotate(b, 4)) & mask
        b = (b + a) & mask
        data = data[12:]
    x, y, z = struct.unpack("<III", bytes(data).ljust(12, b"\0"))
    a, b, c = (a + x) & mask, (b + y) & mask, (c + z) & mask
    c = ((c ^ b) - rotate(b, 14)) & mask
    a = ((a ^ c) - rotate(c, 11)) & mask
    b = ((b ^ a) - rotate(a, 25)) & mask
    c = ((c ^ b) - rotate(b, 16)) & mask
    a = ((a ^ c) - rotate(c, 4)) & mask
    b = ((b ^ a) - rotate(a, 14)) & mask
    return ((c ^ b) - rotate(b, 24)) & mask


def write_damaged():
    """Sound files but for a few bytes where no checksum stands."""
    data = np.random.default_rng(2).normal(size=(200, 2))

    def patch(name, offset, change):
        with open(name, "r+b") as file:
            file.seek(offset)
            old = file.read(4)
            file.seek(offset)
            file.write(change(old))

    # Records of chunks in a B-tree: size and filter mask of the second chunk, then the row and the column it begins at.
    for name, at, change in (("filter_mask.h5", 4, 0b100), ("filter_beyond.h5", 4, 0b1000), ("packed_mask.h5", 4, 0b010)):
        with h5py.File(name, "w") as file:
            file.create_dataset("X", data=data, chunks=(100, 2), shuffle=True, compression="gzip", fletcher32=True)
            size = file["X"].id.get_chunk_info(1).size
        with open(name, "rb") as file:
            key = file.read().index(struct.pack("<IIQQQ", size, 0, 100, 0, 0))
        patch(name, key + at, lambda old: struct.pack("<I", change))
    with h5py.File("chunk_size.h5", "w") as file:
        file.create_dataset("X", data=data, chunks=(100, 2))
    with open("chunk_size.h5", "rb") as file:
        key = file.read().index(struct.pack("<IIQQQ", 1600, 0, 100, 0, 0))
    shutil.copy("chunk_size.h5", "chunk_row.h5")
    patch("chunk_size.h5", key, lambda old: struct.pack("<I", 1599))
    patch("chunk_row.h5", key + 8, lambda old: struct.pack("<I", 300))
    with h5py.File("bad_names.h5", "w") as file:
        file["X"] = data
        file["X"].attrs["columns"] = ["height", "weight"]
    with open("bad_names.h5", "rb") as file:
        heap = file.read().index(b"GCOL")
    patch("bad_names.h5", heap, lambda old: b"LOCG")

    # The bias of the exponent in the description of float64.
    with h5py.File("float_bias.h5", "w") as file:
        file["X"] = data
    with open("float_bias.h5", "rb") as file:
        bias = file.read().index(struct.pack("<BBBBI", 52, 11, 0, 52, 1023)) + 4
    patch("float_bias.h5", bias, lambda old: struct.pack("<I", 1022))

    with h5py.File("huge.h5", "w") as file:
        many = file.create_dataset("X", (2**40, 2), dtype="f8", chunks=(100, 2), maxshape=(None, 2))
        many[:100] = data[:100]
        many = file.create_dataset("S", (2**40,), dtype=h5py.string_dtype(), chunks=(100,))
        many[:100] = "text"
        layout = h5py.VirtualLayout(shape=(2**40, 2), dtype="f8")
        layout[:5] = h5py.VirtualSource("part0.h5", "X", shape=(5, 2))
        file.create_virtual_dataset("V", layout)


def write_starts():
    """Start and model files as people write them by hand, with and without mistakes."""
    mean = np.array([[2.0, 54.5], [4.25, 80.0]])
    covariance = np.array([np.diag([0.25, 36.0])] * 2)

    def start(name, weights=(0.5, 0.5), mean=mean, covariance=covariance, **attributes):
        with h5py.File(name, "w") as file:
            file["weights"] = np.asarray(weights)
            file["components/mean"] = mean
            if covariance is not None:
                file["components/covariance"] = covariance
            for key, value in attributes.items():
                file.attrs[key] = value

    model = dict(format="mixfam-model", format_version=1, family="gaussian", columns=2)
    start("start.h5")
    start("start_single.h5", np.array([0.5, 0.5], "f4"), mean.astype("f4"), covariance.astype(">f4"))
    start("start_integers.h5", mean=mean.astype("i4"), covariance=covariance.astype("f8"))
    start("start_one_column.h5", mean=mean[:, 0], covariance=covariance[:, 0, 0])
    start("start_other_words.h5", family=" gaussian: covariance=full")
    start("start_wrong_family.h5", family="exponential")
    start("start_wrong_columns.h5", columns=3)
    start("start_wrong_shape.h5", mean=np.zeros((2, 3)))
    start("start_missing.h5", covariance=None)
    start("start_weights.h5", weights=[0.5, 0.6])
    start("start_not_definite.h5", covariance=-covariance)
    start("start_extras.h5", mood="good", family_note=3)
    start("start_text.h5", mean=np.array([b"a", b"b"]))
    start("model_by_hand.h5", **model)
    start("model_newer.h5", **{**model, "format_version": 2})
    start("model_unknown_family.h5", **{**model, "family": "student_t"})
    start("model_no_family.h5", format="mixfam-model", columns=2)
    start("model_posterior_of_none.h5", covariance=None,
          **{**model, "family": "gaussian:covariance=spherical,variance=1"})
    with h5py.File("model_posterior_of_none.h5", "a") as file:
        file.create_group("posterior")
    with h5py.File("weights_matrix.h5", "w") as file:
        file["weights"] = np.ones((2, 2)) / 4
    with h5py.File("responsibilities.h5", "w") as file:
        file["responsibilities"] = np.array([[1, 0], [0.25, 0.75], [0, 1]], dtype="f4")
    with h5py.File("both_starts.h5", "w") as file:
        file["responsibilities"] = np.ones((3, 1))
        file["weights"] = [1.0]


if __name__ == "__main__":
    os.makedirs(sys.argv[1], exist_ok=True)
    os.chdir(sys.argv[1])
    write_good()
    write_refused()
    write_damaged()
    write_starts()

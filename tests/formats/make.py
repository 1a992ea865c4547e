"""Writes the files beside it anew, each by its own library: python3-pandas, python3-tables, python3-netcdf4,
python3-anndata and python3-scipy.

    make.py [FOLDER]

Made with pandas 1.5.3, PyTables 3.7.0, netCDF4 1.6.2 and anndata 0.8.0. The tests read the files and need none of these.
"""

import pathlib
import sys

import anndata
import netCDF4
import numpy as np
import pandas as pd
import scipy.sparse
import tables

FOLDER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else pathlib.Path(__file__).parent)


def path(name):
    (FOLDER / name).unlink(missing_ok=True)
    return str(FOLDER / name)


def pandas_frames():
    frame = pd.DataFrame({"b": [1.5, 2, 3, 4], "count": [1, 2, 3, 4], "größe": [0.1, 0.2, 0.3, 0.4],
                          "flag": [True, False, True, True], "s": ["x", "y", "x", "y"]})
    frame.to_hdf(path("pandas_table.h5"), "df", format="table", index=False, complevel=9, complib="zlib")
    frame.drop(columns="s").to_hdf(path("pandas_fixed.h5"), "df", format="fixed")
    pd.DataFrame(np.arange(8.0).reshape(4, 2)).to_hdf(path("pandas_numbered.h5"), "df", format="fixed")


def pytables_table():
    class Row(tables.IsDescription):
        x = tables.Float32Col()
        v = tables.Float64Col(shape=(3,))
        flags = tables.BoolCol(shape=(2,))
        m = tables.Int32Col(shape=(2, 2))

    with tables.open_file(path("pytables.h5"), "w") as file:
        table = file.create_table("/", "t", Row, chunkshape=(8,))
        for i in range(4):
            row = table.row
            row["x"], row["v"], row["flags"], row["m"] = i, [i, i + 1, i + 2], [i % 2, 1], [[i, 1], [2, 3]]
            row.append()


def netcdf_variables():
    with netCDF4.Dataset(path("netcdf.nc"), "w") as file:
        file.createDimension("time", 4)
        file.createDimension("band", 2)
        file.createVariable("time", "i4", ("time",))[:] = range(4)
        packed = file.createVariable("packed", "i2", ("time", "band"), fill_value=-32767)
        packed.scale_factor, packed.add_offset = 0.5, 20.0
        packed.valid_range = np.array([-1000, 1000], "i2")
        packed.set_auto_maskandscale(False)
        packed[:] = [[1, 2], [-32767, 3], [5000, 4], [7, 8]]
        temperature = file.createVariable("temperature", "f4", ("time",))
        temperature.missing_value = np.float32(1e20)
        temperature[:] = [1, 2, 1e20, 4]


def anndata_cells():
    X = np.array([[0, 1.5, 0], [2, 0, 3], [0, 0, 0], [4, 0, 0]], "f4")
    obs = pd.DataFrame({"n": [1, 2, 3, 4], "kind": pd.Categorical(["T", "B", None, "T"]),
                        "count": pd.array([1, None, 3, 4], dtype="Int64"),
                        "sure": pd.array([True, None, False, True], dtype="boolean"),
                        "s": ["q", "w", "e", "r"]}, index=list("abcd"))
    cells = anndata.AnnData(X=scipy.sparse.csr_matrix(X), obs=obs)
    cells.layers["by_columns"] = scipy.sparse.csc_matrix(X)
    cells.obsm["X_pca"] = np.arange(8.0).reshape(4, 2)
    cells.write(path("anndata.h5ad"))


pandas_frames()
pytables_table()
netcdf_variables()
anndata_cells()

#pragma once

#include <string>

namespace mixfam {

/// What a file is by its first bytes.
enum class FileKind { empty, hdf5, numpy_array, zip, parquet, arrow, gzip, utf16, text, unknown };

/// Of a regular file. Throws Error(data) when it cannot be read.
FileKind file_kind(const std::string& file);

/// Why a file is no HDF5 file and what to do about it: "it is not an HDF5 file but text; make one by ...". Empty where
/// nothing is known that helps.
std::string conversion_advice(const std::string& file);

/// How tables of Apache formats become HDF5 files.
std::string pandas_advice(const std::string& file, FileKind kind);

}  // namespace mixfam

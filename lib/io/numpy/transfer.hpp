#pragma once

#include "io/byte_file.hpp"

#include <mixfam/convert.hpp>

#include <memory>
#include <string>

namespace mixfam::numpy {

/// Writes an array (.npy) as the data set /data of an HDF5 file: see `convert_to_hdf5`.
Conversion convert_array(const std::shared_ptr<const ByteFile>& file, const std::string& output,
                         const ConvertOptions& options);
/// The same for all arrays of an archive (.npz), under their names.
Conversion convert_archive(const std::shared_ptr<const ByteFile>& file, const std::string& output,
                           const ConvertOptions& options);

}  // namespace mixfam::numpy

#pragma once

#include "io/byte_file.hpp"

#include <mixfam/convert.hpp>

#include <memory>
#include <string>

namespace mixfam::text {

/// Writes a text of delimited cells as the data set /data of an HDF5 file: see `convert_to_hdf5`.
Conversion convert(const std::shared_ptr<const ByteFile>& file, const std::string& output,
                   const ConvertOptions& options);

}  // namespace mixfam::text

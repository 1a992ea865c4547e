#include "io/byte_file.hpp"
#include "io/file_kind.hpp"
#include "io/numpy/transfer.hpp"
#include "io/text/transfer.hpp"

#include <mixfam/atomic_file.hpp>
#include <mixfam/convert.hpp>
#include <mixfam/error.hpp>

#include <filesystem>
#include <memory>

namespace mixfam {

namespace {

[[noreturn]] void refuse(const std::string& file, const std::string& cause) {
  throw Error(ErrorKind::data, "cannot convert '" + file + "': " + cause);
}

void check_text_options(const std::string& input, const ConvertOptions& options) {
  if (!options.delimiter && !options.header) return;
  throw Error(ErrorKind::usage, "'" + input + "' is a file of NumPy, which has no delimiter and no header");
}

}  // namespace

Conversion convert_to_hdf5(const std::string& input, const std::string& output, const ConvertOptions& options) {
  std::error_code ignored;
  if (std::filesystem::equivalent(input, output, ignored))
    throw Error(ErrorKind::usage, "'" + output + "' is the file that is read and would be overwritten");
  if (const auto c = options.delimiter; c == '"' || c == '\n' || c == '\r' || c == '\0')
    throw Error(ErrorKind::usage, "a delimiter can be no quote, line end or zero");
  const FileKind kind = file_kind(input);
  const auto file = std::make_shared<const ByteFile>(input);
  switch (kind) {
    case FileKind::empty:
      refuse(input, "it is empty (0 bytes)");
    case FileKind::hdf5:
      refuse(input, "it is an HDF5 file already");
    case FileKind::gzip:
      refuse(input, "it is compressed; unpack it by gunzip first");
    case FileKind::utf16:
      refuse(input, "it is a text of UTF-16; write it as UTF-8, as by: iconv -f UTF-16 -t UTF-8");
    case FileKind::parquet:
    case FileKind::arrow:
      refuse(input, pandas_advice(input, kind));
    case FileKind::numpy_array:
    case FileKind::zip:
      check_text_options(input, options);
      check_writable(output);
      return kind == FileKind::zip ? numpy::convert_archive(file, output, options)
                                   : numpy::convert_array(file, output, options);
    case FileKind::text:
    case FileKind::unknown:
      check_writable(output);
      return text::convert(file, output, options);
  }
  refuse(input, "it is of no known kind");
}

}  // namespace mixfam

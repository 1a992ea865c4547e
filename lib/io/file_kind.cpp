#include "io/file_kind.hpp"

#include "io/byte_file.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

namespace mixfam {

namespace {

/// Neither zeros nor other control characters but those that texts have.
bool looks_like_text(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte >= 32 ? byte != 127 : c == '\t' || c == '\n' || c == '\r' || c == '\f';
  });
}

/// A name as a shell takes it.
std::string typed(const std::string& name) {
  const bool plain =
      name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+/:,@%") ==
      std::string::npos;
  if (plain) return name;
  std::string text = "'";
  for (const char c : name) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

std::string as_hdf5(const std::string& file) { return std::filesystem::path(file).replace_extension(".h5").string(); }

}  // namespace

FileKind file_kind(const std::string& file) {
  std::array<char, 4096> start;
  const ByteFile bytes(file);
  const std::string_view head(start.data(), bytes.read_some(0, start.size(), start.data()));
  if (head.empty()) return FileKind::empty;
  using namespace std::string_view_literals;
  static constexpr std::pair<std::string_view, FileKind> signatures[] = {
      {"\x89HDF\r\n\x1a\n"sv, FileKind::hdf5},
      {"\x93NUMPY"sv, FileKind::numpy_array},
      {"PK\x03\x04"sv, FileKind::zip},
      {"PK\x05\x06"sv, FileKind::zip},
      {"PAR1"sv, FileKind::parquet},
      {"ARROW1"sv, FileKind::arrow},
      {"FEA1"sv, FileKind::arrow},
      {"\x1f\x8b"sv, FileKind::gzip},
      {"\xff\xfe"sv, FileKind::utf16},
      {"\xfe\xff"sv, FileKind::utf16},
  };
  for (const auto& [signature, kind] : signatures)
    if (head.substr(0, signature.size()) == signature) return kind;
  return looks_like_text(head) ? FileKind::text : FileKind::unknown;
}

std::string pandas_advice(const std::string& file, FileKind kind) {
  const std::string reader = kind == FileKind::parquet ? "read_parquet" : "read_feather";
  const std::string csv = std::filesystem::path(file).replace_extension(".csv").string();
  return "it is a file of Apache " + std::string(kind == FileKind::parquet ? "Parquet" : "Arrow") +
         ", which mixfam does not read; write it as text by pandas and convert that: python3 -c \"import pandas; "
         "pandas." +
         reader + "('" + file + "').to_csv('" + csv + "', index=False)\"";
}

std::string conversion_advice(const std::string& file) {
  const std::string not_hdf5 = "it is not an HDF5 file but ";
  const std::string command = "; make one by: mixfam convert " + typed(file) + " " + typed(as_hdf5(file));
  const FileKind kind = file_kind(file);
  switch (kind) {
    case FileKind::numpy_array:
      return not_hdf5 + "a NumPy array" + command;
    case FileKind::zip:
      // An archive of anything else is no data.
      return std::filesystem::path(file).extension() == ".npz" ? not_hdf5 + "an archive of NumPy arrays" + command : "";
    case FileKind::text:
      return not_hdf5 + "text" + command;
    case FileKind::parquet:
    case FileKind::arrow:
      return pandas_advice(file, kind);
    default:
      return "";
  }
}

}  // namespace mixfam

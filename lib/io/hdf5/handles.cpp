#include "io/hdf5/handles.hpp"

#include "io/checksum_block.hpp"
#include "io/file_kind.hpp"
#include "io/hdf5/rehearsal.hpp"

#include <mixfam/error.hpp>

#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <optional>

namespace mixfam::hdf5 {

Silence::Silence() {
  H5Eget_auto2(H5E_DEFAULT, &function_, &data_);
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Silence::~Silence() { H5Eset_auto2(H5E_DEFAULT, function_, data_); }

Handle::~Handle() {
  if (id_ < 0) return;
  const Silence silence;
  H5Idec_ref(id_);
}

herr_t ErrorStack::add(unsigned, const H5E_error2_t* record, void* self) {
  static_cast<ErrorStack*>(self)->records_.push_back(
      {record->func_name ? record->func_name : "", record->desc ? record->desc : ""});
  return 0;
}

ErrorStack ErrorStack::last() {
  ErrorStack stack;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, &ErrorStack::add, &stack);
  return stack;
}

std::string ErrorStack::find(std::string_view part) const {
  for (const Record& record : records_) {
    if (record.description.find(part) != std::string::npos) return record.description;
  }
  return {};
}

namespace {

/// The number that follows `key` in a record such as "truncated file: eof = 3000, stored_eof = 27534".
std::optional<std::uint64_t> number_after(const std::string& text, std::string_view key) {
  const std::size_t at = text.find(key);
  if (at == std::string::npos) return std::nullopt;
  return std::strtoull(text.c_str() + at + key.size(), nullptr, 10);
}

std::string quoted(const std::string& text) { return "'" + text + "'"; }

std::string errno_text(int number) { return std::strerror(number); }

}  // namespace

std::string ErrorStack::cause() const {
  if (records_.empty()) return "the HDF5 library gave no reason";
  if (const std::string filter = find("required filter"); !filter.empty()) return filter;
  for (const Record& record : records_) {
    if (record.function == "H5Z_pipeline")
      return "a compressed or checksummed chunk is damaged (" + records_[0].description + ")";
  }
  for (const Record& record : records_) {
    if (const auto number = number_after(record.description, "errno = ")) return errno_text(static_cast<int>(*number));
  }
  return records_[0].description.substr(0, records_[0].description.find(": time = "));
}

Handle require(hid_t id, const std::string& where, const std::string& action) {
  if (id < 0) throw Error(ErrorKind::data, where + ": cannot " + action + ": " + ErrorStack::last().cause());
  return Handle(id);
}

void require_status(herr_t status, const std::string& where, const std::string& action) {
  if (status < 0) throw Error(ErrorKind::data, where + ": cannot " + action + ": " + ErrorStack::last().cause());
}

namespace {

/// Opening a pipe would wait for its writer, and HDF5 says little about directories: both are refused beforehand.
std::uint64_t require_regular_file(const std::string& file) {
  struct stat status = {};
  if (::stat(file.c_str(), &status) != 0) {
    throw Error(ErrorKind::data, "cannot read " + quoted(file) + ": " + errno_text(errno));
  }
  if (S_ISDIR(status.st_mode)) throw Error(ErrorKind::data, "cannot read " + quoted(file) + ": it is a directory");
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorKind::data, "cannot read " + quoted(file) +
                                     ": it is not a regular file, and HDF5 cannot be read from a pipe or device");
  }
  return static_cast<std::uint64_t>(status.st_size);
}

std::string open_failure(const std::string& file, std::uint64_t size, const ErrorStack& stack) {
  if (size == 0) return "it is not an HDF5 file: it is empty (0 bytes)";
  if (const std::string text = stack.find("truncated file"); !text.empty()) {
    const std::uint64_t needed = number_after(text, "stored_eof = ").value_or(0);
    return "it is truncated: it has " + std::to_string(size) + " of " + std::to_string(needed) +
           " bytes; copy or download it again";
  }
  if (!stack.find("file signature not found").empty()) {
    const std::string advice = conversion_advice(file);
    return advice.empty() ? "it is not an HDF5 file" : advice;
  }
  if (!stack.find("already open for write").empty()) {
    return "the program that writes it is still running or was killed; close that program, and if it was killed, run "
           "h5clear -s " +
           quoted(file);
  }
  if (!stack.find("unable to lock file").empty()) {
    const int number = static_cast<int>(number_after(stack.find("unable to lock file"), "errno = ").value_or(0));
    const std::string advice = "; where the file system cannot lock, set HDF5_USE_FILE_LOCKING=FALSE";
    if (number == EAGAIN) return "another program has it open for writing; wait until that has closed it" + advice;
    return "it cannot be locked (" + errno_text(number) + ")" + advice;
  }
  if (stack.find("errno = ").empty()) return "it is damaged (" + stack.cause() + ")";
  return stack.cause();
}

}  // namespace

Handle open_file(const std::string& file) {
  const std::uint64_t size = require_regular_file(file);
  rehearsal::step(file);
  rehearsal::allow_for(size);
  verify_checksum_block(file);
  Handle handle(H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
  if (!handle) {
    throw Error(ErrorKind::data, "cannot read " + quoted(file) + ": " + open_failure(file, size, ErrorStack::last()));
  }
  return handle;
}

void require_memory(std::uint64_t count, std::uint64_t bytes_each, const std::string& where) {
  const std::uint64_t memory =
      static_cast<std::uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  if (bytes_each == 0 || count <= memory / bytes_each) return;
  throw Error(ErrorKind::data, where + ": needs " + std::to_string(count) + " x " + std::to_string(bytes_each) +
                                   " bytes of memory at once, but this machine has " + std::to_string(memory >> 20) +
                                   " MiB");
}

}  // namespace mixfam::hdf5

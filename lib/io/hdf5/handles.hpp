#pragma once

#include <hdf5.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mixfam::hdf5 {

/// Keeps HDF5 from printing its error stack, which it does for each thread apart; restores the caller's setting.
class Silence {
 public:
  Silence();
  ~Silence();
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

 private:
  H5E_auto2_t function_ = nullptr;
  void* data_ = nullptr;
};

/// Owner of one HDF5 identifier of any kind.
class Handle {
 public:
  Handle() = default;
  explicit Handle(hid_t id) : id_(id) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, H5I_INVALID_HID)) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  ~Handle();

  hid_t id() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }

 private:
  hid_t id_ = H5I_INVALID_HID;
};

/// What HDF5 recorded about a failed call, innermost record first.
class ErrorStack {
 public:
  /// Of the last call of this thread. Any later HDF5 call, be it the closing of a handle, wipes the record.
  static ErrorStack last();

  /// The cause in words for people.
  std::string cause() const;
  /// The description of the first record that contains `part`, or "".
  std::string find(std::string_view part) const;

 private:
  static herr_t add(unsigned number, const H5E_error2_t* record, void* self);

  struct Record {
    std::string function;
    std::string description;
  };
  std::vector<Record> records_;
};

/// Takes a new identifier; throws Error(data) "<where>: cannot <action>: <cause>" when the call that made it failed.
Handle require(hid_t id, const std::string& where, const std::string& action);
/// The same for calls that return a status.
void require_status(herr_t status, const std::string& where, const std::string& action);

/// Opens a file for reading. Throws Error(data) with the cause: missing, not readable, a directory, not an HDF5 file,
/// truncated, in use by a writer, a model file whose checksum differs.
Handle open_file(const std::string& file);

/// Throws Error(data) when so much is more than the machine's memory, before anything tries to allocate it.
void require_memory(std::uint64_t count, std::uint64_t bytes_each, const std::string& where);

}  // namespace mixfam::hdf5

#pragma once

#include "io/hdf5/handles.hpp"
#include "io/hdf5/text.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace mixfam::model_file {

/// An HDF5 file that exists in memory only: HDF5 itself does not survive a full disk. All of it throws Error(write).
class Image {
 public:
  Image();

  void attribute(const std::string& name, std::int64_t value);
  void attribute(const std::string& name, std::uint64_t value);
  void attribute(const std::string& name, const std::string& text);

  void doubles(const std::string& path, const hdf5::Dimensions& shape, const double* values);
  void integers(const std::string& path, const std::vector<std::uint64_t>& values);
  void strings(const std::string& path, const std::vector<std::string>& texts);
  void text(const std::string& path, const std::string& value);
  void number(const std::string& path, double value);

  /// With the checksum in front.
  std::string bytes();

 private:
  void attribute(const std::string& name, hid_t stored, hid_t memory, const void* value);
  void dataset(const std::string& path, const hdf5::Dimensions& shape, hid_t stored, hid_t memory, const void* values);

  hdf5::Handle file_;
  hdf5::Handle link_creation_;
  hdf5::Handle dataset_creation_;
};

}  // namespace mixfam::model_file

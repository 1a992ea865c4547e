#pragma once

#include "io/hdf5/handles.hpp"
#include "io/hdf5/text.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mixfam::model_file {

[[noreturn]] void refuse(const std::string& message);

/// A file being read, with what its messages begin with. All of it throws Error(data).
class Reader {
 public:
  explicit Reader(const std::string& file);

  const std::string& name() const { return name_; }
  bool has(const std::string& path) const;

  /// An attribute of the root, or a data set there.
  std::optional<std::string> text(const std::string& name) const;
  /// An attribute of the root.
  std::optional<std::int64_t> integer(const std::string& name) const;
  std::optional<std::uint64_t> natural(const std::string& name) const;

  struct Dataset {
    hdf5::Handle handle;
    std::string where;
    hdf5::Dimensions shape;
  };
  Dataset dataset(const std::string& path) const;
  static std::vector<double> values(const Dataset& data);
  /// Those of a data set that must have this shape, axes of length 1 aside.
  std::vector<double> values(const std::string& path, const hdf5::Dimensions& needed) const;
  std::vector<std::string> strings(const std::string& path) const;

 private:
  template <class T>
  std::optional<T> number(const std::string& name, hid_t memory) const;

  std::string name_;
  hdf5::Handle file_;
};

/// Without the axes of length 1 behind the first: people drop them when D = 1.
hdf5::Dimensions squeezed(const hdf5::Dimensions& shape);

}  // namespace mixfam::model_file

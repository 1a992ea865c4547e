#pragma once

#include "io/hdf5/handles.hpp"

#include <mixfam/source.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace mixfam::hdf5 {

/// What the numbers of a data set mean: which of them stand for missing values, and how the others are unpacked. By the
/// attributes of netCDF and its Climate and Forecast conventions (sections 2.5.1 and 8.1), and by those of R.
class Meaning {
 public:
  Meaning() = default;
  /// Throws Error(data) for attributes that make no sense.
  Meaning(hid_t dataset, hid_t type, const std::string& where);

  /// One more number that stands for a missing value; `cause` follows "is".
  void add_missing(double value, std::string cause);

  /// Whether the numbers mean themselves.
  bool is_plain() const;
  /// In words for people, such as "missing: _FillValue -999"; empty when plain.
  std::string text() const;

  /// Turns numbers into what they mean, those missing into NaN. Returns the place of the first that is missing by more
  /// than being NaN, `count` when there is none.
  std::size_t decode(ElementType element, const std::byte* numbers, std::size_t count, double* values) const;
  /// Why a number is missing, such as "is -999, its attribute _FillValue".
  std::string cause(ElementType element, const std::byte* number) const;

 private:
  // All numbers of files, integers of 64 bits included.
  using Number = long double;
  struct Missing {
    Number value;
    std::string cause;
  };

  void add_missing(hid_t dataset, const char* attribute, const std::string& where);
  void read_unpacking(hid_t dataset, hid_t type, const std::string& where);
  void read_valid_range(hid_t dataset, hid_t type, const std::string& where);
  template <class T>
  bool is_missing(T number) const;
  template <class T>
  std::string cause_of(T number) const;
  template <class T>
  std::size_t decode(const T* numbers, std::size_t count, double* values) const;
  bool has_range() const { return lowest_ || highest_; }

  std::vector<Missing> missing_;
  std::optional<Number> lowest_;
  std::optional<Number> highest_;
  bool range_is_unpacked_ = false;
  std::optional<double> scale_;
  std::optional<double> offset_;
  std::size_t unpacking_size_ = 0;  ///< bytes of the wider one of the attributes that unpack
};

}  // namespace mixfam::hdf5

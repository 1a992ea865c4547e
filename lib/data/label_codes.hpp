#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mixfam {

/// Codes of labels, row after row, in a file without a name: they may be more than fits into memory, and a process that
/// is forked shares them.
class LabelCodes {
 public:
  LabelCodes();
  LabelCodes(const LabelCodes&) = delete;
  LabelCodes& operator=(const LabelCodes&) = delete;
  ~LabelCodes();

  /// Throws Error(write) when the folder for temporary files takes no more.
  void append(const std::vector<std::uint16_t>& codes);
  /// Reads `count` codes from number `first` on.
  void read(std::size_t first, std::size_t count, std::uint16_t* target) const;

 private:
  int descriptor_ = -1;
  int failure_ = 0;  ///< why there is no file, told to those who need one
};

}  // namespace mixfam

#include "io/hdf5/column_choice.hpp"

#include "io/hdf5/handles.hpp"
#include "io/hdf5/text.hpp"

#include <mixfam/error.hpp>

#include <algorithm>
#include <charconv>
#include <numeric>

namespace mixfam::hdf5 {

namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::data, message); }

}  // namespace

std::vector<std::size_t> choose_columns(const std::vector<std::string>& wanted, const std::vector<std::string>& names,
                                        std::size_t count, const std::string& where) {
  std::vector<std::size_t> chosen;
  if (wanted.empty()) {
    require_memory(count, sizeof(double), where + ": one row");
    chosen.resize(count);
    std::iota(chosen.begin(), chosen.end(), std::size_t{0});
    return chosen;
  }
  const std::string known = names.empty() ? "its columns are numbered 0 to " + std::to_string(count - 1)
                                          : "its columns are " + list_text(names);
  for (const std::string& name : wanted) {
    const auto found = std::find(names.begin(), names.end(), name);
    std::size_t index = static_cast<std::size_t>(found - names.begin());
    if (found == names.end()) {
      const auto [end, failure] = std::from_chars(name.data(), name.data() + name.size(), index);
      if (failure != std::errc() || end != name.data() + name.size() || index >= count) {
        refuse(where + ": has no column '" + name + "'; " + known);
      }
    } else if (std::find(found + 1, names.end(), name) != names.end()) {
      refuse(where + ": has several columns '" + name + "'; choose by number, from 0");
    }
    if (std::find(chosen.begin(), chosen.end(), index) != chosen.end()) {
      refuse(where + ": the column '" + name + "' is chosen twice");
    }
    chosen.push_back(index);
  }
  return chosen;
}

}  // namespace mixfam::hdf5

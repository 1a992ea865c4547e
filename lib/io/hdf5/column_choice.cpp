#include "io/hdf5/column_choice.hpp"

#include "io/hdf5/handles.hpp"
#include "io/hdf5/text.hpp"

#include <mixfam/error.hpp>
#include <mixfam/slice.hpp>

#include <algorithm>
#include <charconv>
#include <unordered_set>

namespace mixfam::hdf5 {

namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::data, message); }

std::vector<std::size_t> numbers_of(const Slice::Range& range, const std::string& where) {
  require_memory(range.count, sizeof(double), where + ": one row");
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < range.count; ++i) numbers.push_back(range.first + i * range.step);
  return numbers;
}

/// The columns of a data set by their names and numbers.
class Columns {
 public:
  Columns(const std::vector<std::string>& names, std::size_t count, const std::string& where)
      : names_(names), count_(count), where_(where) {}

  /// Those that one word means: a name before a number, a slice or "all".
  std::vector<std::size_t> find(const std::string& word) const {
    const auto found = std::find(names_.begin(), names_.end(), word);
    if (found != names_.end()) {
      if (std::find(found + 1, names_.end(), word) != names_.end())
        refuse(where_ + ": has several columns '" + word + "'; choose by number, from 0");
      return {static_cast<std::size_t>(found - names_.begin())};
    }
    if (word == "all") return numbers_of(Slice().of(count_), where_);
    if (const auto slice = Slice::parse(word)) return numbers_of(slice->of(count_), where_);
    std::size_t number = 0;
    const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (failure != std::errc() || end != word.data() + word.size() || number >= count_) refuse_unknown(word);
    return {number};
  }

  /// In the order of the words. Throws Error(data) where one is found twice.
  std::vector<std::size_t> find_all(const std::vector<std::string>& words) const {
    std::vector<std::size_t> numbers;
    std::unordered_set<std::size_t> chosen;
    for (const std::string& word : words) {
      const std::vector<std::size_t> found = find(word);
      for (const std::size_t number : found) {
        if (!chosen.insert(number).second)
          refuse(where_ + ": the column '" + (found.size() == 1 ? word : text_of(number)) + "' is chosen twice");
        numbers.push_back(number);
      }
    }
    return numbers;
  }

 private:
  std::string text_of(std::size_t number) const {
    return number < names_.size() ? names_[number] : std::to_string(number);
  }
  [[noreturn]] void refuse_unknown(const std::string& word) const {
    refuse(where_ + ": has no column '" + word + "'; " +
           (names_.empty() ? "its columns are numbered 0 to " + std::to_string(count_ - 1)
                           : "its columns are " + list_text(names_)));
  }

  const std::vector<std::string>& names_;
  std::size_t count_;
  const std::string& where_;
};

}  // namespace

std::vector<std::size_t> choose_columns(const ColumnChoice& wanted, const std::vector<std::string>& names,
                                        std::size_t count, const std::string& where) {
  const Columns columns(names, count, where);
  std::vector<std::size_t> chosen =
      wanted.empty() ? numbers_of(Slice().of(count), where) : columns.find_all(wanted.columns);
  std::unordered_set<std::size_t> excepted;
  for (const std::string& word : wanted.except)
    for (const std::size_t number : columns.find(word)) excepted.insert(number);
  chosen.erase(
      std::remove_if(chosen.begin(), chosen.end(), [&](std::size_t number) { return excepted.count(number) > 0; }),
      chosen.end());
  if (chosen.empty() && count > 0)
    refuse(where + ": of its " + std::to_string(count) + " columns none is left to read");
  return chosen;
}

}  // namespace mixfam::hdf5

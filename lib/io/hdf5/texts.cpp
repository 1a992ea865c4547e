#include "io/hdf5/texts.hpp"

#include <cstdint>
#include <cstring>

namespace mixfam::hdf5 {
namespace {

void pack(std::string& bytes, std::uint64_t number) {
  bytes.append(reinterpret_cast<const char*>(&number), sizeof(number));
}

void pack(std::string& bytes, const std::vector<std::string>& texts) {
  pack(bytes, texts.size());
  for (const std::string& text : texts) {
    pack(bytes, text.size());
    bytes += text;
  }
}

void pack(std::string& bytes, const std::vector<std::vector<std::string>>& lists) {
  pack(bytes, lists.size());
  for (const auto& list : lists) pack(bytes, list);
}

void pack(std::string& bytes, const Texts& texts) {
  pack(bytes, std::vector<std::string>{texts.path});
  pack(bytes, static_cast<std::uint64_t>(texts.form));
  pack(bytes, texts.names);
  pack(bytes, texts.categories);
  pack(bytes, texts.labels);
  pack(bytes, texts.elements);
  pack(bytes, texts.parts.size());
  for (const Texts& part : texts.parts) pack(bytes, part);
  pack(bytes, texts.places.size());
  for (const auto& [part, column] : texts.places) {
    pack(bytes, part);
    pack(bytes, column);
  }
  pack(bytes, texts.only_if_wanted ? 1 : 0);
}

std::uint64_t unpack_number(std::string_view& bytes) {
  std::uint64_t number = 0;
  std::memcpy(&number, bytes.data(), sizeof(number));
  bytes.remove_prefix(sizeof(number));
  return number;
}

std::vector<std::string> unpack_texts(std::string_view& bytes) {
  std::vector<std::string> texts(unpack_number(bytes));
  for (std::string& text : texts) {
    const std::uint64_t size = unpack_number(bytes);
    text = bytes.substr(0, size);
    bytes.remove_prefix(size);
  }
  return texts;
}

std::vector<std::vector<std::string>> unpack_lists(std::string_view& bytes) {
  std::vector<std::vector<std::string>> lists(unpack_number(bytes));
  for (auto& list : lists) list = unpack_texts(bytes);
  return lists;
}

Texts unpack(std::string_view& bytes) {
  Texts texts;
  texts.path = unpack_texts(bytes).front();
  texts.form = static_cast<Form>(unpack_number(bytes));
  texts.names = unpack_texts(bytes);
  texts.categories = unpack_texts(bytes);
  texts.labels = unpack_lists(bytes);
  texts.elements = unpack_lists(bytes);
  texts.parts.resize(unpack_number(bytes));
  for (Texts& part : texts.parts) part = unpack(bytes);
  texts.places.resize(unpack_number(bytes));
  for (auto& [part, column] : texts.places) {
    part = unpack_number(bytes);
    column = unpack_number(bytes);
  }
  texts.only_if_wanted = unpack_number(bytes) != 0;
  return texts;
}

}  // namespace

std::string packed(const Texts& texts) {
  std::string bytes;
  pack(bytes, texts);
  return bytes;
}

Texts unpacked(std::string_view bytes) { return unpack(bytes); }

}  // namespace mixfam::hdf5

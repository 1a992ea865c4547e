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

}  // namespace

std::string packed(const Texts& texts) {
  std::string bytes;
  pack(bytes, {texts.path});
  pack(bytes, static_cast<std::uint64_t>(texts.form));
  pack(bytes, texts.names);
  pack(bytes, texts.categories);
  pack(bytes, texts.labels.size());
  for (const auto& labels : texts.labels) pack(bytes, labels);
  return bytes;
}

Texts unpacked(std::string_view bytes) {
  Texts texts;
  texts.path = unpack_texts(bytes).front();
  texts.form = static_cast<Form>(unpack_number(bytes));
  texts.names = unpack_texts(bytes);
  texts.categories = unpack_texts(bytes);
  texts.labels.resize(unpack_number(bytes));
  for (auto& labels : texts.labels) labels = unpack_texts(bytes);
  return texts;
}

}  // namespace mixfam::hdf5

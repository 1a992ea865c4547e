#include "data/label_codes.hpp"

#include <mixfam/error.hpp>

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>

namespace mixfam {
namespace {

std::string folder() {
  std::error_code failure;
  const auto path = std::filesystem::temp_directory_path(failure);
  return failure ? "/tmp" : path.string();
}

[[noreturn]] void throw_unwritable(int number) {
  throw Error(ErrorKind::write, "cannot write the codes of labels into '" + folder() + "': " + std::strerror(number) +
                                    "; set TMPDIR to a folder with room for 2 bytes a label");
}

}  // namespace

LabelCodes::LabelCodes() {
  std::string name = folder() + "/mixfam.XXXXXX";
  descriptor_ = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor_ < 0) {
    failure_ = errno;
  } else {
    ::unlink(name.c_str());
  }
}

LabelCodes::~LabelCodes() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void LabelCodes::append(const std::vector<std::uint16_t>& codes) {
  if (descriptor_ < 0) throw_unwritable(failure_);
  const char* bytes = reinterpret_cast<const char*>(codes.data());
  std::size_t left = codes.size() * sizeof(std::uint16_t);
  while (left > 0) {
    const ssize_t written = ::write(descriptor_, bytes, left);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw_unwritable(errno);
    bytes += written;
    left -= static_cast<std::size_t>(written);
  }
}

void LabelCodes::read(std::size_t first, std::size_t count, std::uint16_t* target) const {
  char* bytes = reinterpret_cast<char*>(target);
  std::size_t left = count * sizeof(std::uint16_t);
  auto offset = static_cast<off_t>(first * sizeof(std::uint16_t));
  while (left > 0) {
    const ssize_t got = ::pread(descriptor_, bytes, left, offset);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0)
      throw Error(ErrorKind::data, std::string("cannot read the codes of labels: ") +
                                       (got < 0 ? std::strerror(errno) : "they end before the rows do"));
    bytes += got;
    left -= static_cast<std::size_t>(got);
    offset += got;
  }
}

}  // namespace mixfam

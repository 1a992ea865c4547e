#include "io/byte_file.hpp"

#include <mixfam/error.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace mixfam {

namespace {

[[noreturn]] void throw_unreadable(const std::string& name, const std::string& cause) {
  throw Error(ErrorKind::data, "cannot read '" + name + "': " + cause);
}

std::string temporary_folder() {
  std::error_code failure;
  const auto path = std::filesystem::temp_directory_path(failure);
  return failure ? "/tmp" : path.string();
}

[[noreturn]] void throw_unwritable(int number) {
  throw Error(ErrorKind::write, "cannot unpack into '" + temporary_folder() + "': " + std::strerror(number) +
                                    "; set TMPDIR to a folder with more room");
}

}  // namespace

ByteFile::ByteFile(const std::string& name) : name_(name) {
  // Opening a pipe would wait for its writer.
  struct stat status = {};
  if (::stat(name.c_str(), &status) != 0) throw_unreadable(name, std::strerror(errno));
  if (S_ISDIR(status.st_mode)) throw_unreadable(name, "it is a directory");
  if (!S_ISREG(status.st_mode)) throw_unreadable(name, "it is not a regular file, and it must be read more than once");
  descriptor_ = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor_ < 0) throw_unreadable(name, std::strerror(errno));
  size_ = static_cast<std::uint64_t>(status.st_size);
}

ByteFile::ByteFile() : name_(temporary_folder() + "/mixfam.XXXXXX") {
  descriptor_ = ::mkostemp(name_.data(), O_CLOEXEC);
  if (descriptor_ < 0) throw_unwritable(errno);
  ::unlink(name_.c_str());
}

ByteFile::~ByteFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::size_t ByteFile::read_some(std::uint64_t offset, std::size_t count, void* target) const {
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got =
        ::pread(descriptor_, static_cast<char*>(target) + done, count - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw_unreadable(name_, std::strerror(errno));
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

void ByteFile::append(const void* bytes, std::size_t count) {
  std::size_t done = 0;
  while (done < count) {
    const ssize_t put = ::write(descriptor_, static_cast<const char*>(bytes) + done, count - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) throw_unwritable(errno);
    done += static_cast<std::size_t>(put);
  }
  size_ += count;
}

void ByteRange::read(std::uint64_t at, std::size_t count, void* target) const {
  if (at > size || count > size - at || file->read_some(offset + at, count, target) != count) {
    throw Error(ErrorKind::data, where + ": is cut short: it ends before byte " + std::to_string(at + count) +
                                     "; copy or download it again");
  }
}

}  // namespace mixfam

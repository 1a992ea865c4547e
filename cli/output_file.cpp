#include "output_file.hpp"

#include <mixfam/error.hpp>

#include <fcntl.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace mixfam::cli {

namespace {

[[noreturn]] void fail(const std::string& file, const std::string& reason) {
  throw Error(ErrorKind::write, "cannot write " + file + ": " + reason);
}

/// A new file beside the target that vanishes unless it is put in its place.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& target)
      : target_(target),
        name_(target + ".tmp." + std::to_string(::getpid())),
        descriptor_(::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666)) {
    if (descriptor_ == -1) fail(target_, std::strerror(errno));
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (descriptor_ != -1) ::close(descriptor_);
    if (!placed_) ::unlink(name_.c_str());
  }

  void write(const std::string& content) {
    for (std::size_t written = 0; written < content.size();) {
      const ssize_t count = ::write(descriptor_, content.data() + written, content.size() - written);
      if (count >= 0) {
        written += static_cast<std::size_t>(count);
      } else if (errno != EINTR) {
        fail(target_, std::strerror(errno));
      }
    }
  }

  void put_in_place() {
    if (::fsync(descriptor_) != 0) fail(target_, std::strerror(errno));
    const int descriptor = std::exchange(descriptor_, -1);
    if (::close(descriptor) != 0) fail(target_, std::strerror(errno));
    if (::rename(name_.c_str(), target_.c_str()) != 0) fail(target_, std::strerror(errno));
    placed_ = true;
  }

 private:
  std::string target_;
  std::string name_;
  int descriptor_;
  bool placed_ = false;
};

}  // namespace

void check_writable(const std::string& file) {
  namespace fs = std::filesystem;
  if (file.empty()) fail("''", "the name is empty");
  std::error_code ignored;
  const fs::file_status target = fs::status(file, ignored);
  if (fs::is_directory(target)) fail(file, "it is a directory");
  // Renaming onto a device or a pipe would replace it.
  if (fs::exists(target) && !fs::is_regular_file(target)) fail(file, "it is not a regular file");
  const fs::path parent = fs::path(file).parent_path();
  if (!parent.empty() && !fs::is_directory(parent, ignored)) fail(file, "there is no directory " + parent.string());
  // The answer of the file system itself, which permission bits do not tell.
  const TemporaryFile probe(file);
}

void write_atomically(const std::string& file, const std::string& content) {
  TemporaryFile temporary(file);
  temporary.write(content);
  temporary.put_in_place();
}

}  // namespace mixfam::cli

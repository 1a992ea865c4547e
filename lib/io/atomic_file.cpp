#include <mixfam/atomic_file.hpp>
#include <mixfam/error.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

namespace mixfam {

namespace {

namespace fs = std::filesystem;

[[noreturn]] void throw_unwritable(const std::string& file, const std::string& cause) {
  throw Error(ErrorKind::write, "cannot write '" + file + "': " + cause);
}

[[noreturn]] void throw_errno(const std::string& file) { throw_unwritable(file, std::strerror(errno)); }

/// The file that a chain of symbolic links ends at, which need not exist.
fs::path follow_links(const std::string& file) {
  constexpr int longest_chain = 40;
  fs::path target = file;
  std::error_code ignored;
  for (int i = 0; i < longest_chain && fs::is_symlink(target, ignored); ++i)
    target = target.parent_path() / fs::read_symlink(target, ignored);
  return target;
}

/// Where a file is to be put, and what stands there now.
struct Target {
  std::string name;  ///< as the caller gave it
  fs::path path;
  fs::path folder;
  std::optional<mode_t> permissions;  ///< of the file that is replaced
};

Target writable_target(const std::string& file) {
  if (file.empty()) throw_unwritable(file, "the name is empty");
  Target target{file, follow_links(file), ".", std::nullopt};
  if (target.path.has_parent_path()) target.folder = target.path.parent_path();
  std::error_code ignored;
  if (!fs::is_directory(target.folder, ignored))
    throw_unwritable(file, "the folder '" + target.folder.string() + "' does not exist");
  struct ::stat old = {};
  if (::stat(target.path.c_str(), &old) != 0) {
    if (errno != ENOENT) throw_errno(file);
    return target;
  }
  if (S_ISDIR(old.st_mode)) throw_unwritable(file, "it is a directory");
  // Renaming onto a device or a pipe would replace it.
  if (!S_ISREG(old.st_mode)) throw_unwritable(file, "it is not a regular file");
  if (::access(target.path.c_str(), W_OK) != 0) throw_errno(file);
  target.permissions = old.st_mode & 07777;
  return target;
}

/// A file beside the target that is gone again unless it takes the target's place.
class TemporaryFile {
 public:
  explicit TemporaryFile(const Target& target) : target_(target) {
    const std::string base = target.path.string() + ".tmp." + std::to_string(getpid());
    name_ = base;
    // A killed process may have left a file of this name when process numbers repeat, as they do in containers.
    constexpr int most_tries = 100;
    for (int i = 1; i <= most_tries; ++i) {
      descriptor_ = ::open(name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (descriptor_ >= 0) return;
      if (errno != EEXIST) break;
      name_ = base + "." + std::to_string(i);
    }
    throw_errno(target_.name);
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (!name_.empty()) ::unlink(name_.c_str());
  }

  const std::string& name() const { return name_; }

  void write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t count = ::write(descriptor_, bytes.data(), bytes.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) throw_errno(target_.name);
      bytes.remove_prefix(static_cast<std::size_t>(count));
    }
  }

  void replace_target() {
    if (target_.permissions && ::fchmod(descriptor_, *target_.permissions) != 0) throw_errno(target_.name);
    if (::fsync(descriptor_) != 0) throw_errno(target_.name);
    const int closed = ::close(std::exchange(descriptor_, -1));
    if (closed != 0) throw_errno(target_.name);
    if (::rename(name_.c_str(), target_.path.c_str()) != 0) throw_errno(target_.name);
    name_.clear();
  }

 private:
  const Target& target_;
  std::string name_;
  int descriptor_ = -1;
};

/// Makes a rename last. File systems that cannot sync a folder have no need of it.
void sync_folder(const Target& target) {
  const int descriptor = ::open(target.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  const int status = ::fsync(descriptor);
  const int number = errno;
  ::close(descriptor);
  if (status == 0 || number == EINVAL || number == ENOTSUP) return;
  throw_unwritable(target.name, std::strerror(number));
}

}  // namespace

void check_writable(const std::string& file) {
  const Target target = writable_target(file);
  // The answer of the file system itself, which permission bits do not tell.
  const TemporaryFile probe(target);
}

void write_atomically(const std::string& file, std::string_view bytes) {
  const Target target = writable_target(file);
  TemporaryFile temporary(target);
  temporary.write(bytes);
  temporary.replace_target();
  sync_folder(target);
}

void write_atomically(const std::string& file, const std::function<void(const std::string&)>& write) {
  const Target target = writable_target(file);
  TemporaryFile temporary(target);
  write(temporary.name());
  temporary.replace_target();
  sync_folder(target);
}

}  // namespace mixfam

#include "file_identity.hpp"

#include <sys/stat.h>
#include <filesystem>
#include <optional>

namespace mixfam::cli {

namespace {

namespace fs = std::filesystem;

/// What the file system knows a file by; before it exists, its folder and its name there.
struct Identity {
  dev_t device;
  ino_t inode;
  std::string name;  ///< empty for a file that exists

  bool operator==(const Identity&) const = default;
};

/// `links`: symbolic links that may still be followed.
std::optional<Identity> identity_of(const fs::path& file, int links = 40) {
  struct ::stat status = {};
  if (::stat(file.c_str(), &status) == 0) return Identity{status.st_dev, status.st_ino, ""};
  std::error_code error;
  if (const fs::path target = fs::read_symlink(file, error); !error)
    return links > 0 ? identity_of(file.parent_path() / target, links - 1) : std::nullopt;
  const fs::path folder = file.has_parent_path() ? file.parent_path() : ".";
  if (::stat(folder.c_str(), &status) != 0) return std::nullopt;
  return Identity{status.st_dev, status.st_ino, file.filename().string()};
}

}  // namespace

bool same_file(const std::string& a, const std::string& b) {
  const std::optional<Identity> one = identity_of(a);
  return one && one == identity_of(b);
}

}  // namespace mixfam::cli

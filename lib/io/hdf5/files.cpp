#include "io/hdf5/files.hpp"

#include "io/hdf5/group_form.hpp"
#include "io/hdf5/links.hpp"

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

namespace mixfam::hdf5 {

namespace {

namespace fs = std::filesystem;

/// What a function of HDF5 writes into a buffer of the caller's.
template <class Write>
std::string text_of(Write write) {
  const ssize_t length = write(nullptr, std::size_t{0});
  if (length < 0) return {};
  std::string text(static_cast<std::size_t>(length) + 1, '\0');
  write(text.data(), text.size());
  text.pop_back();
  return text;
}

/// "%b" stands for block numbers.
bool is_block_name(const std::string& name, const std::string& pattern) {
  const std::size_t place = pattern.find("%b");
  const std::size_t tail = pattern.size() - place - 2;
  return name.size() > place + tail && name.compare(0, place, pattern, 0, place) == 0 &&
         name.compare(name.size() - tail, tail, pattern, place + 2, tail) == 0 &&
         name.find_first_not_of("0123456789", place) >= name.size() - tail;
}

std::vector<std::string> existing(const std::vector<std::string>& candidates) {
  std::vector<std::string> files;
  std::error_code ignored;
  for (const fs::path candidate : candidates) {
    if (candidate.filename().string().find("%b") == std::string::npos) {
      if (fs::is_regular_file(candidate, ignored)) files.push_back(candidate.string());
      continue;
    }
    const fs::path folder = candidate.has_parent_path() ? candidate.parent_path() : ".";
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored))
      if (is_block_name(entry.path().filename().string(), candidate.filename().string()))
        files.push_back(entry.path().string());
  }
  return files;
}

/// Collects files by following every way from one object to another.
class Walk {
 public:
  std::vector<std::string> files() && { return std::move(files_); }

  void visit(const std::string& file, const std::string& path) {
    // Links that lead back to themselves make ever longer paths.
    if (seen_.size() >= most_objects || !seen_.emplace(file, path).second) return;
    add(file);
    const Handle handle(H5Fopen(file.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT));
    if (!handle || follow_link(handle, file, path)) return;
    const Handle object(H5Oopen(handle.id(), path.c_str(), H5P_DEFAULT));
    if (H5Iget_type(object.id()) == H5I_DATASET) visit_storage(Handle(H5Dget_create_plist(object.id())), file);
    if (H5Iget_type(object.id()) == H5I_GROUP) visit_parts(object.id(), file, path);
  }

 private:
  static constexpr std::size_t most_objects = 100000;

  void add(const std::string& file) {
    if (names_.insert(file).second) files_.push_back(file);
  }

  void visit_all(const std::vector<std::string>& candidates, const std::string& path) {
    for (const std::string& file : existing(candidates)) visit(file, path);
  }

  /// The parts of a group whose rows are read, and these of its columns.
  void visit_parts(hid_t group, const std::string& file, const std::string& path) {
    std::vector<std::string> parts = dependent_parts(group, group_form(group));
    const bool is_table = parts.empty();
    if (is_table && inside_table_) return;
    if (is_table) parts = children(group);
    inside_table_ = inside_table_ || is_table;
    for (const std::string& part : parts) visit(file, (path == "/" ? "" : path) + "/" + part);
  }

  /// Goes on behind the first link on the way to an object; false where there is none.
  bool follow_link(const Handle& handle, const std::string& file, const std::string& path) {
    for (std::size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
      const std::string here = path.substr(0, end);
      const std::string rest = end == std::string::npos ? "" : path.substr(end);
      const LinkTarget target = here == "/" ? LinkTarget{} : link_target(handle.id(), here);
      if (target.type == H5L_TYPE_EXTERNAL) {
        visit_all(file_candidates(target.file, file, "HDF5_EXT_PREFIX"), target.path + rest);
        return true;
      }
      if (target.type == H5L_TYPE_SOFT) {
        const bool absolute = target.path.rfind('/', 0) == 0;
        visit(file, (absolute ? "" : here.substr(0, here.rfind('/') + 1)) + target.path + rest);
        return true;
      }
      if (end == std::string::npos) return false;
    }
  }

  void visit_storage(const Handle& creation, const std::string& file) {
    std::size_t parts = 0;
    if (H5Pget_layout(creation.id()) == H5D_VIRTUAL) H5Pget_virtual_count(creation.id(), &parts);
    for (std::size_t i = 0; i < parts; ++i) {
      const auto text = [&](auto function) {
        return text_of([&](char* buffer, std::size_t size) { return function(creation.id(), i, buffer, size); });
      };
      visit_all(file_candidates(text(H5Pget_virtual_filename), file, "HDF5_VDS_PREFIX"), text(H5Pget_virtual_dsetname));
    }
    for (int i = 0; i < H5Pget_external_count(creation.id()); ++i) {
      std::string name(4096, '\0');
      H5Pget_external(creation.id(), static_cast<unsigned>(i), name.size() - 1, name.data(), nullptr, nullptr);
      for (const std::string& raw : existing(file_candidates(name.c_str(), file, "HDF5_EXTFILE_PREFIX"))) add(raw);
    }
  }

  bool inside_table_ = false;
  std::vector<std::string> files_;
  std::set<std::string> names_;
  std::set<std::pair<std::string, std::string>> seen_;
};

}  // namespace

std::vector<std::string> file_candidates(const std::string& name, const std::string& named_in,
                                         const char* prefix_variable) {
  if (name == ".") return {named_in};
  const fs::path folder = fs::path(named_in).parent_path();
  const fs::path path(name);
  std::vector<std::string> candidates = {(folder / path).string(), name, (folder / path.filename()).string()};
  if (const char* prefix = std::getenv(prefix_variable))
    candidates.insert(candidates.begin(), (fs::path(prefix) / path).string());
  return candidates;
}

std::vector<std::string> files_of(const std::string& file, const std::string& path) {
  Walk walk;
  walk.visit(file, path);
  return std::move(walk).files();
}

}  // namespace mixfam::hdf5

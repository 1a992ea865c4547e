#include "io/hdf5/links.hpp"

#include "io/hdf5/text.hpp"

#include <mixfam/error.hpp>

#include <algorithm>

namespace mixfam::hdf5 {

std::vector<std::string> children(hid_t group, H5_index_t order) {
  std::vector<std::string> names;
  const auto add = [](hid_t, const char* name, const H5L_info_t*, void* all) -> herr_t {
    static_cast<std::vector<std::string>*>(all)->emplace_back(name);
    return 0;
  };
  H5Literate(group, order, H5_ITER_INC, nullptr, add, &names);
  return names;
}

LinkTarget link_target(hid_t location, const std::string& path) {
  H5L_info_t info = {};
  if (H5Lget_info(location, path.c_str(), &info, H5P_DEFAULT) < 0) return {};
  LinkTarget target;
  target.type = info.type;
  if (info.type != H5L_TYPE_SOFT && info.type != H5L_TYPE_EXTERNAL) return target;
  // One byte more, so that the value ends in a NUL whatever the file says.
  std::vector<char> value(info.u.val_size + 1, '\0');
  if (H5Lget_val(location, path.c_str(), value.data(), value.size() - 1, H5P_DEFAULT) < 0) return target;
  if (info.type == H5L_TYPE_SOFT) {
    target.path = value.data();
    return target;
  }
  const char* file = nullptr;
  const char* object = nullptr;
  if (H5Lunpack_elink_val(value.data(), info.u.val_size, nullptr, &file, &object) >= 0) {
    target.file = file;
    target.path = object;
  }
  return target;
}

namespace {

std::string holds_text(hid_t group, const std::string& path) {
  const std::vector<std::string> names = children(group);
  if (names.empty()) return "'" + path + "' is empty";
  return "'" + path + "' holds " + list_text(names);
}

std::string broken_link_text(const LinkTarget& target, const ErrorStack& stack) {
  if (target.type == H5L_TYPE_SOFT) return "is a soft link to '" + target.path + "', which does not exist";
  if (target.type != H5L_TYPE_EXTERNAL) return "cannot be opened: " + stack.cause();
  const std::string link = "is an external link to '" + target.path + "' in the file '" + target.file + "', ";
  if (!stack.find("unable to open external file").empty()) return link + "and that file is missing or cannot be read";
  return link + "and that file holds no such object";
}

/// Walks down from the root to say where a path that does not open goes wrong.
[[noreturn]] void throw_unopenable(const Handle& file, const std::string& file_name, const std::string& path) {
  const std::string where = file_name + ":" + path;
  std::string parent = "/";
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t begin = path.find_first_not_of('/', at);
    if (begin == std::string::npos) break;
    at = std::min(path.find('/', begin), path.size());
    const std::string here = (parent == "/" ? "" : parent) + "/" + path.substr(begin, at - begin);

    const Handle holder(H5Oopen(file.id(), parent.c_str(), H5P_DEFAULT));
    if (H5Iget_type(holder.id()) != H5I_GROUP) {
      throw Error(ErrorKind::data, where + ": no such path: '" + parent + "' is not a group");
    }
    if (H5Lexists(file.id(), here.c_str(), H5P_DEFAULT) <= 0) {
      throw Error(ErrorKind::data, where + ": no such path: " + holds_text(holder.id(), parent));
    }
    const Handle object(H5Oopen(file.id(), here.c_str(), H5P_DEFAULT));
    if (!object) {
      const ErrorStack stack = ErrorStack::last();
      throw Error(ErrorKind::data,
                  file_name + ":" + here + ": " + broken_link_text(link_target(file.id(), here), stack));
    }
    parent = here;
  }
  throw Error(ErrorKind::data, where + ": cannot be opened");
}

}  // namespace

Handle open_object(const Handle& file, const std::string& file_name, const std::string& path) {
  Handle object(H5Oopen(file.id(), path.c_str(), H5P_DEFAULT));
  if (!object) throw_unopenable(file, file_name, path);
  return object;
}

Handle open_dataset(const Handle& file, const std::string& file_name, const std::string& path) {
  Handle object = open_object(file, file_name, path);
  if (H5Iget_type(object.id()) == H5I_DATASET) return object;
  const std::string where = file_name + ":" + path;
  if (H5Iget_type(object.id()) != H5I_GROUP) throw Error(ErrorKind::data, where + ": is not a data set");
  throw Error(ErrorKind::data, where + ": is a group, not a data set; " + holds_text(object.id(), path));
}

}  // namespace mixfam::hdf5

#include "io/hdf5/location.hpp"

#include "io/hdf5/files.hpp"
#include "io/hdf5/links.hpp"
#include "io/hdf5/listing.hpp"
#include "io/hdf5/text.hpp"

#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <set>
#include <utility>
#include <vector>

namespace mixfam::hdf5 {
namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::data, message); }

bool is_file(const std::string& name) {
  std::error_code ignored;
  return std::filesystem::exists(name, ignored) && !std::filesystem::is_directory(name, ignored);
}

}  // namespace

Location split_location(const std::string& location) {
  if (is_file(location)) return {location, ""};
  // The split goes where the part before it is a file.
  std::size_t split = location.rfind(":/");
  const std::size_t last = split;
  while (split != std::string::npos && split > 0) {
    if (is_file(location.substr(0, split))) return {location.substr(0, split), location.substr(split + 1)};
    split = location.rfind(":/", split - 1);
  }
  const std::size_t colon = location.rfind(':');
  if (colon != std::string::npos && is_file(location.substr(0, colon))) {
    const std::string file = location.substr(0, colon);
    refuse("cannot read '" + location + "': a path within a file begins with '/': write " + file + ":/" +
           location.substr(colon + 1));
  }
  if (last == std::string::npos || last == 0) return {location, ""};
  return {location.substr(0, last), location.substr(last + 1)};
}

std::string only_eligible_path(const Handle& file, const std::string& file_name) {
  std::vector<std::string> blocked;
  std::vector<std::string> eligible_texts;
  std::vector<std::string> other_texts;
  const std::vector<Hdf5Object> objects = list_objects(file, file_name);
  for (const Hdf5Object& object : objects) {
    if (object.kind == "group" && !object.eligible) continue;
    const bool has_shape = object.kind == "data set" || object.eligible;
    const std::string text =
        object.path + " (" + (has_shape ? shape_text(object.shape) + ", " : object.kind + " ") + object.type + ")";
    (object.eligible ? eligible_texts : other_texts).push_back(text);
    if (!object.obstacle.empty()) blocked.push_back(object.path);
  }
  const Hdf5Object* const largest = largest_eligible(objects);
  if (eligible_texts.size() == 1) return largest->path;
  // Opening it says why it cannot be read.
  if (eligible_texts.empty() && blocked.size() == 1) return blocked.front();
  if (eligible_texts.empty()) {
    refuse("'" + file_name + "' holds no data set of numbers with rank 1 or 2 and at least one row; it holds " +
           (other_texts.empty() ? "no data sets at all" : list_text(other_texts)));
  }
  refuse("'" + file_name + "' holds " + std::to_string(eligible_texts.size()) + " data sets; name one, as in " +
         file_name + ":" + largest->path + ": " + list_text(eligible_texts));
}

std::uint64_t virtual_source_bytes(hid_t creation, const std::string& file, const std::string& where) {
  const auto text = [&](auto function, std::size_t index) {
    const ssize_t length = function(creation, index, nullptr, std::size_t{0});
    std::string value(static_cast<std::size_t>(std::max<ssize_t>(0, length)) + 1, '\0');
    function(creation, index, value.data(), value.size());
    value.pop_back();
    return value;
  };
  std::size_t count = 0;
  require_status(H5Pget_virtual_count(creation, &count), where, "read the parts of the virtual data set");
  std::set<std::pair<std::string, std::string>> parts;
  for (std::size_t i = 0; i < count; ++i) {
    parts.emplace(text(H5Pget_virtual_filename, i), text(H5Pget_virtual_dsetname, i));
  }
  std::uint64_t bytes = 0;
  bool open_ended = false;
  for (const auto& [source, path] : parts) {
    // "%b" stands for block numbers: a series of files that ends where the next is missing, of any size.
    if (source.find("%b") != std::string::npos || path.find("%b") != std::string::npos) {
      open_ended = true;
      continue;
    }
    const std::vector<std::string> candidates = file_candidates(source, file, "HDF5_VDS_PREFIX");
    const auto found = std::find_if(candidates.begin(), candidates.end(), is_file);
    if (found == candidates.end()) {
      refuse(where + ": is a virtual data set, and its part '" + source + "' is missing");
    }
    bytes += std::filesystem::file_size(*found);
    try {
      open_dataset(open_file(*found), *found, path[0] == '/' ? path : "/" + path);
    } catch (const Error& error) {
      refuse(where + ": is a virtual data set, and one of its parts is not there: " + error.what());
    }
  }
  return open_ended ? std::numeric_limits<std::uint64_t>::max() : bytes;
}

}  // namespace mixfam::hdf5

#include "io/model_file/version.hpp"

namespace mixfam::model_file {

void require_known_version(const Reader& reader) {
  const std::int64_t version = reader.integer("format_version").value_or(format_version);
  if (version >= 1 && version <= format_version) return;
  refuse(reader.name() + ": has model format version " + std::to_string(version) + ", but this program reads version " +
         std::to_string(format_version) + (version > format_version ? "; a newer mixfam wrote it" : ""));
}

}  // namespace mixfam::model_file

#include "fit_files.hpp"

#include "file_identity.hpp"

#include <mixfam/atomic_file.hpp>
#include <mixfam/error.hpp>

#include <string>
#include <vector>

namespace mixfam::cli {

namespace {

struct NamedFile {
  std::string option;
  std::string name;

  std::string text() const { return option + " " + name; }
};

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::usage, message); }

std::vector<NamedFile> written_files(const FitRequest& request) {
  std::vector<NamedFile> files;
  if (request.output) files.push_back({"--output", *request.output});
  if (request.trace) files.push_back({"--trace", *request.trace});
  return files;
}

std::vector<NamedFile> read_files(const FitRequest& request) {
  std::vector<NamedFile> files;
  if (request.starts_from_file()) files.push_back({"--start", request.start});
  if (request.prior_file()) files.push_back({"--prior", *request.prior_file()});
  return files;
}

}  // namespace

void check_files(const FitRequest& request) {
  const std::vector<NamedFile> written = written_files(request);
  if (written.size() == 2 && same_file(written[0].name, written[1].name))
    refuse(written[0].text() + " and " + written[1].text() + " are the same file");
  for (const NamedFile& target : written)
    for (const NamedFile& file : read_files(request))
      if (same_file(target.name, file.name))
        refuse(target.text() + ": is the file of " + file.text() +
               ", which the result is made from and which would be overwritten; choose another name");
  for (const NamedFile& target : written) check_writable(target.name);
}

void check_files_of_data(const FitRequest& request, const FitData& data) {
  for (const std::string& file : data.files())
    for (const NamedFile& target : written_files(request))
      if (same_file(target.name, file))
        refuse(target.text() + ": holds data of " + data.file().name() +
               " and would be overwritten; choose another name");
}

}  // namespace mixfam::cli

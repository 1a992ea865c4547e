#include <mixfam/atomic_file.hpp>
#include <mixfam/error.hpp>

#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "catch.hpp"
#include "io/folder.hpp"

namespace mixfam {
namespace {

namespace fs = std::filesystem;

bool is_refused(const std::string& file) {
  try {
    check_writable(file);
    return false;
  } catch (const Error& error) {
    return error.kind() == ErrorKind::write;
  }
}

}  // namespace

TEST_CASE("atomic file: content that a function writes is there whole, or nothing is", "[files]") {
  const Folder folder;
  folder.write("file", "old");
  const auto write = [](const std::string& temporary) { std::ofstream(temporary) << "half"; };
  CHECK_THROWS_AS(write_atomically(folder / "file",
                                   [&](const std::string& temporary) {
                                     write(temporary);
                                     throw std::runtime_error("stopped");
                                   }),
                  std::runtime_error);
  CHECK(text_of(folder / "file") == "old");
  CHECK(folder.files() == 1);
  write_atomically(folder / "file", write);
  CHECK(text_of(folder / "file") == "half");
  CHECK(folder.files() == 1);
}

TEST_CASE("atomic file: what is written is there, whole, and nothing else", "[files]") {
  const Folder folder;
  for (const std::string text : {"first", "", "the third is longer than the first"}) {
    write_atomically(folder / "file", text);
    CHECK(text_of(folder / "file") == text);
    CHECK(folder.files() == 1);
  }
}

TEST_CASE("atomic file: asking changes nothing", "[files]") {
  const Folder folder;
  check_writable(folder / "new");
  CHECK(folder.files() == 0);
  write_atomically(folder / "old", "old");
  check_writable(folder / "old");
  CHECK(text_of(folder / "old") == "old");
  CHECK(folder.files() == 1);
}

TEST_CASE("atomic file: what cannot be written is refused beforehand", "[files]") {
  const Folder folder;
  fs::create_directory(folder / "sub");
  fs::create_symlink("loop", folder / "loop");
  for (const std::string& file : {std::string(), folder / "sub", folder / "absent/file", std::string("/dev/null"),
                                  folder / "loop", folder / "file/", folder / std::string(300, 'x')}) {
    INFO(file);
    CHECK(is_refused(file));
    CHECK_THROWS_AS(write_atomically(file, "text"), Error);
  }
}

TEST_CASE("atomic file: temporary files of killed processes are no obstacle", "[files]") {
  const Folder folder;
  std::ofstream(folder / ("file.tmp." + std::to_string(getpid()))) << "half";
  check_writable(folder / "file");
  write_atomically(folder / "file", "whole");
  CHECK(text_of(folder / "file") == "whole");
}

TEST_CASE("atomic file: a link stays a link, and permissions stay", "[files]") {
  const Folder folder;
  fs::create_directory(folder / "real");
  fs::create_symlink("real/file", folder / "one");
  fs::create_symlink("one", folder / "two");
  for (const std::string text : {"to be", "to have been"}) {
    write_atomically(folder / "two", text);
    CHECK(fs::is_symlink(folder / "two"));
    CHECK(fs::is_symlink(folder / "one"));
    CHECK(text_of(folder / "real/file") == text);
    if (text == "to be") fs::permissions(folder / "real/file", fs::perms::owner_read | fs::perms::owner_write);
  }
  CHECK(fs::status(folder / "real/file").permissions() == (fs::perms::owner_read | fs::perms::owner_write));
}

}  // namespace mixfam

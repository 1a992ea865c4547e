#include "catch.hpp"
#include "io/test_file.hpp"

#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>

#include <signal.h>
#include <unistd.h>
#include <cstdlib>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace mixfam;

namespace {

Error error_of(const std::function<std::string()>& reading) {
  try {
    rehearse_hdf5("file.h5:/path", reading);
  } catch (const Error& error) {
    return error;
  }
  throw std::logic_error("no Error was thrown");
}

void check_death(const std::function<std::string()>& reading, const std::string& how) {
  const Error error = error_of(reading);
  CHECK(error.kind() == ErrorKind::data);
  const std::string message = error.what();
  INFO(message);
  for (const std::string& part : {std::string("file.h5:/path"), how, std::string("damaged"), std::string("h5repack")})
    CHECK(message.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("a rehearsal returns what was read in another process") {
  const pid_t here = getpid();
  CHECK(rehearse_hdf5("f", [&] { return std::string(getpid() == here ? "here" : "there"); }) == "there");
  CHECK(rehearse_hdf5("f", [] { return std::string(); }).empty());
  const std::string large(std::size_t{3} << 20, 'x');  // more than a pipe holds
  CHECK(rehearse_hdf5("f", [&] { return large + '\0' + "end"; }) == large + '\0' + "end");
}

TEST_CASE("what is thrown in a rehearsal is thrown by it") {
  for (const ErrorKind kind : {ErrorKind::usage, ErrorKind::data, ErrorKind::numerical, ErrorKind::write}) {
    const Error error = error_of([&]() -> std::string { throw Error(kind, "the message"); });
    CHECK(error.kind() == kind);
    CHECK(error.what() == std::string("the message"));
  }
  CHECK_THROWS_WITH(rehearse_hdf5("f", []() -> std::string { throw std::logic_error("not foreseen"); }),
                    "not foreseen");
}

TEST_CASE("whatever ends the child is an error that names the place") {
  for (const auto& [signal, name] : {std::pair(SIGSEGV, "Segmentation fault"),
                                     {SIGFPE, "Floating point"},
                                     {SIGABRT, "Aborted"},
                                     {SIGKILL, "Killed"}})
    check_death([signal = signal]() -> std::string { std::exit(raise(signal)); }, name);
  check_death([]() -> std::string { _exit(0); }, "crashed");
  check_death([]() -> std::string { std::abort(); }, "Aborted");
}

TEST_CASE("a program that does not wait for its children can rehearse") {
  const auto handler = signal(SIGCHLD, SIG_IGN);
  CHECK(rehearse_hdf5("f", [] { return std::string("read"); }) == "read");
  check_death([]() -> std::string { std::abort(); }, "crashed");
  signal(SIGCHLD, handler);
}

TEST_CASE("a rehearsal that stands still is ended") {
  check_death(
      []() -> std::string {
        while (true) sleep(1);
      },
      "came to no end");
}

TEST_CASE("a rehearsal within a rehearsal is part of it") {
  const std::string same = rehearse_hdf5("f", [] {
    const pid_t outer = getpid();
    return rehearse_hdf5("g", [&] { return std::string(getpid() == outer ? "same" : "another"); });
  });
  CHECK(same == "same");
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("memory that no small file needs is refused to a rehearsal") {
  const Error error = error_of([] { return std::string(std::size_t{600} << 20, 'x'); });
  CHECK(error.kind() == ErrorKind::data);
  const std::string message = error.what();
  CHECK(message.find("file.h5:/path: reading it takes more than 256 MiB") == 0);
  CHECK(rehearse_hdf5("f", [] { return std::string(std::size_t{32} << 20, 'x'); }).size() == std::size_t{32} << 20);
}
#endif

TEST_CASE("a source that is rehearsed gives what it gives without") {
  struct Case {
    std::string location;
    std::vector<std::string> columns;
  };
  for (const Case& one : {Case{"types.h5:/f4", {}},
                          {"one.h5", {}},
                          {"one.h5", {"weight"}},
                          {"layouts.h5:/compressed", {}},
                          {"labels.h5:/variable", {}},
                          {"labels.h5:/fixed", {}},
                          {"labels.h5:/matrix", {"1"}},
                          {"labels.h5:/table", {"size", "code", "kind", "color"}},
                          {"labels.h5:/enum", {}},
                          {"anndata.h5:/obs/cell_type", {}},
                          {"virtual.h5", {}},
                          {"links.h5:/external", {}},
                          {"warnings.h5:/sparse", {}},
                          {"warnings.h5:/wrong_names", {}}}) {
    INFO(one.location);
    Hdf5Options options;
    options.columns = one.columns;
    Hdf5Source plain(test_file(one.location), options);
    options.rehearse = true;
    Hdf5Source rehearsed(test_file(one.location), options);
    CHECK(rehearsed.name() == plain.name());
    CHECK(rehearsed.column_names() == plain.column_names());
    CHECK(rehearsed.category_labels() == plain.category_labels());
    CHECK(rehearsed.warnings() == plain.warnings());
    REQUIRE(rehearsed.rows() == plain.rows());
    for (int pass = 0; pass < 2; ++pass) {
      plain.rewind();
      rehearsed.rewind();
      for (std::size_t row = 0; row < plain.rows();) {
        const Chunk a = plain.next(1);
        const Chunk b = rehearsed.next(1);
        REQUIRE(a.rows == b.rows);
        const std::size_t bytes = a.rows * plain.columns() * element_size(a.type);
        CHECK(std::string(static_cast<const char*>(a.data), bytes) ==
              std::string(static_cast<const char*>(b.data), bytes));
        row += a.rows;
      }
    }
  }
}

TEST_CASE("a rehearsed source refuses with the words of the plain one") {
  for (const char* location :
       {"absent.h5", "text.h5", "refused.h5:/cube", "labels.h5:/many", "refused.h5:/lzf", "virtual_missing.h5",
        "links.h5:/dangling", "truncated.h5", "no_data.h5", "one.h5:/group"}) {
    INFO(location);
    const auto message = [&](bool rehearse) {
      Hdf5Options options;
      options.rehearse = rehearse;
      try {
        const Hdf5Source source(test_file(location), options);
      } catch (const Error& error) {
        CHECK(error.kind() == ErrorKind::data);
        return std::string(error.what());
      }
      return std::string("nothing");
    };
    CHECK(message(true) == message(false));
    CHECK(message(true) != "nothing");
  }
}

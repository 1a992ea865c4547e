#include "io/hdf5/rehearsal.hpp"

#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <new>
#include <optional>
#include <utility>

namespace mixfam {
namespace {

constexpr std::uint64_t mebibyte = std::uint64_t{1} << 20;

/// What a small file may take beyond what the process has: HDF5, its chunk cache, one read and BLAS use less.
constexpr std::uint64_t base_memory = 256 * mebibyte;
/// gzip packs 1032 bytes into one at most (zlib's technical notes), and HDF5 holds what it unpacks twice.
constexpr std::uint64_t memory_for_a_file_byte = 2 * 1032;

/// What a step on a small file may take: a thousand times of what is seen.
constexpr std::uint64_t base_seconds = 5;
/// The slowest reading of one step through a whole file that is taken for progress, in bytes a second.
constexpr std::uint64_t slowest_reading = 10 * mebibyte;
constexpr std::uint64_t most_seconds = 600;

/// Sanitizers take an address space of terabytes.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MIXFAM_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MIXFAM_SANITIZED 1
#endif
#endif
#ifdef MIXFAM_SANITIZED
constexpr bool can_limit_memory = false;
#else
constexpr bool can_limit_memory = true;
#endif

/// Text that a child leaves behind, however it ends: the place that it was reading.
class LastWords {
 public:
  LastWords()
      : text_(static_cast<char*>(
            ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, /*fd=*/-1, 0))) {
    if (text_ == MAP_FAILED) throw std::bad_alloc();
  }
  LastWords(const LastWords&) = delete;
  LastWords& operator=(const LastWords&) = delete;
  ~LastWords() { ::munmap(text_, size); }

  void set(const std::string& text) { std::strncpy(text_, text.c_str(), size - 1); }
  std::string get() const { return text_; }

 private:
  static constexpr std::size_t size = 4096;  // the last byte stays 0
  char* text_;
};

/// Of the process that rehearses; it has one thread.
struct Limits {
  LastWords* last_words;
  std::uint64_t address_space_before;
  std::uint64_t file_bytes = 0;

  unsigned seconds() const {
    return static_cast<unsigned>(std::min(most_seconds, base_seconds + file_bytes / slowest_reading));
  }
  std::uint64_t memory() const {
    std::uint64_t bytes = 0;
    if (__builtin_mul_overflow(file_bytes, memory_for_a_file_byte, &bytes) ||
        __builtin_add_overflow(bytes, base_memory, &bytes)) {
      return RLIM_INFINITY;
    }
    return bytes;
  }
};
std::optional<Limits> limits;

std::uint64_t address_space() {
  std::ifstream stream("/proc/self/statm");
  std::uint64_t pages = 0;
  return stream >> pages ? pages * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE)) : 0;
}

void limit_memory() {
  rlimit limit = {};
  std::uint64_t bytes = 0;
  if (!can_limit_memory || limits->address_space_before == 0 || getrlimit(RLIMIT_AS, &limit) != 0 ||
      __builtin_add_overflow(limits->address_space_before, limits->memory(), &bytes)) {
    return;
  }
  // Soft only, so that another file can raise it.
  limit.rlim_cur = std::min<rlim_t>(bytes, limit.rlim_max);
  setrlimit(RLIMIT_AS, &limit);
}

/// What comes through the pipe: how it ended, then the result or the message, whose length says whether it is whole.
enum class Outcome : std::uint64_t { result, error, other_exception };
struct Header {
  Outcome outcome;
  ErrorKind kind;
  std::uint64_t length;
};

void write_whole(int descriptor, const char* bytes, std::size_t count) {
  while (count > 0) {
    const ssize_t written = ::write(descriptor, bytes, count);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) ::_exit(1);
    bytes += written;
    count -= static_cast<std::size_t>(written);
  }
}

/// Signals end the child even where the process handles them; those that end the process leave it to the child to
/// finish.
void reset_signals() {
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGALRM, SIGPIPE}) std::signal(signal, SIG_DFL);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) std::signal(signal, SIG_IGN);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

/// The C library and sanitizers print when a process crashes.
void silence_standard_streams() {
  const int nowhere = ::open("/dev/null", O_WRONLY);
  if (nowhere < 0) return;
  ::dup2(nowhere, STDOUT_FILENO);
  ::dup2(nowhere, STDERR_FILENO);
}

[[noreturn]] void run_child(int pipe, LastWords& last_words, const std::string& where,
                            const std::function<std::string()>& reading) {
  reset_signals();
  silence_standard_streams();
  const rlimit no_core = {0, 0};
  setrlimit(RLIMIT_CORE, &no_core);
  limits = Limits{&last_words, address_space()};
  limit_memory();
  rehearsal::step(where);

  Header header{Outcome::result, ErrorKind::data, 0};
  std::string text;
  try {
    text = reading();
  } catch (const Error& error) {
    header.outcome = Outcome::error;
    header.kind = error.kind();
    text = error.what();
  } catch (const std::bad_alloc&) {
    header.outcome = Outcome::error;
    text = last_words.get() + ": reading it takes more than " + std::to_string(limits->memory() / mebibyte) +
           " MiB of memory, which a file of this size cannot need: it is damaged; copy or download it again";
  } catch (const std::exception& error) {
    header.outcome = Outcome::other_exception;
    text = error.what();
  }
  header.length = text.size();
  write_whole(pipe, reinterpret_cast<const char*>(&header), sizeof(header));
  write_whole(pipe, text.data(), text.size());
  // Not exit: what the process does at its end is not for its copy.
  ::_exit(0);
}

class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() { close(); }
  int number() const { return number_; }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }

 private:
  int number_;
};

/// A process that does not outlive its owner.
class Child {
 public:
  explicit Child(pid_t process) : process_(process) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    wait();
  }
  /// The signal that ended it; nothing where it ended by itself or the caller's program has taken its status.
  std::optional<int> wait() {
    int status = 0;
    pid_t ended = 0;
    do {
      ended = ::waitpid(process_, &status, 0);
    } while (ended < 0 && errno == EINTR);
    const bool known = ended == process_;
    process_ = -1;
    return known && WIFSIGNALED(status) ? std::optional(WTERMSIG(status)) : std::nullopt;
  }

 private:
  pid_t process_;
};

std::string read_whole(int descriptor) {
  std::string bytes;
  std::array<char, 1 << 16> piece;
  while (true) {
    const ssize_t count = ::read(descriptor, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return bytes;
    bytes.append(piece.data(), static_cast<std::size_t>(count));
  }
}

[[noreturn]] void throw_no_process(const std::string& where) {
  throw Error(ErrorKind::data, "cannot read '" + where + "': no process can be made to try it out in: " +
                                   std::strerror(errno) + "; are there too many processes or files open?");
}

[[noreturn]] void throw_death(const std::string& where, std::optional<int> signal) {
  std::string end = "crashed on it";
  if (signal == SIGALRM) {
    end = "came to no end with it";
  } else if (signal) {
    end += std::string(" (") + strsignal(*signal) + ")";
  }
  throw Error(ErrorKind::data, "cannot read '" + where + "': the HDF5 library " + end +
                                   ": the file is damaged. Copy or download it again; h5dump shows what can still be "
                                   "read, and h5repack may save it");
}

}  // namespace

namespace rehearsal {

void step(const std::string& where) {
  if (!limits) return;
  limits->last_words->set(where);
  ::alarm(limits->seconds());
}

void allow_for(std::uint64_t file_bytes) {
  if (!limits) return;
  if (__builtin_add_overflow(limits->file_bytes, file_bytes, &limits->file_bytes)) limits->file_bytes = UINT64_MAX;
  limit_memory();
  ::alarm(limits->seconds());
}

}  // namespace rehearsal

std::string rehearse_hdf5(const std::string& location, const std::function<std::string()>& reading) {
  if (limits) return reading();
  LastWords last_words;
  std::array<int, 2> ends = {};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_no_process(location);
  const Descriptor source(ends[0]);
  Descriptor target(ends[1]);
  const pid_t process = ::fork();
  if (process < 0) throw_no_process(location);
  if (process == 0) run_child(target.number(), last_words, location, reading);
  Child child(process);
  target.close();
  const std::string message = read_whole(source.number());
  const std::optional<int> signal = child.wait();

  Header header{};
  if (message.size() >= sizeof(header)) std::memcpy(&header, message.data(), sizeof(header));
  if (message.size() < sizeof(header) || message.size() - sizeof(header) != header.length)
    throw_death(last_words.get(), signal);
  std::string text = message.substr(sizeof(header));
  if (header.outcome == Outcome::error) throw Error(header.kind, text);
  if (header.outcome == Outcome::other_exception) throw std::runtime_error(text);
  return text;
}

}  // namespace mixfam

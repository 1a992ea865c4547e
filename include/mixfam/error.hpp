#pragma once

#include <mixfam/export.hpp>

#include <stdexcept>
#include <string>

namespace mixfam {

/// What went wrong, in the terms that a caller decides on.
enum class ErrorKind {
  usage,      ///< an argument, option or specification does not make sense
  data,       ///< a file or array cannot be read or breaks a rule of the model
  numerical,  ///< the computation cannot go on (a degenerate component, an impossible row)
  write,      ///< a result cannot be written
};

/// The one exception of the library; `what()` names where, value and rule, and what to try. Settings stand in
/// backticks, as in "`update = map`" or "`max_iterations`", so that a program can put its own options in their place.
class MIXFAM_API Error : public std::runtime_error {
 public:
  Error(ErrorKind kind, const std::string& message) : std::runtime_error(message), kind_(kind) {}
  ~Error() override;
  Error(const Error&) = default;
  Error& operator=(const Error&) = default;

  ErrorKind kind() const noexcept { return kind_; }

 private:
  ErrorKind kind_;
};

}  // namespace mixfam

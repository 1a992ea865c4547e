#include "as_typed.hpp"

#include <algorithm>
#include <map>

namespace mixfam::cli {

namespace {

/// Settings of the library (FitOptions, RestartsOptions) that are options of `mixfam fit`.
const std::map<std::string, std::string>& options_by_setting() {
  static const std::map<std::string, std::string> names = {
      {"accelerate", "--accelerate"},
      {"assignment", "--assign"},
      {"batch_rows", "--batch-rows"},
      {"columns", "--columns"},
      {"components", "--components"},
      {"cooling", "--cooling"},
      {"degenerate", "--degenerate"},
      {"family", "--family"},
      {"forgetting", "--forgetting"},
      {"freeze", "--freeze"},
      {"gaps", "--missing nan"},
      {"keep_saddle", "--keep-saddle"},
      {"max_iterations", "--max-iterations"},
      {"missing", "--missing"},
      {"prior", "--prior"},
      {"raw", "--raw"},
      {"restarts", "--restarts"},
      {"seed", "--seed"},
      {"split", "--split"},
      {"start", "--start"},
      {"temperature", "--temperature"},
      {"threads", "--threads"},
      {"tolerance", "--tolerance"},
      {"transpose", "--transpose"},
      {"update", "--update"},
      {"verify", "--verify"},
      {"weights", "--weights"},
  };
  return names;
}

/// The option for "setting" or "setting = value"; empty for anything else.
std::string option_text(const std::string& quoted) {
  const std::string equals = " = ";
  const std::size_t end = std::min(quoted.find(equals), quoted.size());
  const auto option = options_by_setting().find(quoted.substr(0, end));
  if (option == options_by_setting().end()) return {};
  return end == quoted.size() ? option->second : option->second + " " + quoted.substr(end + equals.size());
}

}  // namespace

std::string as_typed(const std::string& message) {
  std::string text;
  std::size_t done = 0;
  for (std::size_t begin = message.find('`'); begin != std::string::npos; begin = message.find('`', done)) {
    const std::size_t end = message.find('`', begin + 1);
    if (end == std::string::npos) break;
    const std::string option = option_text(message.substr(begin + 1, end - begin - 1));
    // The second backtick may begin what is meant.
    text += message.substr(done, begin - done) + (option.empty() ? message.substr(begin, end - begin) : option);
    done = option.empty() ? end : end + 1;
  }
  return text + message.substr(done);
}

}  // namespace mixfam::cli

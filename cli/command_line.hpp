#pragma once

#include "commands.hpp"

#include <string>
#include <variant>

namespace mixfam::cli {

/// `--help` or `--version`: the text to print.
struct HelpRequest {
  std::string text;
};

using Request =
    std::variant<HelpRequest, FitRequest, FamiliesRequest, DescribeRequest, ConvertRequest, DivergenceRequest>;

/// What the user asks for. Throws Error(usage) for a command line that makes no sense.
Request parse_command_line(int argc, char** argv);

}  // namespace mixfam::cli

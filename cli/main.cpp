#include "as_typed.hpp"
#include "command_line.hpp"
#include "commands.hpp"
#include "standard_streams.hpp"

#include <mixfam/error.hpp>

#include <exception>
#include <new>
#include <variant>

namespace {

using namespace mixfam::cli;

struct Run {
  ExitStatus operator()(const FitRequest& request) const { return fit_command(request); }
  ExitStatus operator()(const FamiliesRequest& request) const { return families_command(request); }
  ExitStatus operator()(const DescribeRequest& request) const { return describe_command(request); }
  ExitStatus operator()(const ConvertRequest& request) const { return convert_command(request); }
  ExitStatus operator()(const DivergenceRequest& request) const { return divergence_command(request); }
  ExitStatus operator()(const HelpRequest& request) const {
    print(request.text);
    return ExitStatus::done;
  }
};

ExitStatus run(int argc, char** argv) {
  try {
    return std::visit(Run(), parse_command_line(argc, argv));
  } catch (const mixfam::Error& error) {
    complain(as_typed(error.what()));
    return exit_status(error.kind());
  } catch (const std::bad_alloc&) {
    complain("out of memory");
  } catch (const std::exception& error) {
    complain(std::string("internal error: ") + error.what());
  }
  return ExitStatus::internal;
}

}  // namespace

int main(int argc, char** argv) {
  prepare_standard_streams();
  return static_cast<int>(run(argc, argv));
}

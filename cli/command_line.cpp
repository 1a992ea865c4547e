#include "command_line.hpp"

#include "text.hpp"

#include <mixfam/error.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <utility>

namespace mixfam::cli {

namespace {

constexpr const char* program_description =
    "Mixtures of exponential families, fitted to the rows of an HDF5 data set by expectation\n"
    "maximisation, with the lower bound of every iteration.";

constexpr const char* program_footer =
    "Exit status: 0 done, 1 internal error, 2 usage, 3 data unreadable or invalid, 5 numerical\n"
    "failure, 6 cannot write, 130 interrupted. `mixfam COMMAND --help` tells about a command.";

constexpr const char* fit_footer =
    "DATA\n"
    "  FILE.h5 or FILE.h5:/path/of/data/set: N rows x D columns of integers or floats, or a compound\n"
    "  table. The path may be left out where the file holds exactly one such data set.\n"
    "SPEC\n"
    "  A family: gaussian; or a product over disjoint columns: \"gaussian(a,b) * exponential(c)\",\n"
    "  with columns by name or by number from 0. `mixfam families` lists them.\n"
    "PRIOR FILE\n"
    "  {\"weights\": {\"concentration\": 2}, \"components\": {\"mu0\": 0, \"kappa0\": 0.01, \"nu0\": 4, \"psi0\": 1}}\n"
    "  A number stands for every column, for a matrix it is the diagonal; what is left out is flat.\n"
    "OUTCOME\n"
    "  converged, max_iterations and decreased end with status 0 (the last two with a word on standard\n"
    "  error). degenerate, a component that no parameters fit, ends with status 5: the last sound\n"
    "  parameters are printed, but no model and no trace are written. The first Ctrl-C ends the fit after\n"
    "  the iteration at hand in the same way, with status 130; a second one ends the program at once.";

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::usage, message); }

/// Decimal digits only: no sign, no octal, no silent wrap at the largest value.
template <class Integer>
Integer whole_number(const std::string& option, const std::string& text, Integer least) {
  Integer value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < least)
    refuse(option + " = " + text + ": a whole number >= " + std::to_string(least) + " is needed");
  return value;
}

double nonnegative_number(const std::string& option, const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= 0) || !std::isfinite(value))
    refuse(option + " = " + text + ": a number >= 0 is needed");
  return value;
}

template <class Value>
Value one_of(const std::string& option, const std::string& text, const std::map<std::string, Value>& values) {
  if (const auto found = values.find(text); found != values.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [name, value] : values) known.push_back(name);
  refuse(option + " = " + text + ": must be " + joined(known, " or "));
}

std::vector<std::string> split_at_commas(const std::string& option, const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    if (end == begin) refuse(option + " = " + text + ": a name is empty");
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

/// An option whose text is handed to `read` together with the option's own name.
template <class Read>
CLI::Option* add(CLI::App& app, const std::string& name, const std::string& value, const std::string& description,
                 Read read) {
  return app
      .add_option_function<std::string>(
          name, [name, read](const std::string& text) { read(name, text); }, description)
      ->type_name(value);
}

CLI::App* add_fit(CLI::App& app, FitRequest& request) {
  CLI::App* fit = app.add_subcommand("fit", "Fit a mixture to the rows of a data set");
  fit->footer(fit_footer);
  using Name = const std::string&;
  using Text = const std::string&;
  const auto store = [](auto& target) { return [&target](Name, Text text) { target = text; }; };

  add(*fit, "DATA", "", "FILE.h5[:/path], the data", store(request.data))->required();
  add(*fit, "--family", "SPEC", "the family of the components, such as gaussian", store(request.family))->required();
  add(*fit, "--components", "K", "the number of components", [&](Name name, Text text) {
    request.components = whole_number<std::size_t>(name, text, 1);
  })->required();
  add(*fit, "--columns", "A,B,..", "columns to read, by name or by number from 0 [all]",
      [&](Name name, Text text) { request.columns = split_at_commas(name, text); });

  add(*fit, "--start", "START",
      "kmeans++, random, or a file: a saved or hand-made mixture, taken\n"
      "exactly, or /responsibilities (N x K), which begin with an M-step\n[kmeans++]",
      store(request.start));
  add(*fit, "--restarts", "N", "starts to try; the best is the result [1]",
      [&](Name name, Text text) { request.restarts = whole_number<std::size_t>(name, text, 1); });
  add(*fit, "--seed", "S", "of the random starts [0]",
      [&](Name name, Text text) { request.seed = whole_number<std::uint64_t>(name, text, 0); });

  add(*fit, "--update", "ml|map", "maximum likelihood, or the posterior mode under --prior [ml]",
      [&](Name name, Text text) {
        request.update = one_of<Update>(name, text, {{"ml", Update::ml}, {"map", Update::map}});
      });
  add(*fit, "--prior", "default|FILE.json", "for --update map; `default` scales itself to the data [default]",
      store(request.prior));
  add(*fit, "--assign", "soft|hard", "EM, or classification EM [soft]", [&](Name name, Text text) {
    request.assignment = one_of<Assignment>(name, text, {{"soft", Assignment::soft}, {"hard", Assignment::hard}});
  });
  add(*fit, "--tolerance", "NATS",
      "stop when the estimate of what the objective would still gain\nis below this [" +
          CLI::detail::to_string(FitOptions().tolerance) + "]",
      [&](Name name, Text text) { request.tolerance = nonnegative_number(name, text); });
  add(*fit, "--max-iterations", "N",
      "the most M-steps of a start [" + std::to_string(FitOptions().max_iterations) + "]",
      [&](Name name, Text text) { request.max_iterations = whole_number<std::size_t>(name, text, 0); });
  fit->add_flag("--verify", request.verify,
                "compute every KL by its definition too and report how far\nlog p = ELBO + KL is off (one more pass an "
                "iteration)");

  add(*fit, "--output", "MODEL.h5", "save the mixture", store(request.output));
  add(*fit, "--trace", "FILE.csv", "save the trace, one line for each iteration", store(request.trace));
  fit->add_flag("--json", request.json, "the result as one JSON document");
  fit->add_flag("--quiet", request.quiet, "no progress on standard error; warnings and errors stay");
  return fit;
}

CLI::App* add_families(CLI::App& app, FamiliesRequest& request) {
  CLI::App* families = app.add_subcommand("families", "List the families: parameters, domain, prior");
  families->add_flag("--json", request.json, "the list as one JSON document");
  return families;
}

CLI::App* add_describe(CLI::App& app, DescribeRequest& request) {
  CLI::App* describe = app.add_subcommand("describe", "Show what a data file or a model file holds");
  describe->add_option("FILE", request.file, "an HDF5 file")->required()->type_name("");
  describe->add_flag("--json", request.json, "the description as one JSON document");
  return describe;
}

}  // namespace

Request parse_command_line(int argc, char** argv) {
  CLI::App app(program_description, "mixfam");
  app.footer(program_footer);
  app.get_formatter()->column_width(28);
  app.set_version_flag("--version", "mixfam " MIXFAM_VERSION);
  app.require_subcommand(0, 1);
  FitRequest fit_request;
  FamiliesRequest families_request;
  DescribeRequest describe_request;
  const CLI::App* fit = add_fit(app, fit_request);
  const CLI::App* families = add_families(app, families_request);
  const CLI::App* describe = add_describe(app, describe_request);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return HelpRequest{app.help()};
  } catch (const CLI::CallForVersion& version) {
    return HelpRequest{std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    refuse(std::string(error.what()) + " (mixfam --help, mixfam COMMAND --help)");
  }
  if (*fit) return fit_request;
  if (*families) return families_request;
  if (*describe) return describe_request;
  refuse("a command is needed: fit, families or describe (mixfam --help)");
}

}  // namespace mixfam::cli

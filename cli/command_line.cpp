#include "command_line.hpp"

#include "fit_options.hpp"
#include "memory_budget.hpp"
#include "nearest.hpp"
#include "output/text.hpp"
#include "weights_names.hpp"

#include <mixfam/error.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace mixfam::cli {

namespace {

constexpr const char* program_description =
    "Mixtures of exponential families, fitted to the rows of an HDF5 data set by expectation\n"
    "maximisation, variational Bayes or sampling, with the lower bound of every iteration.";

constexpr const char* program_footer =
    "Exit status: 0 done, 1 internal error, 2 usage, 3 data unreadable or invalid, 5 numerical\n"
    "failure, 6 cannot write, 129, 130 and 143 interrupted by SIGHUP, SIGINT and SIGTERM.\n"
    "`mixfam COMMAND --help` tells about a command.";

constexpr const char* fit_footer =
    "DATA\n"
    "  FILE.h5 or FILE.h5:/path/of/data/set: N rows x D columns of integers or floats, or a compound\n"
    "  table. The path may be left out where the file holds exactly one such data set.\n"
    "SPEC\n"
    "  A family: gaussian; or a product over disjoint columns: \"gaussian(a,b) * exponential(c)\",\n"
    "  with columns by name or by number from 0. `mixfam families` lists them. Components of several\n"
    "  families: \"3 gaussian + 1 uniform\", \"2 (gaussian(a) * categorical(b)) + 1 uniform\".\n"
    "METHOD\n"
    "  --update ml      EM; with --assign hard classification EM, with --assign sampled stochastic EM\n"
    "  --update map     the same for the posterior mode under --prior\n"
    "  --update vb      variational Bayes, which needs a proper prior\n"
    "  --update sampled with --assign sampled: Gibbs sampling; needs a proper prior\n"
    "  --temperature makes soft assignment softer at first (annealing); --batch-rows makes an update\n"
    "  after each batch (online EM, stochastic variational inference). Where something is sampled,\n"
    "  all of --max-iterations are made.\n"
    "PRIOR FILE\n"
    "  {\"weights\": {\"prior\": \"dirichlet\", \"concentration\": 2},\n"
    "   \"components\": {\"mu0\": 0, \"kappa0\": 0.01, \"nu0\": 4, \"psi0\": 1}}\n"
    "  A number stands for every column, for a matrix it is the diagonal; what is left out is flat.\n"
    "  weights: prior is one of --weights; concentration is one number, or one for each component.\n"
    "  Of several families components is an array, with an object for each.\n"
    "OUTCOME\n"
    "  converged, saddle, max_iterations and decreased end with status 0 (all but the first with a word\n"
    "  on standard error). degenerate, a component that no parameters fit, ends with status 5: the last sound\n"
    "  parameters are printed, but no model and no trace are written. The first Ctrl-C, SIGTERM or SIGHUP\n"
    "  ends the fit after the iteration at hand: the result so far is printed and saved with the verdict\n"
    "  interrupted, and the status is 128 + the signal. A second one ends the program at once.";

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

/// `rule` says what numbers satisfy `holds`, as in "a number >= 0".
template <class Holds>
double number(const std::string& option, const std::string& text, const std::string& rule, Holds holds) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value) || !holds(value))
    refuse(option + " = " + text + ": " + rule + " is needed");
  return value;
}

std::string default_text(double value) { return " [" + CLI::detail::to_string(value) + "]"; }

template <class Enum>
Enum one_of(const std::string& option, const std::string& text) {
  if (const auto value = from_string<Enum>(text)) return *value;
  const std::vector<std::string> known = names_of<Enum>();
  refuse(option + " = " + printable(text) + ": must be " + joined(known, " or ") + suggestion(text, known));
}

std::string one_of_weights(const std::string& option, const std::string& text) {
  const std::vector<std::string> known = names_of_weights();
  if (std::find(known.begin(), known.end(), text) != known.end()) return text;
  refuse(option + " = " + printable(text) + ": must be " + joined(known, " or ") + suggestion(text, known));
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

/// "A,B,..", "all", or either followed by " but C,D,..".
void read_columns(const std::string& option, const std::string& text, FitRequest& request) {
  const std::string but = " but ";
  const std::size_t end = text.find(but);
  request.columns = split_at_commas(option, text.substr(0, end));
  if (end != std::string::npos) request.except_columns = split_at_commas(option, text.substr(end + but.size()));
}

Slice slice(const std::string& option, const std::string& text) {
  const auto slice = Slice::parse(text);
  if (!slice || slice->step < 1)
    refuse(option + " = " + printable(text) +
           ": a slice A:B or A:B:STEP is needed, as in Python, with STEP > 0; negative numbers count from the end");
  return *slice;
}

Missing missing(const std::string& option, const std::string& text) {
  if (text == "refuse") return {};
  if (text == "nan") return {true, std::nullopt};
  return {true, number(option, text, "refuse, nan or a number", [](double) { return true; })};
}

/// An option whose text is handed to `read` together with the option's own name.
template <class Read>
CLI::Option* add(CLI::App& app, const std::string& name, const std::string& value, const std::string& description,
                 Read read) {
  return app
      .add_option_function<std::string>(
          name,
          [&app, name, read](const std::string& text) {
            if (app.get_option_no_throw(text) != nullptr && text.rfind("-", 0) == 0)
              refuse(name + " needs a value, and " + text + " is an option; ./" + text + " is a file of that name");
            read(name, text);
          },
          description)
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
  add(*fit, "--components", "K",
      "the number of components; may be left out where the family has\nnumbers, as in \"3 gaussian + 1 uniform\"",
      [&](Name name, Text text) { request.components = whole_number<std::size_t>(name, text, 1); });
  add(*fit, "--columns", "A,B,..",
      "columns to read, by name, by number from 0, or as 0:4; also\n\"all but A,B\" and \"0:9 but 3\" [all]",
      [&](Name name, Text text) { read_columns(name, text, request); });
  add(*fit, "--rows", "A:B:STEP", "rows to fit, as a Python slice; -9: are the last nine [all]",
      [&](Name name, Text text) { request.rows = slice(name, text); });
  add(*fit, "--split", "F",
      "fit a random part of the rows: each is in it with probability F,\nby --seed and its number alone",
      [&](Name name, Text text) {
        request.split =
            number(name, text, "a number between 0 and 1", [](double value) { return value > 0 && value < 1; });
      });
  add(*fit, "--part", "PART", "train or rest: which part of --split [train]",
      [&](Name name, Text text) { request.part = one_of<SplitPart>(name, text); });
  add(*fit, "--row-weights", "WHERE",
      "a weight >= 0 for each row, 0 leaves it out: FILE.h5:/path, :/path\nin the file of the data, or a column, which "
      "is no data then [all 1]",
      store(request.row_weights));
  add(*fit, "--labels", "WHERE",
      "the component that each row is known to come from, -1 where it is\nnot: whole numbers, or texts in sorted "
      "order; "
      "as --row-weights [none]",
      store(request.labels));
  add(*fit, "--missing", "WHAT",
      "refuse, nan or a number: refuse NaN, or take it for a missing cell,\nand cells with that number too [refuse]",
      [&](Name name, Text text) { request.missing = missing(name, text); });
  fit->add_flag("--transpose", request.transpose, "read a matrix of D x N, as MATLAB, Julia and R write N rows of D");
  fit->add_flag("--raw", request.raw,
                "read numbers as they are stored, whatever the data set's attributes\nsay of fill values and scales");

  fit->add_flag("--merge-rows", request.merge_rows,
                "fit each distinct row once, weighted by the number of its copies;\nfor data of few values");

  add(*fit, "--start", "START",
      "kmeans++, random, or a file: a saved or hand-made mixture, taken\n"
      "exactly, or /responsibilities (N x K), which begin with an M-step\n[kmeans++]",
      store(request.start));
  add(*fit, "--restarts", "N", "starts to try; the best is the result [1]",
      [&](Name name, Text text) { request.restarts = whole_number<std::size_t>(name, text, 1); });
  add(*fit, "--seed", "S", "of random starts and of everything sampled [0]",
      [&](Name name, Text text) { request.seed = whole_number<std::uint64_t>(name, text, 0); });

  add(*fit, "--update", "UPDATE",
      "ml, map, vb or sampled: maximum likelihood, the posterior mode,\nvariational Bayes, or draws from the posterior "
      "[ml]",
      [&](Name name, Text text) { request.update = one_of<Update>(name, text); });
  add(*fit, "--assign", "ASSIGN",
      "soft, hard or sampled: by probabilities, to the most probable\ncomponent, or drawn [soft]",
      [&](Name name, Text text) { request.assignment = one_of<Assignment>(name, text); });
  add(*fit, "--prior", "PRIOR",
      "default, flat or FILE.json; not for --update ml. `default` scales\nitself to the data, `flat` is ml [default]",
      store(request.prior));
  add(*fit, "--weights", "PRIOR",
      "prior of the weights: dirichlet, fixed (as in the start file, else\nequal) or stick-breaking (of a Dirichlet "
      "process; vb only)\n[dirichlet]",
      [&](Name name, Text text) { request.weights = one_of_weights(name, text); });
  add(*fit, "--freeze", "WHAT,..",
      "keep what the start file has: all parameters of components, by their\nnumbers from 0, or a parameter of all "
      "components by its name, as mean",
      [&](Name name, Text text) { request.freeze = split_at_commas(name, text); });
  fit->add_flag("--freeze-weights", request.freeze_weights, "keep the weights of the start: --weights fixed");
  add(*fit, "--temperature", "T", "begin with responsibilities p(z|x)^(1/T), T >= 1" + default_text(1),
      [&](Name name, Text text) {
        request.temperature = number(name, text, "a number >= 1", [](double value) { return value >= 1; });
      });
  add(*fit, "--cooling", "C",
      "multiply the temperature by this after each iteration, down to 1" + default_text(FitOptions().cooling),
      [&](Name name, Text text) {
        request.cooling =
            number(name, text, "a number between 0 and 1", [](double value) { return value > 0 && value < 1; });
      });
  add(*fit, "--batch-rows", "N", "update after each batch of this many rows [all rows]",
      [&](Name name, Text text) { request.batch_rows = whole_number<std::size_t>(name, text, 1); });
  add(*fit, "--forgetting", "A",
      "step t of the batches has the weight (t + 2)^-A, 0.5 < A <= 1" + default_text(FitOptions().forgetting),
      [&](Name name, Text text) {
        request.forgetting =
            number(name, text, "a number in (0.5, 1]", [](double value) { return value > 0.5 && value <= 1; });
      });
  add(*fit, "--accelerate", "METHOD",
      "anderson, squarem or none: extrapolate the steps of soft assignment,\nso that far fewer are needed [none]",
      [&](Name name, Text text) { request.accelerate = one_of<Acceleration>(name, text); });
  add(*fit, "--prefer", "WHAT",
      "the best of several starts: sound (a component that has shrunk\nonto few rows must be worth more than chance) "
      "or likelihood [sound]",
      [&](Name name, Text text) { request.prefer = one_of<Prefer>(name, text); });
  add(*fit, "--degenerate", "POLICY",
      "for a component that no parameters fit: error, reseed (around a\nrandom row), drop or keep (its old parameters) "
      "[error]",
      [&](Name name, Text text) { request.degenerate = one_of<DegeneratePolicy>(name, text); });
  add(*fit, "--tolerance", "NATS",
      "stop when the estimate of what the objective would still gain\nis below this" +
          default_text(FitOptions().tolerance),
      [&](Name name, Text text) {
        request.tolerance = number(name, text, "a number >= 0", [](double value) { return value >= 0; });
      });
  add(*fit, "--max-iterations", "N",
      "the most M-steps of a start [" + std::to_string(FitOptions().max_iterations) + "; where something is\nsampled " +
          std::to_string(sampling_iterations) + ", all of which are made]",
      [&](Name name, Text text) { request.max_iterations = whole_number<std::size_t>(name, text, 0); });
  add(*fit, "--threads", "N", "threads to use; they change no digit of the result [all cores]",
      [&](Name name, Text text) { request.threads = whole_number<std::size_t>(name, text, 1); });
  fit->add_flag(
      "--keep-saddle", request.keep_saddle,
      "with --start FILE: end where nothing moves, even if a perturbation\nraises the objective [go on from the "
      "perturbation]");
  fit->add_flag("--verify", request.verify,
                "compute every KL by its definition too and report how far\nlog p = ELBO + KL is off (one more pass an "
                "iteration)");

  add(*fit, "--memory", "SIZE",
      "what the program may take, such as 500MiB or 2GB: rows are kept in\nmemory as far as it lasts, the others are "
      "read in each pass\n[half of the machine's memory]",
      [&](Name name, Text text) { request.memory = parse_bytes(name, text); });
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
  describe->add_option("FILE", request.file, "FILE.h5[:/path], an HDF5 file or what lies at a path in it")
      ->required()
      ->type_name("");
  describe->add_flag("--columns", request.columns,
                     "read the data and tell for each column its type, range, mean,\ndistinct values, gaps and the "
                     "families that take it");
  describe->add_flag("--json", request.json, "the description as one JSON document");
  return describe;
}

char one_character(const std::string& option, const std::string& text) {
  if (text == "tab" || text == "\\t") return '\t';
  if (text.size() != 1 || text == "\"") refuse(option + " = " + printable(text) + ": must be one character, or tab");
  return text[0];
}

CLI::App* add_convert(CLI::App& app, ConvertRequest& request) {
  CLI::App* convert = app.add_subcommand("convert", "Write a CSV, TSV or NumPy file as an HDF5 file");
  convert->footer(
      "IN is a text of delimited cells (RFC 4180), a NumPy array (.npy) or an archive of them (.npz). Types\n"
      "are found from the values: whole numbers, numbers, booleans, categories. Empty cells, NA, N/A, NaN\n"
      "and null are gaps, which become NaN. OUT.h5 is what `mixfam fit` reads.");
  using Name = const std::string&;
  using Text = const std::string&;
  add(*convert, "IN", "", "a text, .npy or .npz", [&](Name, Text text) { request.input = text; })->required();
  add(*convert, "OUT.h5", "", "the HDF5 file to write", [&](Name, Text text) { request.output = text; })->required();
  add(*convert, "--columns", "A,B,..", "columns to take, by name or by number from 0 [all]",
      [&](Name name, Text text) { request.columns = split_at_commas(name, text); });
  add(*convert, "--delimiter", "C",
      "what stands between cells: a character, or tab [comma, tab or\nsemicolon, whichever the first line has most of]",
      [&](Name name, Text text) { request.delimiter = one_character(name, text); });
  CLI::Option* header = convert->add_flag_callback(
      "--header", [&] { request.header = true; }, "the first line holds the names of the columns [found]");
  convert
      ->add_flag_callback(
          "--no-header", [&] { request.header = false; }, "the first line is data [found]")
      ->excludes(header);
  return convert;
}

CLI::App* add_divergence(CLI::App& app, DivergenceRequest& request) {
  CLI::App* divergence = app.add_subcommand("divergence", "Compare the components of a model, or two models");
  divergence->footer(
      "With one model: KL between all components in closed form, and how far they overlap. With two: KL\n"
      "between the mixtures in both directions, by Monte Carlo with its standard error. All in nats.");
  divergence->add_option("MODEL", request.model, "a model file")->required()->type_name("");
  divergence->add_option("OTHER", request.other, "another one over the same columns")->type_name("");
  add(*divergence, "--draws", "N", "draws from each component or mixture [" + std::to_string(request.draws) + "]",
      [&](const std::string& name, const std::string& text) {
        request.draws = whole_number<std::size_t>(name, text, 2);
      });
  add(*divergence, "--seed", "S", "of the draws [0]", [&](const std::string& name, const std::string& text) {
    request.seed = whole_number<std::uint64_t>(name, text, 0);
  });
  divergence->add_flag("--json", request.json, "the result as one JSON document");
  return divergence;
}

std::vector<std::string> names_of_commands(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(command->get_name());
  return names;
}

std::vector<std::string> names_of_options(const CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  return names;
}

/// A word that neither the program nor the chosen command knows.
[[noreturn]] void refuse_unknown(const CLI::App& app) {
  const std::vector<CLI::App*> chosen = app.get_subcommands();
  const CLI::App& command = chosen.empty() ? app : *chosen.front();
  const std::string word = app.remaining(/*recurse=*/true).front();
  const std::string name = word.substr(0, word.find('='));
  if (name.rfind('-', 0) == 0) {
    const std::vector<std::string> options = names_of_options(command);
    const std::string close = suggestion(name, options);
    refuse("there is no option " + printable(name) + (chosen.empty() ? "" : " of " + command.get_name()) +
           (close.empty() ? "; there are " + joined(options, ", ") : close));
  }
  if (!chosen.empty())
    refuse("'" + printable(word) + "' is one word too many; " + command.get_name() + " --help shows what is expected");
  const std::vector<std::string> commands = names_of_commands(app);
  refuse("there is no command " + printable(word) + ": must be " + joined(commands, " or ") +
         suggestion(word, commands));
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
  ConvertRequest convert_request;
  DivergenceRequest divergence_request;
  const CLI::App* fit = add_fit(app, fit_request);
  const CLI::App* families = add_families(app, families_request);
  const CLI::App* describe = add_describe(app, describe_request);
  const CLI::App* convert = add_convert(app, convert_request);
  const CLI::App* divergence = add_divergence(app, divergence_request);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return HelpRequest{app.help()};
  } catch (const CLI::CallForVersion& version) {
    return HelpRequest{std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    // Of a misspelt option the parser says first what is missing.
    if (!app.remaining(/*recurse=*/true).empty()) refuse_unknown(app);
    refuse(std::string(error.what()) + " (mixfam --help, mixfam COMMAND --help)");
  }
  if (*fit) return fit_request;
  if (*families) return families_request;
  if (*describe) return describe_request;
  if (*convert) return convert_request;
  if (*divergence) return divergence_request;
  refuse("a command is needed: fit, families, describe, convert or divergence (mixfam --help)");
}

}  // namespace mixfam::cli

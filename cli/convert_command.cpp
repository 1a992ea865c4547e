#include "commands.hpp"

#include "interrupt.hpp"
#include "output/text.hpp"
#include "output/text_table.hpp"
#include "standard_streams.hpp"

#include <mixfam/convert.hpp>

#include <fmt/format.h>

#include <algorithm>

namespace mixfam::cli {

namespace {

struct Interrupted {
  int signal;
};

std::string counted(std::size_t count, const std::string& noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string table_text(const ConvertedTable& table, const std::string& output) {
  std::size_t gaps = 0;
  for (const ConvertedColumn& column : table.columns) gaps += column.gaps;
  std::string text =
      fmt::format("{}:{}: {} x {}, {}\n", printable(output, 80), printable(table.path), counted(table.rows, "row"),
                  counted(table.columns.size(), "column"), gaps == 0 ? "no gaps" : counted(gaps, "gap"));
  constexpr std::size_t most_shown = 40;
  TextTable columns;
  columns.add_column("", TextTable::Align::left);
  columns.add_column("", TextTable::Align::left);
  columns.add_column("", TextTable::Align::left);
  for (std::size_t j = 0; j < std::min(most_shown, table.columns.size()); ++j) {
    const ConvertedColumn& column = table.columns[j];
    columns.add_row({printable(column.name), column.type, column.gaps == 0 ? "" : counted(column.gaps, "gap")});
  }
  if (table.columns.size() > most_shown)
    columns.add_remark(fmt::format("and {} more", table.columns.size() - most_shown));
  return text + columns.str();
}

}  // namespace

ExitStatus convert_command(const ConvertRequest& request) {
  catch_interrupts("stopping");
  ConvertOptions options;
  options.columns = request.columns;
  options.delimiter = request.delimiter;
  options.header = request.header;
  options.after_block = [] {
    if (const int signal = interrupting_signal(); signal != 0) throw Interrupted{signal};
  };
  try {
    const Conversion conversion = convert_to_hdf5(request.input, request.output, options);
    std::string text;
    for (const ConvertedTable& table : conversion.tables) text += table_text(table, request.output);
    if (conversion.header && !request.header)
      text += *conversion.header ? "The first line is taken for the names of the columns (--no-header: for data).\n"
                                 : "The first line is taken for data (--header: for the names of the columns).\n";
    print(text);
    for (const std::string& note : conversion.notes) complain("note: " + note);
    return ExitStatus::done;
  } catch (const Interrupted& interrupted) {
    complain("interrupted by " + signal_name(interrupted.signal) + "; nothing was written");
    return status_of_signal(interrupted.signal);
  }
}

}  // namespace mixfam::cli

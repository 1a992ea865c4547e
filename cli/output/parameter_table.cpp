#include "output/parameter_table.hpp"

#include "output/dense_matrix.hpp"
#include "output/digits.hpp"
#include "output/terminal.hpp"
#include "output/text.hpp"
#include "output/text_table.hpp"
#include "weights_names.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace mixfam::cli {

namespace {

/// Lines of a table that goes on and on; more columns are left out, with a word about it.
constexpr std::size_t most_lines = 100;
/// Beyond this many columns a matrix is shown by its diagonal.
constexpr std::size_t widest_matrix = 8;
constexpr std::size_t widest_name = 16;

bool is_shortened(const Field& field) {
  return is_matrix(field) && field.form == MatrixForm::dense && field.dimension > widest_matrix;
}

/// A line of a table: what it is, and one cell for each column of the data.
struct Row {
  std::vector<std::string> labels;
  std::vector<std::string> cells;
};

std::string list(ConstVectorView values) {
  std::vector<std::string> numbers;
  for (const double value : values) numbers.push_back(format_value(value));
  return joined(numbers, " ");
}

/// The lines of one field: label and cells.
class FieldRows {
 public:
  /// `digits`: significant ones of each value.
  FieldRows(const Family& family, const Field& field, ConstVectorView values, const int* digits,
            const ColumnLabels& labels)
      : field_(field), values_(values), digits_(digits), columns_(columns_of(field, family)), labels_(labels) {}

  std::vector<std::pair<std::string, std::vector<std::string>>> rows() const {
    if (is_matrix(field_)) return matrix_rows();
    if (field_.shape.empty() || field_.shape.front() != columns_.size())
      return {{field_.name + " = " + list(values_), std::vector<std::string>(labels_.names.size())}};
    return vector_rows();
  }

 private:
  using Rows = std::vector<std::pair<std::string, std::vector<std::string>>>;

  Rows matrix_rows() const {
    const std::size_t d = field_.dimension;
    const std::vector<double> matrix = dense_matrix(field_, values_);
    if (field_.form != MatrixForm::dense || is_shortened(field_))
      return {{field_.name + " (diagonal)", cells([&](std::size_t j) { return format_value(matrix[j * d + j]); })}};
    Rows rows;
    for (std::size_t i = 0; i < d; ++i)
      rows.emplace_back(i == 0 ? field_.name : "",
                        cells([&](std::size_t j) { return format_value(matrix[i * d + j]); }));
    return rows;
  }

  /// The leading axis runs over the columns of the data, another one perhaps over their categories.
  Rows vector_rows() const {
    const std::size_t depth = values_.size() / columns_.size();
    if (depth == 1) return {{field_.name, cells([&](std::size_t j) { return value(j); })}};
    const bool same_names = have_same_categories();
    Rows rows;
    for (std::size_t i = 0; i < depth; ++i) {
      const std::string name = same_names ? value_name(categories(0), i) : std::to_string(i);
      rows.emplace_back(field_.name + "[" + name + "]", std::vector<std::string>(labels_.names.size()));
      for (std::size_t j = 0; j < columns_.size(); ++j) {
        if (!categories(j).empty() && i >= categories(j).size()) continue;
        const std::string text = value(j * depth + i);
        rows.back().second[columns_[j]] = same_names ? text : value_name(categories(j), i) + ": " + text;
      }
    }
    return rows;
  }

  const std::vector<Category>& categories(std::size_t j) const { return labels_.categories[columns_[j]]; }

  bool have_same_categories() const {
    const auto same = [](const Category& a, const Category& b) { return a.text() == b.text(); };
    for (std::size_t j = 1; j < columns_.size(); ++j)
      if (!std::equal(categories(0).begin(), categories(0).end(), categories(j).begin(), categories(j).end(), same))
        return false;
    return true;
  }

  std::string value(std::size_t i) const { return format_digits(values_[i], digits_[i]); }

  template <class Text>
  std::vector<std::string> cells(Text text) const {
    std::vector<std::string> result(labels_.names.size());
    for (std::size_t j = 0; j < columns_.size(); ++j) result[columns_[j]] = text(j);
    return result;
  }

  const Field& field_;
  ConstVectorView values_;
  const int* digits_;
  std::vector<std::size_t> columns_;
  const ColumnLabels& labels_;
};

/// `lead` stands before the label of every line.
void append_rows(std::vector<Row>& rows, const std::vector<std::string>& lead, const Family& family,
                 const ParameterTable& table, std::size_t k, const std::vector<int>& digits,
                 const ColumnLabels& labels) {
  const Schema& schema = table.schema(k);
  bool any = false;
  for (std::size_t f = 0; f < schema.fields().size(); ++f) {
    const Field& field = schema.fields()[f];
    if (!field.is_shown()) continue;
    any = true;
    const ConstVectorView values = table.row(k).part(schema.offset(f), field.size());
    for (auto& [label, cells] : FieldRows(family, field, values, &digits[schema.offset(f)], labels).rows()) {
      rows.push_back({lead, std::move(cells)});
      rows.back().labels.push_back(label);
    }
  }
  if (any) return;
  rows.push_back({lead, std::vector<std::string>(labels.names.size())});
  rows.back().labels.push_back("none");
}

std::size_t widest(const std::vector<Row>& rows, std::size_t column, std::size_t header) {
  return std::accumulate(rows.begin(), rows.end(), header,
                         [&](std::size_t width, const Row& row) { return std::max(width, row.cells[column].size()); });
}

/// Whether a line belongs into the table of some of the columns: by a value there, or, without any value, into the
/// first.
bool has_place(const Row& row, std::size_t first, std::size_t last) {
  const auto filled = [](const std::string& cell) { return !cell.empty(); };
  if (std::none_of(row.cells.begin(), row.cells.end(), filled)) return first == 0;
  return std::any_of(row.cells.begin() + first, row.cells.begin() + last, filled);
}

/// As many tables one below the other as the width of a terminal asks for.
std::string layout(const std::vector<std::string>& label_headers, const std::vector<std::string>& column_names,
                   const std::vector<Row>& rows) {
  std::size_t label_width = 0;
  for (std::size_t j = 0; j < label_headers.size(); ++j) {
    std::size_t width = label_headers[j].size();
    for (const Row& row : rows) width = std::max(width, row.labels[j].size());
    label_width += 2 + width;
  }
  const std::size_t line_width = terminal_width(STDOUT_FILENO);
  std::string text;
  for (std::size_t first = 0; first < column_names.size();) {
    if (first > 0 && static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + rows.size() > most_lines)
      return text + fmt::format("  ... {} of {} columns left out (all of them: --json, or a model file) ...\n",
                                column_names.size() - first, column_names.size());
    TextTable table;
    for (const std::string& header : label_headers) table.add_column(header, TextTable::Align::left);
    std::size_t last = first;
    for (std::size_t width = label_width; last < column_names.size(); ++last) {
      const std::string name = printable(column_names[last], widest_name);
      width += 2 + widest(rows, last, name.size());
      if (last > first && width > line_width) break;
      table.add_column(name);
    }
    const std::vector<std::string>* lead = nullptr;
    for (const Row& row : rows) {
      if (!has_place(row, first, last)) continue;
      std::vector<std::string> cells = row.labels;
      if (lead != nullptr && std::equal(lead->begin(), lead->end() - 1, cells.begin()))
        std::fill(cells.begin(), cells.end() - 1, "");
      lead = &row.labels;
      cells.insert(cells.end(), row.cells.begin() + first, row.cells.begin() + last);
      table.add_row(std::move(cells));
    }
    if (!text.empty()) text += '\n';
    text += table.str();
    first = last;
  }
  return text;
}

/// A table must not read as if off-diagonal entries were 0.
std::string note_on_matrices(const Schema& schema) {
  std::string text;
  for (const Field& field : schema.fields())
    if (is_shortened(field))
      text += wrapped(fmt::format("  {}: of {} x {} the diagonal alone (all entries: --json, or a model file)",
                                  field.name, field.dimension, field.dimension),
                      terminal_width(STDOUT_FILENO), 4);
  return text;
}

std::string weights_text(const Prior& prior, bool fixed) {
  if (fixed) return fixed_weights_name;
  switch (prior.weights) {
    case WeightsPrior::stick_breaking:
      return "stick-breaking of a Dirichlet process, concentration = " + list(prior.concentration);
    case WeightsPrior::dirichlet:
      break;
  }
  const bool flat =
      std::all_of(prior.concentration.begin(), prior.concentration.end(), [](double a) { return a == 1; });
  return "Dirichlet, concentration = " + list(prior.concentration) + (flat ? " (flat)" : "");
}

}  // namespace

std::string components_table(const Mixture& mixture, const ColumnLabels& columns,
                             const std::vector<std::string>& names) {
  const ParameterTable& table = mixture.parameters();
  const Groups& groups = mixture.groups();
  std::vector<Row> rows;
  std::string notes;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const Family& family = groups.family(g);
    const std::vector<int> digits = digits_of(family.parameters(), table.view(g));
    for (std::size_t k = groups.first(g); k < groups.end(g); ++k) {
      const std::string name = k < names.size() ? " " + printable(names[k], widest_name) : "";
      std::vector<std::string> lead = {std::to_string(k) + name, format_value(mixture.weights()[k])};
      if (groups.size() > 1) lead.insert(lead.begin() + 1, printable(family.name(), widest_name));
      append_rows(rows, lead, family, table, k, digits, columns);
    }
    notes += note_on_matrices(family.parameters());
  }
  std::vector<std::string> headers = {"component", "weight", "parameter"};
  if (groups.size() > 1) headers.insert(headers.begin() + 1, "family");
  return layout(headers, columns.names, rows) + notes;
}

std::string prior_table(const FitOptions& options, const Groups& groups, const ColumnLabels& columns) {
  const Prior& prior = options.prior;
  std::string text = "  weights: " + weights_text(prior, options.freeze.weights) + "\n";
  if (!prior.components) return text + "  components: flat\n";
  std::vector<Row> rows;
  std::string notes;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    const Schema& schema = prior.components->schema(g);
    std::vector<std::string> lead;
    if (groups.size() > 1) lead.push_back(printable(groups.family(g).name(), widest_name));
    append_rows(rows, lead, groups.family(g), *prior.components, g, digits_of(schema, prior.components->view(g)),
                columns);
    notes += note_on_matrices(schema);
  }
  return text +
         layout(groups.size() > 1 ? std::vector<std::string>{"family", "components"}
                                  : std::vector<std::string>{"components"},
                columns.names, rows) +
         notes;
}

}  // namespace mixfam::cli

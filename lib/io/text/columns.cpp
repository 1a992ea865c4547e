#include "io/text/columns.hpp"

#include "io/hdf5/column_choice.hpp"
#include "io/hdf5/types.hpp"
#include "io/text/number.hpp"
#include "io/utf8.hpp"
#include "numerics/plural.hpp"

#include <mixfam/error.hpp>

#include <algorithm>
#include <set>
#include <unordered_set>
#include <utility>

namespace mixfam::text {

namespace {

[[noreturn]] void refuse(const std::string& message) { throw Error(ErrorKind::data, message); }

using Cells = std::vector<std::string>;

/// Of text that is kept; bytes beyond ASCII in other cells do no harm.
void require_utf8(std::string_view text, const std::string& where) {
  if (is_utf8(text)) return;
  refuse(where + ": " + in_quotes(text) + " is not UTF-8; write the file as such, as by: iconv -f LATIN1 -t UTF-8");
}

bool is_number(std::string_view cell) {
  const Cell::Kind kind = read_cell(cell).kind;
  return kind == Cell::Kind::integer || kind == Cell::Kind::real || kind == Cell::Kind::beyond;
}

bool is_text(std::string_view cell) { return read_cell(cell).kind == Cell::Kind::text; }

bool all_differ(const Cells& cells) {
  const std::set<std::string_view> distinct(cells.begin(), cells.end());
  return distinct.size() == cells.size();
}

/// Names stand over numbers, or are texts where nothing is a number, all different.
bool looks_like_names(const Cells& first, const Cells& second) {
  for (std::size_t j = 0; j < std::min(first.size(), second.size()); ++j)
    if (is_text(first[j]) && is_number(second[j])) return true;
  return std::none_of(first.begin(), first.end(), is_number) && std::any_of(first.begin(), first.end(), is_text) &&
         all_differ(first);
}

struct Heading {
  bool is_there;
  std::size_t cells;
  std::vector<std::string> names;  ///< empty where it is not there
};

Heading read_heading(Records& records, const std::string& file, const std::optional<bool>& wanted) {
  records.rewind();
  if (!records.next()) refuse(file + ": is empty");
  const Cells first(records.cells().begin(), records.cells().end());
  const std::string where = records.where();
  Cells second;
  if (records.next()) second.assign(records.cells().begin(), records.cells().end());
  if (!wanted.value_or(looks_like_names(first, second))) return {false, first.size(), {}};
  Heading heading{true, first.size(), first};
  // Row names, as R and pandas write them, come without one.
  for (std::size_t j = 0; j < first.size(); ++j)
    if (first[j].empty()) heading.names[j] = std::to_string(j);
  std::set<std::string_view> seen;
  for (const std::string& name : heading.names) {
    require_utf8(name, where);
    if (!seen.insert(name).second) refuse(where + ": several columns have the name " + in_quotes(name));
  }
  return heading;
}

/// The texts of a column.
class Labels {
 public:
  bool contain(std::string_view text) const { return labels_.find(text) != labels_.end(); }
  /// A text that they do not contain. False: they are too many or too long to be categories.
  bool add(std::string_view text) {
    constexpr std::size_t most_bytes = std::size_t{64} << 10;  // in the description of a type
    bytes_ += text.size() + 1;
    if (labels_.size() == hdf5::most_labels || bytes_ > most_bytes) return false;
    labels_.emplace(text);
    return true;
  }
  std::vector<std::string> sorted() const {
    std::vector<std::string> labels(labels_.begin(), labels_.end());
    std::sort(labels.begin(), labels.end());
    return labels;
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_set<std::string, Hash, std::equal_to<>> labels_;
  std::size_t bytes_ = 0;
};

/// What a column has been found to hold so far.
struct Finding {
  bool is_text = false;
  bool known_as_text = false;  ///< from an earlier reading
  bool has_integers = false;
  bool has_reals = false;
  std::size_t gaps = 0;
  Labels labels;
  std::string first_text;  ///< "'abc' (line 12)"

  bool is_late() const { return is_text && !known_as_text && (has_integers || has_reals); }
};

class Surveyor {
 public:
  Surveyor(Records& records, const std::string& file, const ConvertOptions& options, Survey& result)
      : records_(records), file_(file), options_(options), result_(result), findings_(result.columns.size()) {}

  /// One reading of all records.
  void read() {
    records_.rewind();
    if (result_.header) records_.next();
    result_.rows = 0;
    for (; records_.next(); ++result_.rows) {
      require_cells(records_, result_.cells);
      for (std::size_t i = 0; i < findings_.size(); ++i) add(i, records_.cells()[result_.columns[i].number]);
      if (options_.after_block && result_.rows % block_rows == 0) options_.after_block();
    }
    if (result_.rows == 0) refuse(file_ + ": has no rows" + (result_.header ? " below the names of its columns" : ""));
  }

  /// Whether texts came so late that the cells before them must be read again as texts.
  bool must_read_again() {
    bool again = false;
    for (std::size_t i = 0; i < findings_.size(); ++i) {
      Finding& finding = findings_[i];
      const bool late = finding.is_late();
      if (late) result_.notes.push_back(name(i) + " is one of text: its numbers are followed by " + finding.first_text);
      again = again || late;
    }
    if (!again) return false;
    for (std::size_t i = 0; i < findings_.size(); ++i) {
      const bool is_text = findings_[i].is_text;
      Finding fresh;
      fresh.is_text = fresh.known_as_text = is_text;
      fresh.first_text = std::move(findings_[i].first_text);
      findings_[i] = std::move(fresh);
    }
    return true;
  }

  void conclude() {
    for (std::size_t i = 0; i < findings_.size(); ++i) {
      const Finding& finding = findings_[i];
      Column& column = result_.columns[i];
      column.gaps = finding.gaps;
      column.kind = finding.has_reals || !finding.has_integers ? ColumnKind::real : ColumnKind::integer;
      if (!finding.is_text) continue;
      column.labels = finding.labels.sorted();
      const bool boolean = std::all_of(column.labels.begin(), column.labels.end(),
                                       [](const std::string& label) { return read_boolean(label).has_value(); });
      column.kind = boolean ? ColumnKind::boolean : ColumnKind::category;
    }
  }

 private:
  static constexpr std::size_t block_rows = 65536;

  std::string name(std::size_t i) const {
    const Column& column = result_.columns[i];
    return "column " + (column.name.empty() ? std::to_string(column.number) : in_quotes(column.name));
  }

  void add(std::size_t i, std::string_view text) {
    Finding& finding = findings_[i];
    const Cell cell = read_cell(text);
    switch (cell.kind) {
      case Cell::Kind::gap:
        ++finding.gaps;
        return;
      case Cell::Kind::integer:
        finding.has_integers = true;
        break;
      case Cell::Kind::real:
        finding.has_reals = true;
        break;
      case Cell::Kind::beyond:
        if (!finding.is_text)
          refuse(records_.where() + ": " + name(i) + " has " + in_quotes(text) + ", which is beyond double precision");
        break;
      case Cell::Kind::text:
        if (!finding.is_text) {
          finding.is_text = true;
          finding.first_text = in_quotes(text) + " (line " + std::to_string(records_.line()) + ")";
        }
        break;
    }
    // Of a column that turns out late to be one of text the next reading takes the labels.
    if (!finding.is_text || finding.is_late() || finding.labels.contain(text)) return;
    require_utf8(text, records_.where());
    if (!finding.labels.add(text)) refuse_labels(i);
  }

  [[noreturn]] void refuse_labels(std::size_t i) const {
    std::string others;
    for (std::size_t j = 0; j < result_.columns.size(); ++j) {
      const Column& other = result_.columns[j];
      if (j != i)
        others += (others.empty() ? "" : ",") + (other.name.empty() ? std::to_string(other.number) : other.name);
    }
    constexpr std::size_t longest = 400;
    const bool shown = !others.empty() && others.size() <= longest;
    refuse(records_.where() + ": " + name(i) + " has no numbers only, as " + findings_[i].first_text +
           ", and its texts are more than " + std::to_string(hdf5::most_labels) +
           " or longer than 64 KiB, too many to be categories; leave it out by `columns" +
           (shown ? " = " + others : "") + "`");
  }

  Records& records_;
  const std::string& file_;
  const ConvertOptions& options_;
  Survey& result_;
  std::vector<Finding> findings_;
};

}  // namespace

void require_cells(const Records& records, std::size_t cells) {
  if (records.cells().size() == cells) return;
  refuse(records.where() + ": has " + plural(records.cells().size(), "cell") + ", but the first line has " +
         std::to_string(cells));
}

Survey survey(Records& records, const std::string& file, const ConvertOptions& options) {
  const Heading heading = read_heading(records, file, options.header);
  Survey result;
  result.header = heading.is_there;
  result.cells = heading.cells;
  for (const std::size_t j : hdf5::choose_columns({options.columns}, heading.names, heading.cells, file)) {
    Column column;
    column.number = j;
    if (heading.is_there) column.name = heading.names[j];
    result.columns.push_back(std::move(column));
  }
  Surveyor surveyor(records, file, options, result);
  surveyor.read();
  if (surveyor.must_read_again()) surveyor.read();
  surveyor.conclude();
  return result;
}

}  // namespace mixfam::text

#include "io/hdf5/column_rows.hpp"

#include "io/hdf5/column_choice.hpp"
#include "io/hdf5/numbers.hpp"
#include "io/hdf5/text.hpp"
#include "numerics/plural.hpp"

#include <mixfam/error.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace mixfam::hdf5 {

namespace {

/// Reads rows as doubles, column by column: that of number j goes to `target[j]`, a row further every `stride`.
void read_doubles(StoredRows& rows, std::size_t first, std::size_t count, std::vector<std::byte>& staging,
                  const std::vector<double*>& targets, std::size_t stride) {
  const RowFormat& format = rows.format();
  staging.resize(count * format.row_bytes());
  rows.read(first, count, staging.data());
  with_type(format.element, staging.data(), [&](const auto* numbers) {
    for (std::size_t n = 0; n < count; ++n)
      for (std::size_t j = 0; j < targets.size(); ++j)
        targets[j][n * stride] = static_cast<double>(numbers[n * targets.size() + j]);
  });
}

/// A plan for parts that are read together: whole chunks of the part with the largest.
ReadPlan common_plan(const std::vector<const RowFormat*>& parts) {
  ReadPlan plan = parts.front()->plan;
  plan.unpack_bytes = 0;
  for (const RowFormat* part : parts) {
    if (part->plan.unit > plan.unit) plan.unit = part->plan.unit;
    plan.block_rows = std::min(plan.block_rows, part->plan.block_rows);
    plan.unpack_bytes += part->plan.unpack_bytes;
  }
  plan.block_rows = std::max(plan.unit, plan.block_rows / plan.unit * plan.unit);
  return plan;
}

/// Those that are wanted; without a wish all but those that are only there if wanted.
std::vector<std::size_t> chosen_columns(const Texts& texts, const ColumnChoice& wanted, const std::string& where) {
  std::vector<std::size_t> chosen = choose_columns(wanted, texts.names, texts.names.size(), where);
  if (!wanted.empty()) return chosen;
  const auto only_if_wanted = [&](std::size_t i) { return texts.parts[texts.places[i].first].only_if_wanted; };
  chosen.erase(std::remove_if(chosen.begin(), chosen.end(), only_if_wanted), chosen.end());
  if (!chosen.empty()) return chosen;
  throw Error(ErrorKind::data, where + ": has no column of numbers; choose others, as in `columns = " +
                                   texts.names.front() + "`: it has " + list_text(texts.names));
}

}  // namespace

ColumnRows::ColumnRows(OpenFile& file, Texts& texts, const ColumnChoice& wanted) {
  const std::string where = file.name + ":" + texts.path;
  if (file.options.transpose) throw Error(ErrorKind::data, where + ": is a group of columns and cannot be transposed");
  const std::vector<std::size_t> chosen = chosen_columns(texts, wanted, where);
  std::vector<std::vector<std::string>> of_part(texts.parts.size());
  std::vector<std::vector<std::size_t>> places(texts.parts.size());
  for (std::size_t j = 0; j < chosen.size(); ++j) {
    const auto& [part, column] = texts.places[chosen[j]];
    of_part[part].push_back(texts.parts[part].names[column]);
    places[part].push_back(j);
    format_.names.push_back(texts.names[chosen[j]]);
  }
  format_.columns = chosen.size();
  format_.labels.resize(format_.columns);
  std::vector<const RowFormat*> formats;
  std::vector<std::string> lengths;
  for (std::size_t p = 0; p < texts.parts.size(); ++p) {
    if (places[p].empty()) continue;
    parts_.push_back({open_rows(file, texts.parts[p], {of_part[p]}), std::move(places[p])});
    const RowFormat& format = parts_.back().rows->format();
    formats.push_back(&format);
    lengths.push_back(of_part[p].front() + " (" + plural(format.rows, "row") + ")");
    for (std::size_t j = 0; j < format.labels.size(); ++j) format_.labels[parts_.back().places[j]] = format.labels[j];
    format_.warnings.insert(format_.warnings.end(), format.warnings.begin(), format.warnings.end());
    format_.staged_row_bytes = std::max(format_.staged_row_bytes, format.row_bytes() + format.staged_row_bytes);
  }
  format_.rows = formats.front()->rows;
  if (std::any_of(formats.begin(), formats.end(), [&](const RowFormat* one) { return one->rows != format_.rows; })) {
    throw Error(ErrorKind::data, where + ": its columns differ in length: " + list_text(lengths) +
                                     "; choose some of one length by `columns`");
  }
  const bool any_labels =
      std::any_of(format_.labels.begin(), format_.labels.end(), [](auto& one) { return !one.empty(); });
  if (!any_labels) format_.labels.clear();
  format_.plan = common_plan(formats);
}

void ColumnRows::read(std::size_t first, std::size_t count, std::byte* target) {
  auto* const values = reinterpret_cast<double*>(target);
  for (Part& part : parts_) {
    std::vector<double*> targets;
    for (const std::size_t place : part.places) targets.push_back(values + place);
    const std::size_t told = part.rows->format().warnings.size();
    read_doubles(*part.rows, first, count, staging_, targets, format_.columns);
    const std::vector<std::string>& warnings = part.rows->format().warnings;
    format_.warnings.insert(format_.warnings.end(), warnings.begin() + static_cast<std::ptrdiff_t>(told),
                            warnings.end());
  }
}

MaskedRows::MaskedRows(OpenFile& file, Texts& texts, const ColumnChoice& wanted)
    : where_(file.name + ":" + texts.path),
      gaps_(file.options.gaps),
      values_(open_rows(file, texts.parts.at(0), {})),
      mask_(open_rows(file, texts.parts.at(1), {})) {
  choose_columns(wanted, texts.names, 1, where_);
  format_ = values_->format();
  const RowFormat& mask = mask_->format();
  if (format_.columns != 1 || mask.columns != 1 || mask.rows != format_.rows)
    throw Error(ErrorKind::data, where_ + ": its values and their mask must be of rank 1 and equally long");
  format_.element = ElementType::float64;
  format_.names = texts.names;
  format_.staged_row_bytes += sizeof(double) + values_->format().row_bytes() + mask.row_bytes() + mask.staged_row_bytes;
  format_.plan = common_plan({&values_->format(), &mask});
}

void MaskedRows::read(std::size_t first, std::size_t count, std::byte* target) {
  auto* const values = reinterpret_cast<double*>(target);
  missing_.resize(count);
  read_doubles(*values_, first, count, staging_, {values}, 1);
  read_doubles(*mask_, first, count, staging_, {missing_.data()}, 1);
  for (std::size_t n = 0; n < count; ++n) {
    if (missing_[n] == 0) continue;
    if (!gaps_) {
      throw Error(ErrorKind::data, where_ + ": row " + std::to_string(first + n) +
                                       " (from 0) has a missing value (its mask says so); leave such rows out or "
                                       "allow gaps (`gaps`)");
    }
    values[n] = std::numeric_limits<double>::quiet_NaN();
  }
}

}  // namespace mixfam::hdf5

#include "io/hdf5/data_set_rows.hpp"

#include "io/hdf5/data_set.hpp"
#include "io/hdf5/links.hpp"
#include "io/hdf5/location.hpp"
#include "io/hdf5/rehearsal.hpp"
#include "io/hdf5/storage.hpp"
#include "io/hdf5/strings.hpp"
#include "numerics/plural.hpp"

#include <mixfam/error.hpp>

#include <array>
#include <filesystem>
#include <utility>

namespace mixfam::hdf5 {

DataSetRows::DataSetRows(OpenFile& file, Texts& texts, const ColumnChoice& wanted)
    : where_(file.name + ":" + texts.path) {
  rehearsal::step(where_);
  dataset_ = open_dataset(file.handle, file.name, texts.form == Form::codes ? texts.path + "/codes" : texts.path);
  allow_for_external_file(file.name);
  creation_ = require(H5Dget_create_plist(dataset_.id()), where_, "read how it is stored");
  for (const auto& reason : {missing_filter(creation_.id()), why_not_data(dataset_.id())})
    if (reason) throw Error(ErrorKind::data, where_ + ": " + *reason);
  layout_.emplace(dataset_.id(), wanted, texts, file.options, StringColumns(file.codes, file.codes_used), where_);
  format_.rows = layout_->rows;
  format_.warnings = std::move(layout_->warnings);
  warn_about_shape(file.options.transpose);
  if (!file.texts_are_known) check_storage(file.name);
  if (auto warning = unwritten_rows(dataset_.id(), creation_.id(), where_))
    format_.warnings.push_back(*std::move(warning));
  format_.plan = plan_reads(*layout_, creation_.id(), format_.rows, file.options.read_bytes);
  layout_->reader.unit = format_.plan.unit;
  if (!file.texts_are_known && !layout_->strings.empty())
    texts.labels = layout_->strings.collect(layout_->reader, format_.rows, format_.plan.block_rows, layout_->names);
  file.codes_used += format_.rows * layout_->strings.count();
  layout_->set_labels(texts.labels);
  reader_.emplace(*layout_);
  format_.columns = layout_->columns;
  format_.element = layout_->element;
  format_.names = layout_->names;
  format_.labels = layout_->labels;
  format_.staged_row_bytes = layout_->staged_row_bytes() + layout_->strings.row_bytes();
}

/// A link may lead into another file.
void DataSetRows::allow_for_external_file(const std::string& file) const {
  std::array<char, 4096> name = {};
  if (H5Fget_name(dataset_.id(), name.data(), name.size()) < 0 || file == name.data()) return;
  std::error_code failure;
  const std::uintmax_t bytes = std::filesystem::file_size(name.data(), failure);
  if (!failure) rehearsal::allow_for(bytes);
}

void DataSetRows::check_storage(const std::string& file) const {
  const bool is_virtual = H5Pget_layout(creation_.id()) == H5D_VIRTUAL;
  const std::uint64_t stored =
      is_virtual ? virtual_source_bytes(creation_.id(), file, where_) : H5Dget_storage_size(dataset_.id());
  require_plausible_size(dataset_.id(), stored, where_);
  require_sound_chunks(dataset_.id(), creation_.id(), where_);
}

/// MATLAB, Julia and R write the columns of a matrix one after another, which other readers see as its rows.
void DataSetRows::warn_about_shape(bool transposed) {
  const Dimensions shape = extent(dataset_.id()).value();
  if (shape.size() != 2) return;
  if (!transposed && open_attribute(dataset_.id(), "MATLAB_class")) {
    format_.warnings.push_back(where_ + ": was written by MATLAB, which stores matrices transposed: this reads " +
                               plural(shape[0], "row") + " of " + plural(shape[1], "column") +
                               "; `transpose` it if these are columns of MATLAB");
    return;
  }
  const std::size_t columns = shape[transposed ? 0 : 1];
  if (columns > format_.rows) {
    format_.warnings.push_back(where_ + ": has " + plural(format_.rows, "row") + " of " + plural(columns, "column") +
                               (transposed ? " when it is transposed" : "; `transpose` it if these are its columns"));
  }
}

void DataSetRows::read(std::size_t first, std::size_t count, std::byte* target) {
  reader_->read(first, count, target);
  if (large_integers_told_ || !reader_->saw_large_integers()) return;
  large_integers_told_ = true;
  format_.warnings.push_back(where_ +
                             ": has integers of 2^53 = 9007199254740992 or beyond, whose last digits are lost in "
                             "double precision");
}

}  // namespace mixfam::hdf5

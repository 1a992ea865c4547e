#include "io/hdf5/data_set.hpp"
#include "io/hdf5/files.hpp"
#include "io/hdf5/links.hpp"
#include "io/hdf5/location.hpp"
#include "io/hdf5/read_plan.hpp"
#include "io/hdf5/rehearsal.hpp"
#include "io/hdf5/row_layout.hpp"
#include "io/hdf5/row_reader.hpp"
#include "io/hdf5/storage.hpp"
#include "io/hdf5/strings.hpp"

#include <mixfam/error.hpp>
#include <mixfam/hdf5.hpp>

#include <algorithm>
#include <array>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

namespace mixfam {

using hdf5::Handle;
using hdf5::require;

/// Rows are read in multiples of the chunks of the file, so that each chunk is unpacked once, whatever the size of the
/// chunk cache; rows beyond the last multiple of the caller's granularity stay for the next call.
struct Hdf5Source::Impl {
  /// Opens a data set with what is known of its texts, else reads them.
  Impl(const hdf5::Location& location, const Hdf5Options& options, std::shared_ptr<LabelCodes> codes,
       const std::optional<hdf5::Texts>& known);

  std::string where() const { return file + ":" + texts.path; }
  void read_texts(const Handle& handle, const std::string& path);
  void open(const Handle& handle);
  void allow_for_external_file() const;
  void check_storage() const;
  void read_rows(std::size_t count);
  void warn_about_large_integers(const std::byte* values, std::size_t count);
  void hand_back();

  Chunk next(std::size_t granularity);
  std::size_t rewind_to(std::size_t row);

  std::string file;
  hdf5::Texts texts;
  Handle dataset;
  Handle creation;
  std::size_t rows = 0;
  std::vector<std::string> warnings;
  std::optional<hdf5::RowLayout> layout;
  std::optional<hdf5::RowReader> reader;
  hdf5::ReadPlan plan;
  bool large_integers_seen = false;

  std::size_t next_unread = 0;
  std::size_t first_kept = 0;  ///< within the buffer
  std::size_t kept = 0;        ///< rows read and not handed back
  std::size_t handed_out = 0;  ///< rows that the caller has since the last call
  std::vector<std::byte> buffer;

  std::size_t reading_bytes() const {
    return plan.block_rows * (layout->handed_row_bytes() + layout->staged_row_bytes() + layout->strings.row_bytes()) +
           plan.unpack_bytes;
  }
};

Hdf5Source::Impl::Impl(const hdf5::Location& location, const Hdf5Options& options, std::shared_ptr<LabelCodes> codes,
                       const std::optional<hdf5::Texts>& known)
    : file(location.file) {
  const Handle handle = hdf5::open_file(file);
  if (known) {
    texts = *known;
  } else {
    read_texts(handle, location.path);
  }
  open(handle);
  rows = hdf5::extent(dataset.id()).value()[0];
  layout.emplace(dataset.id(), hdf5::ColumnChoice{options.columns, options.except}, texts, std::move(codes), where());
  warnings = std::move(layout->warnings);
  if (!known) check_storage();
  if (auto warning = hdf5::unwritten_rows(dataset.id(), creation.id(), where()))
    warnings.push_back(*std::move(warning));
  plan = hdf5::plan_reads(*layout, creation.id(), rows, options.read_bytes);
  layout->reader.unit = plan.unit;
  if (!known && !layout->strings.empty())
    texts.labels = layout->strings.collect(layout->reader, rows, plan.block_rows, layout->names);
  layout->set_labels(texts.labels);
  reader.emplace(*layout);
}

/// All strings but those of the data set itself.
void Hdf5Source::Impl::read_texts(const Handle& handle, const std::string& path) {
  texts.path = path.empty() ? hdf5::only_eligible_path(handle, file) : path;
  rehearsal::step(where());
  const Handle object = hdf5::open_object(handle, file, texts.path);
  texts.is_group_of_codes = hdf5::is_categorical_group(object.id());
  if (texts.is_group_of_codes) {
    texts.categories =
        hdf5::category_texts(hdf5::open_dataset(handle, file, texts.path + "/categories"), where() + "/categories");
  } else {
    texts.names = hdf5::column_names(object.id());
  }
}

/// The data set, if it can be read as rows at all.
void Hdf5Source::Impl::open(const Handle& handle) {
  rehearsal::step(where());
  dataset = hdf5::open_dataset(handle, file, texts.is_group_of_codes ? texts.path + "/codes" : texts.path);
  allow_for_external_file();
  creation = require(H5Dget_create_plist(dataset.id()), where(), "read how it is stored");
  hdf5::require_filters(creation.id(), where());
  if (const auto reason = hdf5::why_not_data(dataset.id())) throw Error(ErrorKind::data, where() + ": " + *reason);
}

/// A link may lead into another file.
void Hdf5Source::Impl::allow_for_external_file() const {
  std::array<char, 4096> name = {};
  if (H5Fget_name(dataset.id(), name.data(), name.size()) < 0 || file == name.data()) return;
  std::error_code failure;
  const std::uintmax_t bytes = std::filesystem::file_size(name.data(), failure);
  if (!failure) rehearsal::allow_for(bytes);
}

void Hdf5Source::Impl::check_storage() const {
  const bool is_virtual = H5Pget_layout(creation.id()) == H5D_VIRTUAL;
  const std::uint64_t stored =
      is_virtual ? hdf5::virtual_source_bytes(creation.id(), file, where()) : H5Dget_storage_size(dataset.id());
  hdf5::require_plausible_size(dataset.id(), stored, where());
  hdf5::require_sound_chunks(dataset.id(), creation.id(), where());
}

void Hdf5Source::Impl::warn_about_large_integers(const std::byte* values, std::size_t count) {
  if (large_integers_seen || !hdf5::has_large_integers(layout->element, values, count)) return;
  large_integers_seen = true;
  warnings.push_back(where() +
                     ": has integers of 2^53 = 9007199254740992 or beyond, whose last digits are lost in "
                     "double precision");
}

/// Appends the next rows of the file to those that are kept.
void Hdf5Source::Impl::read_rows(std::size_t count) {
  const std::size_t handed = layout->handed_row_bytes();
  hdf5::require_memory(kept + count, handed + layout->staged_row_bytes(), where());
  if (kept > 0) std::memmove(buffer.data(), buffer.data() + first_kept * handed, kept * handed);
  first_kept = 0;
  buffer.resize((kept + count) * handed);
  std::byte* const target = buffer.data() + kept * handed;
  reader->read(next_unread, count, target);
  warn_about_large_integers(target, count * layout->columns);
  next_unread += count;
  kept += count;
}

Chunk Hdf5Source::Impl::next(std::size_t granularity) {
  granularity = std::max<std::size_t>(granularity, 1);
  hand_back();
  if (kept < granularity && next_unread < rows) {
    const std::size_t needed = std::max(plan.block_rows, granularity - kept);
    const std::size_t whole_chunks = needed + (plan.unit - needed % plan.unit) % plan.unit;
    read_rows(std::min(whole_chunks, rows - next_unread));
  }
  Chunk chunk;
  chunk.data = buffer.data() + first_kept * layout->handed_row_bytes();
  chunk.type = layout->element;
  chunk.first_row = next_unread - kept;
  chunk.rows = next_unread < rows ? kept - kept % granularity : kept;
  chunk.row_stride = static_cast<std::ptrdiff_t>(layout->columns);
  handed_out = chunk.rows;
  return chunk;
}

void Hdf5Source::Impl::hand_back() {
  first_kept += handed_out;
  kept -= handed_out;
  handed_out = 0;
}

/// Reading begins with a whole chunk of the file.
std::size_t Hdf5Source::Impl::rewind_to(std::size_t row) {
  next_unread = std::min(row, rows) / plan.unit * plan.unit;
  first_kept = 0;
  kept = 0;
  handed_out = 0;
  return next_unread;
}

Hdf5Source::Hdf5Source(const std::string& location, const Hdf5Options& options) {
  const hdf5::Silence silence;
  const hdf5::Location parts = hdf5::split_location(location);
  const auto codes = std::make_shared<LabelCodes>();
  std::optional<hdf5::Texts> texts;
  if (options.rehearse) {
    texts = hdf5::unpacked(rehearse_hdf5(location, [&] {
      Impl trial(parts, options, codes, std::nullopt);
      trial.next(1);
      return hdf5::packed(trial.texts);
    }));
  }
  impl_ = std::make_unique<Impl>(parts, options, codes, texts);
}

Hdf5Source::~Hdf5Source() = default;
Hdf5Source::Hdf5Source(Hdf5Source&&) noexcept = default;
Hdf5Source& Hdf5Source::operator=(Hdf5Source&&) noexcept = default;

std::size_t Hdf5Source::rows() const { return impl_->rows; }
std::size_t Hdf5Source::columns() const { return impl_->layout->columns; }
const std::vector<std::string>& Hdf5Source::column_names() const { return impl_->layout->names; }
const std::vector<std::vector<std::string>>& Hdf5Source::category_labels() const { return impl_->layout->labels; }
std::string Hdf5Source::name() const { return impl_->where(); }
const std::string& Hdf5Source::file() const { return impl_->file; }
const std::string& Hdf5Source::path() const { return impl_->texts.path; }
std::vector<std::string> Hdf5Source::files() const {
  const hdf5::Silence silence;
  return hdf5::files_of(file(), path());
}
const std::vector<std::string>& Hdf5Source::warnings() const { return impl_->warnings; }

std::size_t Hdf5Source::row_bytes() const { return impl_->layout->handed_row_bytes(); }
std::size_t Hdf5Source::reading_bytes() const { return impl_->reading_bytes(); }

void Hdf5Source::rewind() { impl_->rewind_to(0); }

std::size_t Hdf5Source::rewind_to(std::size_t row) { return impl_->rewind_to(row); }

Chunk Hdf5Source::next(std::size_t granularity) {
  const hdf5::Silence silence;
  return impl_->next(granularity);
}

}  // namespace mixfam

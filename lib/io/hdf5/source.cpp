#include "io/hdf5/files.hpp"
#include "io/hdf5/location.hpp"
#include "io/hdf5/stored_rows.hpp"

#include <mixfam/hdf5.hpp>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <utility>

namespace mixfam {

using hdf5::Handle;

/// Rows are read in multiples of the chunks of the file, so that each chunk is unpacked once, whatever the size of the
/// chunk cache; rows beyond the last multiple of the caller's granularity stay for the next call.
struct Hdf5Source::Impl {
  /// Opens rows with what is known of their texts, else reads these.
  Impl(const hdf5::Location& location, const Hdf5Options& options, std::shared_ptr<LabelCodes> codes,
       const std::optional<hdf5::Texts>& known);

  std::string where() const { return file + ":" + texts.path; }
  const hdf5::RowFormat& format() const { return stored->format(); }
  void read_rows(std::size_t count);
  void hand_back();

  Chunk next(std::size_t granularity);
  std::size_t rewind_to(std::size_t row);

  std::string file;
  hdf5::Texts texts;
  std::unique_ptr<hdf5::StoredRows> stored;
  std::size_t rows = 0;
  hdf5::ReadPlan plan;
  bool gaps = false;

  std::size_t next_unread = 0;
  std::size_t first_kept = 0;  ///< within the buffer
  std::size_t kept = 0;        ///< rows read and not handed back
  std::size_t handed_out = 0;  ///< rows that the caller has since the last call
  std::vector<std::byte> buffer;

  std::size_t reading_bytes() const {
    return plan.block_rows * (format().row_bytes() + format().staged_row_bytes) + plan.unpack_bytes;
  }
};

Hdf5Source::Impl::Impl(const hdf5::Location& location, const Hdf5Options& options, std::shared_ptr<LabelCodes> codes,
                       const std::optional<hdf5::Texts>& known)
    : file(location.file), gaps(options.gaps) {
  const Handle handle = hdf5::open_file(file);
  hdf5::OpenFile open{handle, file, options, std::move(codes), known.has_value()};
  texts = known ? *known : hdf5::find_texts(open, location.path);
  stored = hdf5::open_rows(open, texts, {options.columns, options.except});
  rows = format().rows;
  plan = format().plan;
}

/// Appends the next rows of the file to those that are kept.
void Hdf5Source::Impl::read_rows(std::size_t count) {
  const std::size_t handed = format().row_bytes();
  hdf5::require_memory(kept + count, handed + format().staged_row_bytes, where());
  if (kept > 0) std::memmove(buffer.data(), buffer.data() + first_kept * handed, kept * handed);
  first_kept = 0;
  buffer.resize((kept + count) * handed);
  stored->read(next_unread, count, buffer.data() + kept * handed);
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
  chunk.data = buffer.data() + first_kept * format().row_bytes();
  chunk.type = format().element;
  chunk.first_row = next_unread - kept;
  chunk.rows = next_unread < rows ? kept - kept % granularity : kept;
  chunk.row_stride = static_cast<std::ptrdiff_t>(format().columns);
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
std::size_t Hdf5Source::columns() const { return impl_->format().columns; }
bool Hdf5Source::has_gaps() const { return impl_->gaps; }
const std::vector<std::string>& Hdf5Source::column_names() const { return impl_->format().names; }
const std::vector<std::vector<std::string>>& Hdf5Source::category_labels() const { return impl_->format().labels; }
std::string Hdf5Source::name() const { return impl_->where(); }
const std::string& Hdf5Source::file() const { return impl_->file; }
const std::string& Hdf5Source::path() const { return impl_->texts.path; }
std::vector<std::string> Hdf5Source::files() const {
  const hdf5::Silence silence;
  return hdf5::files_of(file(), path());
}
const std::vector<std::string>& Hdf5Source::warnings() const { return impl_->format().warnings; }

std::size_t Hdf5Source::row_bytes() const { return impl_->format().row_bytes(); }
std::size_t Hdf5Source::reading_bytes() const { return impl_->reading_bytes(); }

void Hdf5Source::rewind() { impl_->rewind_to(0); }

std::size_t Hdf5Source::rewind_to(std::size_t row) { return impl_->rewind_to(row); }

Chunk Hdf5Source::next(std::size_t granularity) {
  const hdf5::Silence silence;
  return impl_->next(granularity);
}

}  // namespace mixfam

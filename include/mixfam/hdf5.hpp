#pragma once

#include <mixfam/export.hpp>
#include <mixfam/fit.hpp>
#include <mixfam/mixture.hpp>
#include <mixfam/posterior.hpp>
#include <mixfam/registry.hpp>
#include <mixfam/source.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mixfam {

struct Hdf5Options {
  /// Columns to read, by name or by number from 0, in this order; empty: all. For a compound table: its members.
  std::vector<std::string> columns;
  /// Bytes to read at a time, rounded to whole chunks of the file.
  std::size_t read_bytes = std::size_t{4} << 20;
};

/// Rows of an HDF5 data set, read block by block in the file's own numeric type.
///
/// `location` is "file.h5" or "file.h5:/path/in/file"; without a path the file must hold exactly one eligible data set.
/// Rank 1 (one column) or 2 (rows x columns) of any integer, float or boolean type, or a compound table of numeric
/// members. Columns of categories are read by their codes: strings become 0, 1, .. in their sorted order, found by one
/// pass when the file is opened; enumerations keep their values; a group with the attribute `encoding-type` =
/// "categorical" (AnnData) is one column. Throws Error(data) naming the file, the path and the cause.
class MIXFAM_API Hdf5Source final : public Source {
 public:
  explicit Hdf5Source(const std::string& location, const Hdf5Options& options = {});
  ~Hdf5Source() override;
  Hdf5Source(Hdf5Source&&) noexcept;
  Hdf5Source& operator=(Hdf5Source&&) noexcept;

  std::size_t rows() const override;
  std::size_t columns() const override;
  const std::vector<std::string>& column_names() const override;
  const std::vector<std::vector<std::string>>& category_labels() const override;
  /// "file.h5:/path".
  std::string name() const override;
  const std::string& file() const;
  const std::string& path() const;
  /// What a reader should know but that does not stop it: chunks never written, integers beyond 2^53.
  const std::vector<std::string>& warnings() const;

  /// Bytes of one row as it is handed out.
  std::size_t row_bytes() const;
  /// The most bytes of memory that reading takes: the rows of one read, and what HDF5 needs to unpack chunks. Strings
  /// of variable length take what they are long besides.
  std::size_t reading_bytes() const;

  void rewind() override;
  std::size_t rewind_to(std::size_t row) override;
  Chunk next(std::size_t granularity) override;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A saved mixture and what was written beside it.
struct SavedModel {
  Mixture mixture;
  std::optional<std::uint64_t> seed;
  std::optional<std::string> options_json;                     ///< the options of the fit, as one JSON document
  Trace trace;                                                 ///< empty when the file holds none
  std::vector<std::vector<std::string>> category_labels = {};  ///< as those of the source; empty where none are known
  std::optional<Posterior> posterior = std::nullopt;           ///< of `map`, `vb` and `sampled`
};

/// Writes a model file (docs/file_format.md) in one step: beside the target, synced, then renamed, so that a full disk
/// or a kill leaves an older file whole. Throws Error(write).
MIXFAM_API void save_model(const std::string& file, const SavedModel& model);

/// Reads a model file; its family is made by the registry. Throws Error(data) naming file, path and rule.
MIXFAM_API SavedModel load_model(const std::string& file, const Registry& registry);
/// Reads the weights and parameters of a model file, or of a start file made by hand, for a known family: attributes
/// may be missing, but a `family` that is there must be the same. Throws Error(data) naming file, path and rule.
MIXFAM_API Mixture load_start(const std::string& file, const FamilyPtr& family);

/// Whether the file holds `/responsibilities`, `/weights` (a model), or neither.
enum class StartFileKind { model, responsibilities };
/// Throws Error(data) when the file cannot be read or is neither.
MIXFAM_API StartFileKind start_file_kind(const std::string& file);
/// The data set `/responsibilities`, N x K row-major.
struct Responsibilities {
  std::size_t rows = 0;
  std::size_t components = 0;
  std::vector<double> values;
  ConstMatrixView view() const { return ConstMatrixView::row_major(values.data(), rows, components); }
};
MIXFAM_API Responsibilities load_responsibilities(const std::string& file);

/// One object of a file, for people.
struct Hdf5Object {
  std::string path;
  std::string kind;  ///< "group", "data set", "dangling link", "external link"
  std::string type;  ///< such as "float64", "compound {age, income}"
  std::vector<std::size_t> shape;
  std::string layout;  ///< "contiguous", "chunked 1000 x 8, gzip"
  std::vector<std::string> columns;
  bool eligible = false;                                        ///< can be read as data of numbers, or is a table
  std::vector<std::pair<std::string, std::string>> attributes;  ///< short values as text
};
/// All objects of a file in path order. Throws Error(data).
MIXFAM_API std::vector<Hdf5Object> list_hdf5(const std::string& file);

}  // namespace mixfam

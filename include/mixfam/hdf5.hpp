#pragma once

#include <mixfam/export.hpp>
#include <mixfam/fit.hpp>
#include <mixfam/mixture.hpp>
#include <mixfam/posterior.hpp>
#include <mixfam/registry.hpp>
#include <mixfam/source.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mixfam {

struct Hdf5Options {
  /// Columns to read, in this order: names, numbers from 0, slices of numbers (`Slice`) such as "0:4", or "all"; empty:
  /// all, but not of a compound table, whose columns are its members.
  std::vector<std::string> columns;
  /// Bytes to read at a time, rounded to whole chunks of the file.
  std::size_t read_bytes = std::size_t{4} << 20;
  /// Missing values are handed out as NaN; else they are refused. They are the values that the file calls so,
  /// categories with the code -1, and NaN itself.
  bool gaps = false;
  /// Numbers are read as they are stored, whatever the attributes of the data set say: `_FillValue`, `missing_value`,
  /// `valid_range`, `valid_min` and `valid_max`, `scale_factor` and `add_offset`, R's NA.
  bool raw = false;
  /// Reads a matrix of D x N, such as MATLAB, Julia and R write N rows of D columns.
  bool transpose = false;
  /// Whether to try the file out by `rehearse_hdf5` first: its metadata, its strings and the first read of numbers.
  bool rehearse = false;
  /// Columns not to read, in the same words.
  std::vector<std::string> except = {};
};

/// Calls `reading` in a child process and returns what it returned there. The HDF5 library crashes on some damaged
/// files, comes to no end with others, and asks for gigabytes for a few kilobytes; here all of these end the child and
/// become an Error. The child may take 256 MiB of memory and 5 s for one object or one read, and more in proportion to
/// the size of the files that it opens; `reading` should read files through this library, which reports its progress.
///
/// The child is a copy of the process by fork(2) with the calling thread alone: no other thread may be inside the HDF5
/// library, and `reading` may neither use HDF5 objects that are open already nor start threads. Within a rehearsal
/// `reading` is simply called.
/// Throws Error(data) naming file, path and cause when the child dies; what `reading` throws as Error of the same kind
/// and text, any other exception as std::runtime_error.
MIXFAM_API std::string rehearse_hdf5(const std::string& location, const std::function<std::string()>& reading);

/// Rows of an HDF5 data set, read block by block in the file's own numeric type.
///
/// `location` is "file.h5" or "file.h5:/path/in/file"; without a path the file must hold exactly one eligible data set.
/// Rank 1 (one column) or 2 (rows x columns) of any integer, float or boolean type, or a compound table of numeric
/// members. Columns of categories are read by their codes: strings become 0, 1, .. in their sorted order, read in one
/// pass when the file is opened and kept as codes in a temporary file (2 bytes a string); enumerations keep their
/// values; a group with the attribute `encoding-type` = "categorical" (AnnData) is one column. A group of
/// columns (AnnData's `obs`, data sets of rank 1 and equal length, blocks of pandas) is a table whose rows are float64,
/// and a group of a sparse matrix (AnnData, 10x Genomics) is read with its zeros.
///
/// Attributes of netCDF that say what the numbers of a data set mean are applied, unless `raw`: its rows are float64
/// then. Throws Error(data) naming the file, the path and the cause.
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
  bool has_gaps() const override;
  /// "file.h5:/path".
  std::string name() const override;
  const std::string& file() const;
  const std::string& path() const;
  /// Every file that the rows may be read from: `file()`, and those that external links on the way to the data set, its
  /// virtual parts and its raw storage lead to, as far as they exist.
  std::vector<std::string> files() const;
  /// What a reader should know but that does not stop it: chunks never written, integers beyond 2^53, a
  /// shape that looks transposed.
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
/// may be missing, but a `family` that is there must mean this one (`Registry::means`); it may use the names of the
/// data's columns. Throws Error(data) naming file, path and rule.
MIXFAM_API Mixture load_start(const std::string& file, const FamilyPtr& family,
                              const Registry& registry = Registry::builtin(),
                              const std::vector<std::string>& column_names = {});
/// The same for K components in groups; of several groups the parameters lie in `/components/0` and so on.
MIXFAM_API Mixture load_start(const std::string& file, const Groups& groups,
                              const Registry& registry = Registry::builtin(),
                              const std::vector<std::string>& column_names = {});

/// How many weights a model or start file holds. Throws Error(data).
MIXFAM_API std::size_t start_components(const std::string& file);
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
/// Throws Error(data) when entries are negative or a row does not sum to 1.
MIXFAM_API Responsibilities load_responsibilities(const std::string& file);

/// One object of a file, for people.
struct Hdf5Object {
  std::string path;
  std::string kind;  ///< "group", "data set", "dangling link", "external link"
  std::string type;  ///< such as "float64", "compound {age, income}"
  std::vector<std::size_t> shape;
  std::string layout;  ///< "contiguous", "chunked 1000 x 8, gzip"
  std::vector<std::string> columns;
  bool auxiliary = false;                                       ///< an index, a scale or a part of another one
  bool eligible = false;                                        ///< can be read as data of numbers, or is a table
  std::string obstacle;                                         ///< why what looks like data cannot be read
  std::string meaning;                                          ///< what its attributes say of its numbers
  std::vector<std::pair<std::string, std::string>> attributes;  ///< short values as text
};
/// All objects of a file, or the one at a path and all below it, in path order. `location` is "file.h5" or
/// "file.h5:/path/in/file". Throws Error(data).
MIXFAM_API std::vector<Hdf5Object> list_hdf5(const std::string& location);

}  // namespace mixfam

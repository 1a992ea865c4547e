#pragma once

#include <mixfam/mixfam.hpp>

#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace mixfam {

/// Rows of data that own their values, row-major.
struct Table {
  std::size_t columns = 1;
  std::vector<double> values;

  std::size_t rows() const { return values.size() / columns; }
  ConstMatrixView view() const { return ConstMatrixView::row_major(values.data(), rows(), columns); }
  MemorySource source(ConstVectorView weights = {}) const { return MemorySource(view(), weights); }
  double operator()(std::size_t n, std::size_t j) const { return values[n * columns + j]; }
};

/// The same rows, handed out in chunks of the given numbers of granules, over and over.
class ChunkedSource final : public Source {
 public:
  ChunkedSource(const Table& table, std::vector<std::size_t> granules, ConstVectorView weights = {})
      : table_(table), granules_(std::move(granules)), weights_(weights) {}

  std::size_t rows() const override { return table_.rows(); }
  std::size_t columns() const override { return table_.columns; }
  const std::vector<std::string>& column_names() const override { return names_; }
  std::string name() const override { return "chunks"; }
  void rewind() override {
    row_ = 0;
    turn_ = 0;
  }
  Chunk next(std::size_t granularity) override {
    Chunk chunk;
    chunk.first_row = row_;
    chunk.rows = std::min(granules_[turn_++ % granules_.size()] * granularity, table_.rows() - row_);
    if (chunk.rows == 0) return {};
    // A copy that the next call overwrites, as a file reader does.
    buffer_.assign(table_.values.begin() + static_cast<std::ptrdiff_t>(row_ * table_.columns),
                   table_.values.begin() + static_cast<std::ptrdiff_t>((row_ + chunk.rows) * table_.columns));
    chunk.data = buffer_.data();
    chunk.row_stride = static_cast<std::ptrdiff_t>(table_.columns);
    chunk.weights = weights_.empty() ? nullptr : weights_.data() + row_;
    row_ += chunk.rows;
    return chunk;
  }

 private:
  const Table& table_;
  std::vector<std::size_t> granules_;
  ConstVectorView weights_;
  std::vector<std::string> names_;
  std::vector<double> buffer_;
  std::size_t row_ = 0;
  std::size_t turn_ = 0;
};

/// What an Error says, "<kind>: <message>"; empty when none is thrown.
template <class Call>
std::string error_of(Call&& call) {
  try {
    call();
  } catch (const Error& error) {
    const char* kinds[] = {"usage", "data", "numerical", "write"};
    return std::string(kinds[static_cast<int>(error.kind())]) + ": " + error.what();
  }
  return "";
}

/// A table of parameters, one row for each component: the values of the fields that people see, in their order.
inline ParameterTable parameter_table(const Family& family, const std::vector<std::vector<double>>& rows) {
  const Schema& schema = family.parameters();
  ParameterTable table(schema, rows.size());
  for (std::size_t k = 0; k < rows.size(); ++k) {
    std::size_t i = 0;
    for (std::size_t f = 0; f < schema.fields().size(); ++f) {
      const Field& field = schema.fields()[f];
      if (!field.is_shown()) continue;
      for (double& value : table.row(k).part(schema.offset(f), field.size()))
        if (i < rows[k].size()) value = rows[k][i++];
    }
  }
  return table;
}

inline std::vector<double> to_vector(ConstVectorView view) { return {view.begin(), view.end()}; }

/// The values of the fields that people see of K rows of a schema, row by row.
inline std::vector<double> shown_values(const Schema& schema, ConstMatrixView rows) {
  std::vector<double> values;
  for (std::size_t k = 0; k < rows.rows(); ++k)
    for (std::size_t f = 0; f < schema.fields().size(); ++f) {
      const Field& field = schema.fields()[f];
      if (!field.is_shown()) continue;
      const auto part = rows.row(k).part(schema.offset(f), field.size());
      values.insert(values.end(), part.begin(), part.end());
    }
  return values;
}

/// L += log density without log h, by a step at theta.
inline void add_log_density(const Family& family, ConstMatrixView theta, const Block& x, MatrixView L) {
  Workspace workspace;
  Workspace::Frame frame(workspace);
  const StepPtr step = family.step(theta);
  step->add_log_density(step->prepare(x, frame), L, workspace);
}

/// S += R' t(X) about the origins.
inline void accumulate(const Family& family, const Block& x, ConstMatrixView R, ConstMatrixView origins, MatrixView S) {
  Workspace workspace;
  family.accumulate(x, R, origins, S, workspace);
}

}  // namespace mixfam

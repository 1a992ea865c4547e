#pragma once

#include <mixfam/export.hpp>
#include <mixfam/source.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace mixfam {

/// A source over another one, which must outlive it: all is as the other has it that a derived class does not override.
class MIXFAM_API ForwardingSource : public Source {
 public:
  explicit ForwardingSource(Source& inner) : inner_(inner) {}

  std::size_t rows() const override;
  std::size_t columns() const override;
  const std::vector<std::string>& column_names() const override;
  const std::vector<std::vector<std::string>>& category_labels() const override;
  bool has_gaps() const override;
  std::string name() const override;
  std::size_t row_number(std::size_t row) const override;
  void rewind() override;
  std::size_t rewind_to(std::size_t row) override;
  Chunk next(std::size_t granularity) override;

 protected:
  Source& inner() const { return inner_; }

 private:
  Source& inner_;
};

}  // namespace mixfam

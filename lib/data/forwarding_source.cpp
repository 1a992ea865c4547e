#include <mixfam/forwarding_source.hpp>

namespace mixfam {

std::size_t ForwardingSource::rows() const { return inner_.rows(); }
std::size_t ForwardingSource::columns() const { return inner_.columns(); }
const std::vector<std::string>& ForwardingSource::column_names() const { return inner_.column_names(); }
const std::vector<std::vector<std::string>>& ForwardingSource::category_labels() const {
  return inner_.category_labels();
}
bool ForwardingSource::has_gaps() const { return inner_.has_gaps(); }
std::string ForwardingSource::name() const { return inner_.name(); }
std::size_t ForwardingSource::row_number(std::size_t row) const { return inner_.row_number(row); }
void ForwardingSource::rewind() { inner_.rewind(); }
std::size_t ForwardingSource::rewind_to(std::size_t row) { return inner_.rewind_to(row); }
Chunk ForwardingSource::next(std::size_t granularity) { return inner_.next(granularity); }

}  // namespace mixfam

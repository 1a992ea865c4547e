#include <mixfam/error.hpp>

namespace mixfam {

Error::~Error() = default;

}  // namespace mixfam

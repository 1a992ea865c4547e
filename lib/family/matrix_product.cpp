#include <mixfam/detail/matrix_product.hpp>

#include "kernels/kernels.hpp"

namespace mixfam::detail {

MatrixProduct::MatrixProduct(ConstMatrixView C)
    : components_(C.rows()),
      panels_(pack_panels(C.data(), C.rows(), C.columns(), static_cast<std::size_t>(C.row_stride()))) {}

void MatrixProduct::add(const Block& T, MatrixView L) const {
  kernels().add_products({T.columns, T.column_count, T.rows}, panels_.data(),
                         {L.data(), L.column_stride(), components_});
}

void accumulate_products(const Block& T, ConstMatrixView R, MatrixView S) {
  kernels().accumulate_products({T.columns, T.column_count, T.rows}, {R.data(), R.column_stride(), R.columns()},
                                S.data(), static_cast<std::size_t>(S.row_stride()));
}

}  // namespace mixfam::detail

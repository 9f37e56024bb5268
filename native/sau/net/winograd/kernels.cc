#include "sau/net/winograd/kernels.h"

#ifdef SAU_X64
#include "platform/cpu.h"
#include "sau/net/winograd/kernels_avx2.h"
#endif

namespace sau::winograd {

const Kernels* kernels() {
#ifdef SAU_X64
  static const Kernels for_avx2{
      .stride_1 = {.axis = 4, .maps = avx2::kMapsOfStride1, .weights = avx2::kWeightsOfStride1},
      .stride_2 = {.axis = 5, .maps = avx2::kMapsOfStride2, .weights = avx2::kWeightsOfStride2},
      .multiply = avx2::multiply,
      .multiply_transposed = avx2::multiply_transposed};
  if (platform::has_avx2() && platform::has_fma()) return &for_avx2;
#endif
  return nullptr;
}

}  // namespace sau::winograd

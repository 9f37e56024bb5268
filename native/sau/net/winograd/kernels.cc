#include "sau/net/winograd/kernels.h"

#include "platform/cpu.h"

namespace sau::winograd {

const Kernels* kernels() {
#ifdef SAU_X64
  if (platform::has_avx2() && platform::has_fma()) return &kAvx2Kernels;
#endif
  return nullptr;
}

}  // namespace sau::winograd

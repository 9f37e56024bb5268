#include "platform/cpu.h"

#if defined(_MSC_VER) && defined(_M_X64)
#include <immintrin.h>
#include <intrin.h>
#endif

namespace sau::platform {

#if defined(_MSC_VER) && defined(_M_X64)
namespace {

enum Register { kEax, kEbx, kEcx, kEdx };

bool has_bit(int leaf, int part, Register from, int bit) {
  int registers[4];
  __cpuid(registers, 0);
  if (registers[kEax] < leaf) return false;
  __cpuidex(registers, leaf, part);
  return (registers[from] >> bit & 1) != 0;
}

/// Whether the system saves these registers where it changes threads: 2 and 4 are of AVX.
bool saves(unsigned long long registers) {
  constexpr int kOsxsave = 27;
  return has_bit(1, 0, kEcx, kOsxsave) && (_xgetbv(0) & registers) == registers;
}

}  // namespace

bool has_avx2() { return saves(0x06) && has_bit(7, 0, kEbx, 5); }
bool has_fma() { return has_bit(1, 0, kEcx, 12); }
bool has_avx512_bf16() { return saves(0xe6) && has_bit(7, 1, kEax, 5); }

#elif defined(__x86_64__)

bool has_avx2() { return __builtin_cpu_supports("avx2") != 0; }
bool has_fma() { return __builtin_cpu_supports("fma") != 0; }
bool has_avx512_bf16() { return __builtin_cpu_supports("avx512bf16") != 0; }

#else

bool has_avx2() { return false; }
bool has_fma() { return false; }
bool has_avx512_bf16() { return false; }

#endif

}  // namespace sau::platform

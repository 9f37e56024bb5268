#pragma once

namespace sau::platform {

/// Whether processor and system have AVX2.
bool has_avx2();

/// Whether the processor has fused products and sums for AVX's registers.
bool has_fma();

/// Whether they have AVX-512's instructions for bfloat16.
bool has_avx512_bf16();

}  // namespace sau::platform

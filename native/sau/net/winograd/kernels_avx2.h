#pragma once
#include "sau/net/winograd/kernels.h"

// Kernels for AVX2 and FMA, in files of their own that are compiled for them. Only on x64. The
// tables are constants: nothing of these files runs before it is called.
namespace sau::winograd::avx2 {

extern const MapTransforms kMapsOfStride1, kMapsOfStride2;
extern const WeightTransforms kWeightsOfStride1, kWeightsOfStride2;

void multiply(const Matrix& left, const Matrix& right, const Matrix& product);
void multiply_transposed(const Matrix& left, const Matrix& right, int64_t index, bool adds,
                         const Matrix& product);

}  // namespace sau::winograd::avx2

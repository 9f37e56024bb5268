#pragma once
#include "sau/net/winograd/kernels.h"

// The parts of kAvx2Kernels.
namespace sau::winograd::avx2 {

void tiles_of_map(const float* map, const Grid& grid, int64_t first, const Matrices& tiles);
void map_of_tiles(const Matrices& tiles, const float* bias, const Grid& grid, int64_t first,
                  float* map);
void tiles_of_gradient(const float* map, const Grid& grid, int64_t first, const Matrices& tiles);
void matrices_of_weight(const float* weight, Weight shape, int64_t index, const Matrices& matrices);
void matrices_of_turned_weight(const float* weight, Weight shape, int64_t index,
                               const Matrices& matrices);
void weight_of_matrices(const Matrices& matrices, Weight shape, int64_t index, float* weight);
void multiply(const Matrices& left, const Matrices& right, int64_t position,
              const Matrices& product);
void multiply_transposed(const Matrices& left, const Matrices& right, int64_t position,
                         int64_t index, bool adds, const Matrices& product);

}  // namespace sau::winograd::avx2

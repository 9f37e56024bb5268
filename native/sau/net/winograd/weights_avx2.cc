#include <immintrin.h>

#include "sau/net/winograd/kernels_avx2.h"

namespace sau::winograd::avx2 {
namespace {

constexpr int64_t kLanes = 8;
constexpr int64_t kTaps = 9;

/// G g of three values.
void points(const __m256 g[3], __m256 out[4]) {
  const auto half = _mm256_set1_ps(0.5F);
  const auto ends = _mm256_mul_ps(half, _mm256_add_ps(g[0], g[2]));
  const auto middle = _mm256_mul_ps(half, g[1]);
  out[0] = g[0];
  out[1] = _mm256_add_ps(ends, middle);
  out[2] = _mm256_sub_ps(ends, middle);
  out[3] = g[2];
}

/// G^T u of four values.
void taps(const __m256 u[4], __m256 out[3]) {
  const auto half = _mm256_set1_ps(0.5F);
  const auto ends = _mm256_mul_ps(half, _mm256_add_ps(u[1], u[2]));
  out[0] = _mm256_add_ps(u[0], ends);
  out[1] = _mm256_mul_ps(half, _mm256_sub_ps(u[1], u[2]));
  out[2] = _mm256_add_ps(ends, u[3]);
}

/// The positions of eight input channels. weight: those of the first tap; turned: by half a turn.
void positions_of(const float* weight, int64_t in, bool turned, __m256 out[kPositions]) {
  __m256 columns[3][4];
  for (int j = 0; j < 3; ++j) {
    __m256 column[3];
    for (int i = 0; i < 3; ++i) {
      const int tap = 3 * i + j;
      column[i] = _mm256_loadu_ps(weight + (turned ? 8 - tap : tap) * in);
    }
    points(column, columns[j]);
  }
  for (int i = 0; i < 4; ++i) {
    const __m256 line[3] = {columns[0][i], columns[1][i], columns[2][i]};
    points(line, out + 4 * i);
  }
}

/// Eight rows of eight values become columns.
void transpose(__m256 rows[8]) {
  __m256 pairs[8], fours[8];
  for (int i = 0; i < 8; i += 2) {
    pairs[i] = _mm256_unpacklo_ps(rows[i], rows[i + 1]);
    pairs[i + 1] = _mm256_unpackhi_ps(rows[i], rows[i + 1]);
  }
  for (int i = 0; i < 8; i += 4) {
    for (int j = 0; j < 2; ++j) {
      fours[i + 2 * j] = _mm256_shuffle_ps(pairs[i + j], pairs[i + j + 2], 0x44);
      fours[i + 2 * j + 1] = _mm256_shuffle_ps(pairs[i + j], pairs[i + j + 2], 0xEE);
    }
  }
  for (int i = 0; i < 4; ++i) {
    rows[i] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x20);
    rows[i + 4] = _mm256_permute2f128_ps(fours[i], fours[i + 4], 0x31);
  }
}

}  // namespace

void matrices_of_weight(const float* weight, Weight shape, int64_t index,
                        const Matrices& matrices) {
  for (int64_t lane = 0; lane < kPanel; lane += kLanes) {
    const float* from = weight + (index * kPanel + lane) * kTaps * shape.in;
    for (int64_t c = 0; c < shape.in; c += kLanes) {
      __m256 values[kLanes][kPositions];
      for (int64_t o = 0; o < kLanes; ++o)
        positions_of(from + o * kTaps * shape.in + c, shape.in, false, values[o]);
      for (int p = 0; p < kPositions; ++p) {
        __m256 block[kLanes];
        for (int o = 0; o < kLanes; ++o) block[o] = values[o][p];
        transpose(block);
        float* to = matrices.panel(p, index) + c * kPanel + lane;
        for (int k = 0; k < kLanes; ++k) _mm256_storeu_ps(to + k * kPanel, block[k]);
      }
    }
  }
}

void matrices_of_turned_weight(const float* weight, Weight shape, int64_t index,
                               const Matrices& matrices) {
  for (int64_t o = 0; o < shape.out; ++o) {
    for (int64_t lane = 0; lane < kPanel; lane += kLanes) {
      __m256 values[kPositions];
      positions_of(weight + o * kTaps * shape.in + index * kPanel + lane, shape.in, true, values);
      float* to = matrices.panel(0, index) + o * kPanel + lane;
      for (int p = 0; p < kPositions; ++p) _mm256_storeu_ps(to + p * matrices.stride(), values[p]);
    }
  }
}

void weight_of_matrices(const Matrices& matrices, Weight shape, int64_t index, float* weight) {
  for (int64_t o = 0; o < shape.out; ++o) {
    for (int64_t lane = 0; lane < kPanel; lane += kLanes) {
      const float* from = matrices.panel(0, index) + o * kPanel + lane;
      __m256 columns[4][3];
      for (int j = 0; j < 4; ++j) {
        __m256 column[4];
        for (int i = 0; i < 4; ++i)
          column[i] = _mm256_loadu_ps(from + (4 * i + j) * matrices.stride());
        taps(column, columns[j]);
      }
      float* to = weight + o * kTaps * shape.in + index * kPanel + lane;
      for (int i = 0; i < 3; ++i) {
        const __m256 line[4] = {columns[0][i], columns[1][i], columns[2][i], columns[3][i]};
        __m256 out[3];
        taps(line, out);
        for (int j = 0; j < 3; ++j) _mm256_storeu_ps(to + (3 * i + j) * shape.in, out[j]);
      }
    }
  }
}

}  // namespace sau::winograd::avx2

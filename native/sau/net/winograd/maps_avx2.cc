#include <immintrin.h>

#include "sau/net/winograd/kernels_avx2.h"

namespace sau::winograd::avx2 {
namespace {

constexpr int64_t kLanes = 8;

/// Pixels beyond the map's edge.
alignas(64) constexpr float kZeros[kMostChannels] = {};

/// Where a tile lies: its image and the pixel at which its output begins.
struct Place {
  int64_t image, y, x;
};

Place place_of(const Grid& grid, int64_t tile) {
  const int64_t column = tile % grid.columns(), line = tile / grid.columns();
  return {line / grid.rows(), 2 * (line % grid.rows()), 2 * column};
}

/// The offset of a pixel, or -1 beyond the edge.
int64_t offset_of(const Grid& grid, int64_t image, int64_t y, int64_t x) {
  if (y < 0 || y >= grid.height || x < 0 || x >= grid.width) return -1;
  return ((image * grid.height + y) * grid.width + x) * grid.channels;
}

const float* pixel_of(const float* map, const Grid& grid, int64_t image, int64_t y, int64_t x) {
  const int64_t offset = offset_of(grid, image, y, x);
  return offset < 0 ? kZeros : map + offset;
}

/// Where channel `c` of a row lies in the first matrix.
float* value_of(const Matrices& tiles, int64_t row, int64_t c) {
  return tiles.panel(0, c / kPanel) + row * kPanel + c % kPanel;
}

/// B^T d of four values.
void differences(const __m256 d[4], __m256 out[4]) {
  out[0] = _mm256_sub_ps(d[0], d[2]);
  out[1] = _mm256_add_ps(d[1], d[2]);
  out[2] = _mm256_sub_ps(d[2], d[1]);
  out[3] = _mm256_sub_ps(d[1], d[3]);
}

/// A^T m of four values.
void sums(const __m256 m[4], __m256 out[2]) {
  out[0] = _mm256_add_ps(_mm256_add_ps(m[0], m[1]), m[2]);
  out[1] = _mm256_sub_ps(_mm256_sub_ps(m[1], m[2]), m[3]);
}

/// A g of two values.
void spread(const __m256 g[2], __m256 out[4]) {
  out[0] = g[0];
  out[1] = _mm256_add_ps(g[0], g[1]);
  out[2] = _mm256_sub_ps(g[0], g[1]);
  out[3] = _mm256_sub_ps(_mm256_setzero_ps(), g[1]);
}

}  // namespace

void tiles_of_map(const float* map, const Grid& grid, int64_t first, const Matrices& tiles) {
  const int64_t stride = tiles.stride();
  for (int64_t row = 0; row < tiles.rows; ++row) {
    const auto [image, y, x] = place_of(grid, first + row);
    const float* pixels[4][4];
    for (int i = 0; i < 4; ++i)
      for (int j = 0; j < 4; ++j) pixels[i][j] = pixel_of(map, grid, image, y + i - 1, x + j - 1);
    for (int64_t c = 0; c < grid.channels; c += kLanes) {
      __m256 columns[4][4], lines[4][4];
      for (int j = 0; j < 4; ++j) {
        __m256 column[4];
        for (int i = 0; i < 4; ++i) column[i] = _mm256_loadu_ps(pixels[i][j] + c);
        differences(column, columns[j]);
      }
      for (int i = 0; i < 4; ++i) {
        const __m256 line[4] = {columns[0][i], columns[1][i], columns[2][i], columns[3][i]};
        differences(line, lines[i]);
      }
      float* to = value_of(tiles, row, c);
      for (int p = 0; p < kPositions; ++p) _mm256_storeu_ps(to + p * stride, lines[p / 4][p % 4]);
    }
  }
}

void map_of_tiles(const Matrices& tiles, const float* bias, const Grid& grid, int64_t first,
                  float* map) {
  const int64_t stride = tiles.stride();
  for (int64_t row = 0; row < tiles.rows; ++row) {
    const auto [image, y, x] = place_of(grid, first + row);
    int64_t offsets[4];
    for (int p = 0; p < 4; ++p) offsets[p] = offset_of(grid, image, y + p / 2, x + p % 2);
    for (int64_t c = 0; c < grid.channels; c += kLanes) {
      const float* from = value_of(tiles, row, c);
      __m256 columns[4][2];
      for (int j = 0; j < 4; ++j) {
        __m256 column[4];
        for (int i = 0; i < 4; ++i) column[i] = _mm256_loadu_ps(from + (4 * i + j) * stride);
        sums(column, columns[j]);
      }
      const __m256 shift = bias ? _mm256_loadu_ps(bias + c) : _mm256_setzero_ps();
      for (int i = 0; i < 2; ++i) {
        const __m256 line[4] = {columns[0][i], columns[1][i], columns[2][i], columns[3][i]};
        __m256 pixels[2];
        sums(line, pixels);
        for (int j = 0; j < 2; ++j) {
          const int64_t offset = offsets[2 * i + j];
          if (offset >= 0) _mm256_storeu_ps(map + offset + c, _mm256_add_ps(pixels[j], shift));
        }
      }
    }
  }
}

void tiles_of_gradient(const float* map, const Grid& grid, int64_t first, const Matrices& tiles) {
  const int64_t stride = tiles.stride();
  for (int64_t row = 0; row < tiles.rows; ++row) {
    const auto [image, y, x] = place_of(grid, first + row);
    const float* pixels[2][2];
    for (int i = 0; i < 2; ++i)
      for (int j = 0; j < 2; ++j) pixels[i][j] = pixel_of(map, grid, image, y + i, x + j);
    for (int64_t c = 0; c < grid.channels; c += kLanes) {
      __m256 columns[2][4], lines[4][4];
      for (int j = 0; j < 2; ++j) {
        const __m256 column[2] = {_mm256_loadu_ps(pixels[0][j] + c),
                                  _mm256_loadu_ps(pixels[1][j] + c)};
        spread(column, columns[j]);
      }
      for (int i = 0; i < 4; ++i) {
        const __m256 line[2] = {columns[0][i], columns[1][i]};
        spread(line, lines[i]);
      }
      float* to = value_of(tiles, row, c);
      for (int p = 0; p < kPositions; ++p) _mm256_storeu_ps(to + p * stride, lines[p / 4][p % 4]);
    }
  }
}

}  // namespace sau::winograd::avx2

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
  return {line / grid.rows(), grid.step * (line % grid.rows()), grid.step * column};
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
  return tiles.at(0).panel(c / kPanel) + row * kPanel + c % kPanel;
}

__m256 plus(__m256 a, __m256 b) { return _mm256_add_ps(a, b); }
__m256 minus(__m256 a, __m256 b) { return _mm256_sub_ps(a, b); }
__m256 negative(__m256 a) { return _mm256_sub_ps(_mm256_setzero_ps(), a); }

// The transforms along an axis. kFirst: where their pixels begin, from the tile's first pixel on.

struct Input1 {
  static constexpr int kFirst = -1, kPixels = 4, kPositions = 4;
  static void apply(const __m256 d[4], __m256 out[4]) {
    out[0] = minus(d[0], d[2]);
    out[1] = plus(d[1], d[2]);
    out[2] = minus(d[2], d[1]);
    out[3] = minus(d[1], d[3]);
  }
};

struct Output1 {
  static constexpr int kPixels = 2, kPositions = 4;
  static void apply(const __m256 m[4], __m256 out[2]) {
    out[0] = plus(plus(m[0], m[1]), m[2]);
    out[1] = minus(minus(m[1], m[2]), m[3]);
  }
};

/// Output1, transposed.
struct Sums1 {
  static constexpr int kFirst = 0, kPixels = 2, kPositions = 4;
  static void apply(const __m256 g[2], __m256 out[4]) {
    out[0] = g[0];
    out[1] = plus(g[0], g[1]);
    out[2] = minus(g[0], g[1]);
    out[3] = negative(g[1]);
  }
};

struct Input2 {
  static constexpr int kFirst = -1, kPixels = 5, kPositions = 5;
  static void apply(const __m256 d[5], __m256 out[5]) {
    out[0] = minus(d[0], d[2]);
    out[1] = d[2];
    out[2] = minus(d[2], d[4]);
    out[3] = d[1];
    out[4] = d[3];
  }
};

struct Output2 {
  static constexpr int kPixels = 2, kPositions = 5;
  static void apply(const __m256 m[5], __m256 out[2]) {
    out[0] = plus(plus(m[0], m[1]), m[3]);
    out[1] = plus(minus(m[1], m[2]), m[4]);
  }
};

/// Output2, transposed.
struct Sums2 {
  static constexpr int kFirst = 0, kPixels = 2, kPositions = 5;
  static void apply(const __m256 g[2], __m256 out[5]) {
    out[0] = g[0];
    out[1] = plus(g[0], g[1]);
    out[2] = negative(g[1]);
    out[3] = g[0];
    out[4] = g[1];
  }
};

struct Gradient2 {
  static constexpr int kFirst = 0, kPixels = 3, kPositions = 5;
  static void apply(const __m256 g[3], __m256 out[5]) {
    out[0] = minus(g[0], g[1]);
    out[1] = g[1];
    out[2] = minus(g[1], g[2]);
    out[3] = g[0];
    out[4] = g[1];
  }
};

/// The gradients by four pixels of the input, of which the first and third meet the middle tap.
struct InputGradient2 {
  static constexpr int kPixels = 4, kPositions = 5;
  static void apply(const __m256 m[5], __m256 out[4]) {
    out[0] = m[3];
    out[1] = plus(m[0], m[1]);
    out[2] = m[4];
    out[3] = minus(m[1], m[2]);
  }
};

template <class Transform>
void to_tiles(const float* map, const Grid& grid, int64_t first, const Matrices& tiles) {
  constexpr int kPixels = Transform::kPixels, kPositions = Transform::kPositions;
  const int64_t stride = tiles.stride();
  for (int64_t row = 0; row < tiles.rows; ++row) {
    const auto place = place_of(grid, first + row);
    const int64_t y = place.y + Transform::kFirst, x = place.x + Transform::kFirst;
    const float* pixels[kPixels][kPixels];
    for (int i = 0; i < kPixels; ++i)
      for (int j = 0; j < kPixels; ++j)
        pixels[i][j] = pixel_of(map, grid, place.image, y + i, x + j);
    for (int64_t c = 0; c < grid.channels; c += kLanes) {
      __m256 columns[kPixels][kPositions];
      for (int j = 0; j < kPixels; ++j) {
        __m256 column[kPixels];
        for (int i = 0; i < kPixels; ++i) column[i] = _mm256_loadu_ps(pixels[i][j] + c);
        Transform::apply(column, columns[j]);
      }
      float* to = value_of(tiles, row, c);
      for (int i = 0; i < kPositions; ++i) {
        __m256 line[kPixels], values[kPositions];
        for (int j = 0; j < kPixels; ++j) line[j] = columns[j][i];
        Transform::apply(line, values);
        for (int j = 0; j < kPositions; ++j, to += stride) _mm256_storeu_ps(to, values[j]);
      }
    }
  }
}

template <class Transform>
void from_tiles(const Matrices& tiles, const float* bias, const Grid& grid, int64_t first,
                float* map) {
  constexpr int kPixels = Transform::kPixels, kPositions = Transform::kPositions;
  const int64_t stride = tiles.stride();
  for (int64_t row = 0; row < tiles.rows; ++row) {
    const auto [image, y, x] = place_of(grid, first + row);
    int64_t offsets[kPixels][kPixels];
    for (int i = 0; i < kPixels; ++i)
      for (int j = 0; j < kPixels; ++j) offsets[i][j] = offset_of(grid, image, y + i, x + j);
    for (int64_t c = 0; c < grid.channels; c += kLanes) {
      const float* from = value_of(tiles, row, c);
      __m256 columns[kPositions][kPixels];
      for (int j = 0; j < kPositions; ++j) {
        __m256 column[kPositions];
        for (int i = 0; i < kPositions; ++i)
          column[i] = _mm256_loadu_ps(from + (kPositions * i + j) * stride);
        Transform::apply(column, columns[j]);
      }
      const __m256 shift = bias ? _mm256_loadu_ps(bias + c) : _mm256_setzero_ps();
      for (int i = 0; i < kPixels; ++i) {
        __m256 line[kPositions], values[kPixels];
        for (int j = 0; j < kPositions; ++j) line[j] = columns[j][i];
        Transform::apply(line, values);
        for (int j = 0; j < kPixels; ++j) {
          if (offsets[i][j] >= 0) _mm256_storeu_ps(map + offsets[i][j] + c, plus(values[j], shift));
        }
      }
    }
  }
}

}  // namespace

// The gradient by the input of stride 1 is such a convolution itself.
constinit const MapTransforms kMapsOfStride1{
    to_tiles<Input1>, from_tiles<Output1>, to_tiles<Input1>, from_tiles<Output1>, to_tiles<Sums1>};
constinit const MapTransforms kMapsOfStride2{to_tiles<Input2>, from_tiles<Output2>,
                                             to_tiles<Gradient2>, from_tiles<InputGradient2>,
                                             to_tiles<Sums2>};

}  // namespace sau::winograd::avx2

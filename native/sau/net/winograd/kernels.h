#pragma once
#include <algorithm>
#include <cstdint>

// The arithmetic of Winograd's method for 3x3 convolutions over plain floats. A map is cut into
// tiles, each of which gives 2x2 pixels of the output. Tiles and weights are transformed to
// positions; at every position one matrix product over the channels takes the place of several.
//
// Stride 1 is F(2x2,3x3): tiles of 4x4 pixels that begin two pixels apart, from one pixel before
// the map on, and 4x4 positions: 16 products for 36.
//
// Stride 2: tiles of 5x5 pixels that begin four pixels apart. Along an axis the middle tap meets
// every second pixel, and the two outer ones are a filter of two taps over the pixels between:
// F(2,2), three products for four. That makes 5x5 positions, 25 products for 36. The fourth and the
// fifth along an axis are the two pixels of the middle tap, which share a matrix of the weight.
namespace sau::winograd {

constexpr int64_t kPanel = 16;  ///< columns of a matrix that lie side by side
constexpr int64_t kMostChannels = 2048;
constexpr int64_t kWeightAxis = 4;  ///< matrices of a weight along an axis

/// A map in pixels: [images, height, width, channels]; step: pixels from one tile to the next.
struct Grid {
  int64_t images, height, width, channels, step;
  int64_t rows() const { return (height + step - 1) / step; }
  int64_t columns() const { return (width + step - 1) / step; }
  int64_t tiles() const { return images * rows() * columns(); }
};

/// A matrix [rows, columns] in panels: [columns / 16][rows][16].
struct Matrix {
  float* values;
  int64_t rows, columns;
  float* panel(int64_t index) const { return values + index * rows * kPanel; }
};

/// Matrices [rows, columns] for axis x axis positions, one after the other with gaps between.
struct Matrices {
  float* values;
  int64_t axis, rows, columns;
  int64_t positions() const { return axis * axis; }
  /// Floats from one matrix to the next: no multiple of 4 KiB, so that what lies at the same place
  /// of all of them falls into different sets of the cache.
  int64_t stride() const { return rows * columns + 5 * kPanel; }
  int64_t size() const { return positions() * stride(); }
  Matrix at(int64_t position) const { return {values + position * stride(), rows, columns}; }
};

/// A weight [out, 3, 3, in].
struct Weight {
  int64_t out, in;
};

/// The tiles of a map from `first` on, as many as the matrices have rows: [tiles, channels].
using ToTiles = void (*)(const float* map, const Grid& grid, int64_t first, const Matrices& tiles);
/// The pixels of a map from such tiles; bias: [channels] or null.
using FromTiles = void (*)(const Matrices& tiles, const float* bias, const Grid& grid,
                           int64_t first, float* map);
/// What sixteen output channels of a weight, from 16 * index on, give to its matrices.
using ToMatrices = void (*)(const float* weight, Weight shape, int64_t index,
                            const Matrices& matrices);

struct MapTransforms {
  ToTiles tiles_of_input;  ///< for the output
  FromTiles output_of_tiles;
  ToTiles tiles_of_gradient;  ///< by the output, for the gradient by the input
  FromTiles gradient_of_tiles;
  ToTiles tiles_of_sums;  ///< the gradient by the tiles of output_of_tiles from that by the output
};

struct WeightTransforms {
  ToMatrices matrices_of_weight;         ///< [in, out]
  ToMatrices matrices_of_turned_weight;  ///< [out, in], from the output's gradient to the input's
  /// The weight's gradient, for the input channels of panel `index`, from that by the matrices
  /// [out, in].
  void (*weight_of_matrices)(const Matrices& matrices, Weight shape, int64_t index, float* weight);
};

/// For convolutions of one stride.
struct Transforms {
  int64_t axis;  ///< positions of a tile along an axis
  const MapTransforms& maps;
  const WeightTransforms& weights;
  /// Where the weight's matrix for a position of a tile lies among its own.
  int64_t weight_position(int64_t position) const {
    constexpr int64_t kLast = kWeightAxis - 1;
    return kWeightAxis * std::min(position / axis, kLast) + std::min(position % axis, kLast);
  }
};

/// Channels are multiples of 16.
struct Kernels {
  Transforms stride_1, stride_2;
  const Transforms& of_stride(int64_t stride) const { return stride == 1 ? stride_1 : stride_2; }

  /// product = left * right.
  void (*multiply)(const Matrix& left, const Matrix& right, const Matrix& product);
  /// A panel of the product of left, transposed, and right; adds: to what is there. Rows are summed
  /// one after the other, whatever their number in a call.
  void (*multiply_transposed)(const Matrix& left, const Matrix& right, int64_t index, bool adds,
                              const Matrix& product);
};

/// Those of this processor; null where it has none.
const Kernels* kernels();

}  // namespace sau::winograd

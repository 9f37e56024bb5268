#pragma once
#include <cstdint>

// The arithmetic of Winograd's F(2x2,3x3) over plain floats. A map is cut into tiles of 4x4 pixels
// that begin two pixels apart, from one pixel before the map on. Tiles and weights are transformed
// to 4x4 positions each; at every position one matrix product over the channels takes the place of
// nine, and its result gives 2x2 pixels of the output: 16 products for 36.
namespace sau::winograd {

constexpr int64_t kPositions = 16;
constexpr int64_t kPanel = 16;  ///< columns of a matrix that lie side by side
constexpr int64_t kMostChannels = 2048;

/// A map in pixels: [images, height, width, channels]. The output has its height and width.
struct Grid {
  int64_t images, height, width, channels;
  int64_t rows() const { return (height + 1) / 2; }
  int64_t columns() const { return (width + 1) / 2; }
  int64_t tiles() const { return images * rows() * columns(); }
};

/// Sixteen matrices [rows, columns], one for each position of a tile, in panels:
/// [16][columns / 16][rows][16] and a gap after each.
struct Matrices {
  float* values;
  int64_t rows, columns;
  /// Floats from one matrix to the next: no multiple of 4 KiB, so that what lies at the same place
  /// of all sixteen falls into different sets of the cache.
  int64_t stride() const { return rows * columns + 5 * kPanel; }
  int64_t size() const { return kPositions * stride(); }
  float* panel(int64_t position, int64_t index) const {
    return values + position * stride() + index * rows * kPanel;
  }
};

/// A weight [out, 3, 3, in].
struct Weight {
  int64_t out, in;
};

/// Channels are multiples of 16.
struct Kernels {
  /// The input's tiles from `first` on, as many as `tiles` has rows: [tiles, channels].
  void (*tiles_of_map)(const float* map, const Grid& grid, int64_t first, const Matrices& tiles);
  /// The output's pixels from such tiles; bias: [channels] or null.
  void (*map_of_tiles)(const Matrices& tiles, const float* bias, const Grid& grid, int64_t first,
                       float* map);
  /// The gradient by the tiles of map_of_tiles() from that by the output.
  void (*tiles_of_gradient)(const float* map, const Grid& grid, int64_t first,
                            const Matrices& tiles);

  /// Panel `index` of the matrices [in, out].
  void (*matrices_of_weight)(const float* weight, Weight shape, int64_t index,
                             const Matrices& matrices);
  /// Panel `index` of the matrices [out, in] of the weight that takes the output's gradient to the
  /// input's.
  void (*matrices_of_turned_weight)(const float* weight, Weight shape, int64_t index,
                                    const Matrices& matrices);
  /// The weight's gradient, for the input channels of panel `index`, from that by the matrices
  /// [out, in].
  void (*weight_of_matrices)(const Matrices& matrices, Weight shape, int64_t index, float* weight);

  /// product = left * right at a position.
  void (*multiply)(const Matrices& left, const Matrices& right, int64_t position,
                   const Matrices& product);
  /// A panel of the product of left, transposed, and right at a position; adds: to what is there.
  /// Rows are summed one after the other, whatever their number in a call.
  void (*multiply_transposed)(const Matrices& left, const Matrices& right, int64_t position,
                              int64_t index, bool adds, const Matrices& product);
};

/// Those of this processor; null where it has none.
const Kernels* kernels();

/// For AVX2 and FMA, in files of their own that are compiled for them. Only on x64.
extern const Kernels kAvx2Kernels;

}  // namespace sau::winograd

#include <immintrin.h>

#include "sau/net/winograd/kernels_avx2.h"

namespace sau::winograd::avx2 {
namespace {

// A block of 6x16 results lies in twelve of the sixteen registers. Each element is one chain of
// fused sums in the order of the inner dimension, so that its bits do not depend on the block.
constexpr int64_t kRows = 6;
/// Of the inner dimension at a time: 16 KiB of the right matrix, half of the first cache.
constexpr int64_t kInner = 256;

template <int rows>
void load(const float* from, bool adds, __m256 sums[rows][2]) {
  for (int r = 0; r < rows; ++r) {
    for (int half = 0; half < 2; ++half) {
      sums[r][half] = adds ? _mm256_loadu_ps(from + r * kPanel + 8 * half) : _mm256_setzero_ps();
    }
  }
}

template <int rows>
void store(const __m256 sums[rows][2], float* to) {
  for (int r = 0; r < rows; ++r) {
    _mm256_storeu_ps(to + r * kPanel, sums[r][0]);
    _mm256_storeu_ps(to + r * kPanel + 8, sums[r][1]);
  }
}

/// One step of the inner dimension. left: the block's value of the first row; step: to the next.
template <int rows>
void add_products(const float* left, int64_t step, const float* right, __m256 sums[rows][2]) {
  const auto low = _mm256_loadu_ps(right), high = _mm256_loadu_ps(right + 8);
  for (int r = 0; r < rows; ++r) {
    const auto value = _mm256_broadcast_ss(left + r * step);
    sums[r][0] = _mm256_fmadd_ps(value, low, sums[r][0]);
    sums[r][1] = _mm256_fmadd_ps(value, high, sums[r][1]);
  }
}

/// left: the block's rows in their first panel; stride: to the next panel; right: [16 panels][16].
template <int rows>
void block(const float* left, int64_t stride, const float* right, int64_t panels, bool adds,
           float* product) {
  __m256 sums[rows][2];
  load<rows>(product, adds, sums);
  for (int64_t panel = 0; panel < panels; ++panel, left += stride) {
    for (int k = 0; k < kPanel; ++k, right += kPanel)
      add_products<rows>(left + k, kPanel, right, sums);
  }
  store<rows>(sums, product);
}

/// left, right: [inner][16].
template <int rows>
void transposed_block(const float* left, const float* right, int64_t inner, bool adds,
                      float* product) {
  __m256 sums[rows][2];
  load<rows>(product, adds, sums);
  for (int64_t k = 0; k < inner; ++k, left += kPanel, right += kPanel)
    add_products<rows>(left, 1, right, sums);
  store<rows>(sums, product);
}

/// What is left of the rows after whole blocks.
void last_block(int64_t rows, const float* left, int64_t stride, const float* right, int64_t panels,
                bool adds, float* product) {
  constexpr decltype(&block<1>) kBlocks[] = {block<1>, block<2>, block<3>, block<4>, block<5>};
  if (rows > 0) kBlocks[rows - 1](left, stride, right, panels, adds, product);
}

/// Values of a matrix from which on it comes from memory.
constexpr int64_t kLargeMatrix = 256 * 256;

/// Asks for the lines of memory from `first` to `last`.
void fetch(const float* values, int64_t first, int64_t last) {
  for (int64_t line = first; line < last; ++line)
    _mm_prefetch(reinterpret_cast<const char*>(values + line * kPanel), _MM_HINT_T0);
}

}  // namespace

void multiply(const Matrix& left, const Matrix& right, const Matrix& product) {
  const int64_t stride = left.rows * kPanel, whole = left.rows / kRows * kRows;
  const bool is_large = right.rows * right.columns >= kLargeMatrix;
  for (int64_t begin = 0; begin < left.columns; begin += kInner) {
    const int64_t inner = left.columns - begin < kInner ? left.columns - begin : kInner;
    const bool adds = begin > 0;
    const float* rows = left.panel(begin / kPanel);
    for (int64_t index = 0; index < product.columns / kPanel; ++index) {
      const float* columns = right.panel(index) + begin * kPanel;
      // The next panel, a line for each step of the inner dimension, is asked for bit by bit, while
      // this one is used.
      const float* next = right.panel(index + 1) + begin * kPanel;
      float* to = product.panel(index);
      for (int64_t row = 0; row < whole; row += kRows) {
        if (is_large) fetch(next, row * inner / whole, (row + kRows) * inner / whole);
        block<kRows>(rows + row * kPanel, stride, columns, inner / kPanel, adds, to + row * kPanel);
      }
      last_block(left.rows - whole, rows + whole * kPanel, stride, columns, inner / kPanel, adds,
                 to + whole * kPanel);
    }
  }
}

void multiply_transposed(const Matrix& left, const Matrix& right, int64_t index, bool adds,
                         const Matrix& product) {
  for (int64_t begin = 0; begin < left.rows; begin += kInner) {
    const int64_t inner = left.rows - begin < kInner ? left.rows - begin : kInner;
    const bool continues = adds || begin > 0;
    const float* columns = right.panel(index) + begin * kPanel;
    for (int64_t panel = 0; panel < product.rows / kPanel; ++panel) {
      const float* rows = left.panel(panel) + begin * kPanel;
      float* to = product.panel(index) + panel * kPanel * kPanel;
      transposed_block<6>(rows, columns, inner, continues, to);
      transposed_block<6>(rows + 6, columns, inner, continues, to + 6 * kPanel);
      transposed_block<4>(rows + 12, columns, inner, continues, to + 12 * kPanel);
    }
  }
}

}  // namespace sau::winograd::avx2

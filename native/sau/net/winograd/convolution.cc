#include "sau/net/winograd/convolution.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>

#include <algorithm>

#include "sau/net/winograd/kernels.h"

namespace sau::winograd {
namespace {

constexpr auto kLayout = at::MemoryFormat::ChannelsLast;

/// Memory for matrices of `places` threads.
class Memory {
 public:
  Memory(const torch::Tensor& like, int64_t places, int64_t rows, int64_t columns)
      : rows_(rows),
        columns_(columns),
        values_(at::empty({places, Matrices{nullptr, rows, columns}.size()}, like.options())) {}
  Matrices matrices(int64_t place = 0) const { return first_rows(rows_, place); }
  Matrices first_rows(int64_t rows, int64_t place = 0) const {
    return {values_.mutable_data_ptr<float>() + place * values_.stride(0), rows, columns_};
  }

 private:
  int64_t rows_, columns_;
  torch::Tensor values_;
};

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

Grid grid_of(const torch::Tensor& map) {
  return {map.size(0), map.size(2), map.size(3), map.size(1)};
}

torch::Tensor map_like(const Grid& grid, int64_t channels, const torch::Tensor& like) {
  return at::empty({grid.images, channels, grid.height, grid.width}, like.options(), kLayout);
}

const float* values_of(const torch::Tensor& tensor) { return tensor.const_data_ptr<float>(); }

/// Tiles that a thread takes at a time. Few channels: they stay in the second cache. Many channels:
/// the sixteen matrices of the weight, which pass through it once for each block, are large.
int64_t tiles_of_block(int64_t channels) {
  constexpr int64_t kFewest = 24, kRowsOfProduct = 6;
  return std::max(kFewest, channels * 3 / 8 / kRowsOfProduct * kRowsOfProduct);
}

/// The same of a weight's gradient, whose sums pass through the cache.
int64_t tiles_of_sum(int64_t channels) { return std::clamp<int64_t>(channels * 3 / 4, 48, 96); }

int64_t panels_of(Weight shape) { return shape.in / kPanel; }

/// The output [N,columns,H,W] for matrices [channels of the input, columns].
torch::Tensor multiply_tiles(const torch::Tensor& input, const Memory& weight,
                             const std::optional<torch::Tensor>& bias) {
  const auto& kernel = *kernels();
  const auto grid = grid_of(input);
  const auto right = weight.matrices();
  auto result = map_like(grid, right.columns, input);
  const auto outputs = grid_of(result);
  const int64_t threads = at::get_num_threads(), tiles = grid.tiles();
  const int64_t block =
      std::min(tiles_of_block(std::max(grid.channels, right.columns)), divide_up(tiles, threads));
  const Memory inputs(input, threads, block, grid.channels);
  const Memory products(input, threads, block, right.columns);
  const float* from = values_of(input);
  float* to = result.mutable_data_ptr<float>();
  const float* shift = bias ? values_of(*bias) : nullptr;
  at::parallel_for(0, divide_up(tiles, block), 1, [&](int64_t begin, int64_t end) {
    const int64_t place = at::get_thread_num();
    for (int64_t first = begin * block; first < std::min(end * block, tiles); first += block) {
      const int64_t rows = std::min(block, tiles - first);
      const auto left = inputs.first_rows(rows, place);
      const auto product = products.first_rows(rows, place);
      kernel.tiles_of_map(from, grid, first, left);
      for (int64_t p = 0; p < kPositions; ++p) kernel.multiply(left, right, p, product);
      kernel.map_of_tiles(product, shift, outputs, first, to);
    }
  });
  return result;
}

}  // namespace

bool gains(const torch::Tensor& x, const torch::Tensor& weight, const ConvolutionForm& form) {
  // LibTorch's word for the processor, which ATEN_CPU_CAPABILITY may lower. With AVX-512 oneDNN is
  // twice as fast, and nobody has measured these kernels there.
  static const bool measured = kernels() && at::get_cpu_capability() == "AVX2";
  if (!measured || !x.is_cpu() || x.scalar_type() != torch::kFloat32 ||
      weight.scalar_type() != torch::kFloat32 || form.stride != 1 || form.padding != 1 ||
      form.groups != 1 || weight.size(2) != 3 || weight.size(3) != 3)
    return false;
  const int64_t out = weight.size(0), in = weight.size(1);
  if (in % kPanel != 0 || out % kPanel != 0 || std::max(in, out) > kMostChannels) return false;
  // By one image and not by the batch, so that an image has the same bits in any. With few tiles or
  // few channels what is transformed costs as much as what is saved.
  constexpr int64_t kFewestTiles = 4, kFewestProducts = 512;
  const Grid image{1, x.size(2), x.size(3), in};
  const int64_t pixels = image.height * image.width, computed = 4 * image.tiles();
  return x.size(0) > 0 && image.tiles() >= kFewestTiles && 2 * computed <= 3 * pixels &&
         in * out >= kFewestProducts;
}

torch::Tensor convolve(const torch::Tensor& x, const torch::Tensor& weight,
                       const std::optional<torch::Tensor>& bias) {
  const Weight shape{weight.size(0), weight.size(1)};
  const auto taps = weight.contiguous(kLayout);
  const Memory memory(weight, 1, shape.in, shape.out);
  at::parallel_for(0, shape.out / kPanel, 1, [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; ++panel)
      kernels()->matrices_of_weight(values_of(taps), shape, panel, memory.matrices());
  });
  const auto shift = bias ? std::optional(bias->contiguous()) : std::nullopt;
  return multiply_tiles(x.contiguous(kLayout), memory, shift);
}

torch::Tensor input_gradient(const torch::Tensor& gradient, const torch::Tensor& weight) {
  const Weight shape{weight.size(0), weight.size(1)};
  const auto taps = weight.contiguous(kLayout);
  const Memory memory(weight, 1, shape.out, shape.in);
  at::parallel_for(0, panels_of(shape), 1, [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; ++panel)
      kernels()->matrices_of_turned_weight(values_of(taps), shape, panel, memory.matrices());
  });
  return multiply_tiles(gradient.contiguous(kLayout), memory, std::nullopt);
}

torch::Tensor weight_gradient(const torch::Tensor& gradient, const torch::Tensor& x) {
  const auto& kernel = *kernels();
  const auto maps = x.contiguous(kLayout), gradients = gradient.contiguous(kLayout);
  const auto inputs = grid_of(maps), outputs = grid_of(gradients);
  const Weight shape{outputs.channels, inputs.channels};
  const int64_t threads = at::get_num_threads(), tiles = inputs.tiles();
  const int64_t block = std::min(tiles_of_sum(std::max(shape.in, shape.out)), tiles);
  const Memory lefts(x, threads, block, shape.out), rights(x, threads, block, shape.in);
  const Memory sums(x, 1, shape.out, shape.in);
  const auto rows_at = [&](int64_t first) { return std::min(block, tiles - first); };
  for (int64_t done = 0; done < tiles; done += threads * block) {
    const int64_t places = std::min(threads, divide_up(tiles - done, block));
    at::parallel_for(0, places, 1, [&](int64_t begin, int64_t end) {
      for (int64_t place = begin; place < end; ++place) {
        const int64_t first = done + place * block, rows = rows_at(first);
        kernel.tiles_of_gradient(values_of(gradients), outputs, first,
                                 lefts.first_rows(rows, place));
        kernel.tiles_of_map(values_of(maps), inputs, first, rights.first_rows(rows, place));
      }
    });
    at::parallel_for(0, kPositions * panels_of(shape), 1, [&](int64_t begin, int64_t end) {
      for (int64_t part = begin; part < end; ++part) {
        for (int64_t place = 0; place < places; ++place) {
          const int64_t first = done + place * block, rows = rows_at(first);
          kernel.multiply_transposed(lefts.first_rows(rows, place), rights.first_rows(rows, place),
                                     part / panels_of(shape), part % panels_of(shape), first > 0,
                                     sums.matrices());
        }
      }
    });
  }
  auto result = at::empty({shape.out, shape.in, 3, 3}, x.options(), kLayout);
  float* to = result.mutable_data_ptr<float>();
  at::parallel_for(0, panels_of(shape), 1, [&](int64_t begin, int64_t end) {
    for (int64_t panel = begin; panel < end; ++panel)
      kernel.weight_of_matrices(sums.matrices(), shape, panel, to);
  });
  return result;
}

}  // namespace sau::winograd

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

/// Tiles of which a weight's gradient is summed at a time: its sums pass through the cache.
int64_t tiles_of_sum(int64_t channels) { return std::clamp<int64_t>(channels * 3 / 4, 48, 96); }

/// Calls work(0) to work(count - 1), by all threads.
template <class Work>
void for_each(int64_t count, const Work& work) {
  at::parallel_for(0, count, 1, [&](int64_t begin, int64_t end) {
    for (int64_t index = begin; index < end; ++index) work(index);
  });
}

/// Fills the output [N,columns,H,W] for matrices [channels of the input, columns].
void multiply_tiles(const torch::Tensor& input, const Matrices& right,
                    const std::optional<torch::Tensor>& bias, const torch::Tensor& output) {
  const auto& kernel = *kernels();
  const auto grid = grid_of(input), outputs = grid_of(output);
  const int64_t threads = at::get_num_threads(), tiles = grid.tiles();
  const int64_t block =
      std::min(tiles_of_block(std::max(grid.channels, right.columns)), divide_up(tiles, threads));
  const Memory inputs(input, threads, block, grid.channels);
  const Memory products(input, threads, block, right.columns);
  const float* from = values_of(input);
  float* to = output.mutable_data_ptr<float>();
  const float* shift = bias ? values_of(*bias) : nullptr;
  for_each(divide_up(tiles, block), [&](int64_t index) {
    const int64_t first = index * block, rows = std::min(block, tiles - first);
    const int64_t place = at::get_thread_num();
    const auto left = inputs.first_rows(rows, place), product = products.first_rows(rows, place);
    kernel.tiles_of_map(from, grid, first, left);
    for (int64_t p = 0; p < kPositions; ++p) kernel.multiply(left, right, p, product);
    kernel.map_of_tiles(product, shift, outputs, first, to);
  });
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

// Results are allocated before what is only needed on the way, so that it leaves no gaps behind.

torch::Tensor convolve(const torch::Tensor& x, const torch::Tensor& weight,
                       const std::optional<torch::Tensor>& bias) {
  const Weight shape{weight.size(0), weight.size(1)};
  const auto map = x.contiguous(kLayout), taps = weight.contiguous(kLayout);
  auto result = map_like(grid_of(map), shape.out, map);
  const Memory memory(weight, 1, shape.in, shape.out);
  for_each(shape.out / kPanel, [&](int64_t panel) {
    kernels()->matrices_of_weight(values_of(taps), shape, panel, memory.matrices());
  });
  const auto shift = bias ? std::optional(bias->contiguous()) : std::nullopt;
  multiply_tiles(map, memory.matrices(), shift, result);
  return result;
}

torch::Tensor input_gradient(const torch::Tensor& gradient, const torch::Tensor& weight) {
  const Weight shape{weight.size(0), weight.size(1)};
  const auto map = gradient.contiguous(kLayout), taps = weight.contiguous(kLayout);
  auto result = map_like(grid_of(map), shape.in, map);
  const Memory memory(weight, 1, shape.out, shape.in);
  for_each(shape.in / kPanel, [&](int64_t panel) {
    kernels()->matrices_of_turned_weight(values_of(taps), shape, panel, memory.matrices());
  });
  multiply_tiles(map, memory.matrices(), std::nullopt, result);
  return result;
}

torch::Tensor weight_gradient(const torch::Tensor& gradient, const torch::Tensor& x) {
  const auto& kernel = *kernels();
  const auto maps = x.contiguous(kLayout), gradients = gradient.contiguous(kLayout);
  const auto inputs = grid_of(maps), outputs = grid_of(gradients);
  const Weight shape{outputs.channels, inputs.channels};
  auto result = at::empty({shape.out, shape.in, 3, 3}, x.options(), kLayout);
  const int64_t threads = at::get_num_threads(), tiles = inputs.tiles();
  const int64_t block = std::min(tiles_of_sum(std::max(shape.in, shape.out)), tiles);
  const int64_t panels = shape.in / kPanel;
  const Memory lefts(x, threads, block, shape.out), rights(x, threads, block, shape.in);
  const Memory sums(x, 1, shape.out, shape.in);
  for (int64_t done = 0; done < tiles; done += threads * block) {
    const int64_t places = std::min(threads, divide_up(tiles - done, block));
    const auto rows_at = [&](int64_t place) {
      return std::min(block, tiles - done - place * block);
    };
    const auto left_at = [&](int64_t place) { return lefts.first_rows(rows_at(place), place); };
    const auto right_at = [&](int64_t place) { return rights.first_rows(rows_at(place), place); };
    for_each(places, [&](int64_t place) {
      const int64_t first = done + place * block;
      kernel.tiles_of_gradient(values_of(gradients), outputs, first, left_at(place));
      kernel.tiles_of_map(values_of(maps), inputs, first, right_at(place));
    });
    for_each(kPositions * panels, [&](int64_t part) {
      for (int64_t place = 0; place < places; ++place) {
        kernel.multiply_transposed(left_at(place), right_at(place), part / panels, part % panels,
                                   done + place > 0, sums.matrices());
      }
    });
  }
  float* to = result.mutable_data_ptr<float>();
  for_each(panels,
           [&](int64_t panel) { kernel.weight_of_matrices(sums.matrices(), shape, panel, to); });
  return result;
}

}  // namespace sau::winograd

#include "sau/net/winograd/convolution.h"

#include <ATen/Parallel.h>
#include <ATen/Version.h>

#include <algorithm>

#include "sau/net/winograd/kernels.h"
#include "sau/parallel.h"

namespace sau::winograd {
namespace {

constexpr auto kLayout = at::MemoryFormat::ChannelsLast;

/// Memory for matrices [rows, columns] of tiles, for each of `places` threads.
class Memory {
 public:
  Memory(const torch::Tensor& like, int64_t places, Matrices shape)
      : shape_(shape), values_(at::empty({places, shape.size()}, like.options())) {}
  Matrices matrices(int64_t place = 0) const { return first_rows(shape_.rows, place); }
  Matrices first_rows(int64_t rows, int64_t place) const {
    auto* values = values_.mutable_data_ptr<float>() + place * values_.stride(0);
    return {values, shape_.axis, rows, shape_.columns};
  }

 private:
  Matrices shape_;
  torch::Tensor values_;
};

Memory memory_of_weight(const torch::Tensor& weight, int64_t rows, int64_t columns) {
  return {weight, 1, {nullptr, kWeightAxis, rows, columns}};
}

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// step: pixels from one tile to the next. A tile is two pixels of the output.
Grid grid_of(at::IntArrayRef sizes, int64_t step) {
  return {sizes[0], sizes[2], sizes[3], sizes[1], step};
}
Grid output_grid(const torch::Tensor& map) { return grid_of(map.sizes(), 2); }
Grid input_grid(at::IntArrayRef sizes, int64_t stride) { return grid_of(sizes, 2 * stride); }

torch::Tensor map_of(const Grid& grid, const torch::Tensor& like) {
  return at::empty({grid.images, grid.channels, grid.height, grid.width}, like.options(), kLayout);
}

const float* values_of(const torch::Tensor& tensor) { return tensor.const_data_ptr<float>(); }

/// Tiles that a thread takes at a time. Few channels: they stay in the second cache. Many channels:
/// the sixteen matrices of the weight, which pass through it once for each block, are large. All
/// threads have as many blocks, of nearly one size.
int64_t tiles_of_block(int64_t channels, int64_t axis, int64_t tiles) {
  constexpr int64_t kFewest = 24, kRowsOfProduct = 6;
  const int64_t most = std::max(kFewest, channels * 6 / (axis * axis));
  const int64_t threads = at::get_num_threads();
  const int64_t blocks = divide_up(divide_up(tiles, most), threads) * threads;
  return std::min(tiles, divide_up(divide_up(tiles, blocks), kRowsOfProduct) * kRowsOfProduct);
}

/// Tiles of which a weight's gradient is summed at a time: its sums pass through the cache.
int64_t tiles_of_sum(int64_t channels) { return std::clamp<int64_t>(channels * 3 / 4, 48, 96); }

/// A map, and what takes it to tiles or is taken from them.
template <class Transform, class Value>
struct Side {
  Transform transform;
  Grid grid;
  Value* map;
};

/// Fills the output for the matrices [channels of the input, channels of the output] of a weight.
void multiply_tiles(const Transforms& transforms, const Side<ToTiles, const float>& input,
                    const Matrices& weight, const float* bias, const Side<FromTiles, float>& output,
                    const torch::Tensor& like) {
  const auto multiply = kernels()->multiply;
  const int64_t tiles = input.grid.tiles(), axis = transforms.axis;
  const int64_t block = tiles_of_block(std::max(weight.rows, weight.columns), axis, tiles);
  const int64_t threads = at::get_num_threads();
  const Memory inputs(like, threads, {nullptr, axis, block, weight.rows});
  const Memory products(like, threads, {nullptr, axis, block, weight.columns});
  for_each_index(divide_up(tiles, block), [&](int64_t index) {
    const int64_t first = index * block, rows = std::min(block, tiles - first);
    const int64_t place = at::get_thread_num();
    const auto left = inputs.first_rows(rows, place), product = products.first_rows(rows, place);
    input.transform(input.map, input.grid, first, left);
    for (int64_t p = 0; p < left.positions(); ++p)
      multiply(left.at(p), weight.at(transforms.weight_position(p)), product.at(p));
    output.transform(product, bias, output.grid, first, output.map);
  });
}

}  // namespace

bool gains(const torch::Tensor& x, const torch::Tensor& weight, const ConvolutionForm& form) {
  // LibTorch's word for the processor, which ATEN_CPU_CAPABILITY may lower. With AVX-512 oneDNN is
  // twice as fast, and nobody has measured these kernels there.
  static const bool measured = kernels() && at::get_cpu_capability() == "AVX2";
  if (!measured || !x.is_cpu() || x.scalar_type() != torch::kFloat32 ||
      weight.scalar_type() != torch::kFloat32 || form.stride > 2 || form.padding != 1 ||
      form.groups != 1 || weight.size(2) != 3 || weight.size(3) != 3)
    return false;
  const int64_t out = weight.size(0), in = weight.size(1);
  if (in % kPanel != 0 || out % kPanel != 0 || std::max(in, out) > kMostChannels) return false;
  // By one image and not by the batch, so that an image has the same bits in any. With few tiles or
  // few channels what is transformed costs as much as what is saved.
  constexpr int64_t kFewestTiles = 4, kFewestProducts = 512;
  const int64_t tiles = input_grid({1, in, x.size(2), x.size(3)}, form.stride).tiles();
  const int64_t pixels = divide_up(x.size(2), form.stride) * divide_up(x.size(3), form.stride);
  const int64_t computed = 4 * tiles;
  return x.size(0) > 0 && tiles >= kFewestTiles && 2 * computed <= 3 * pixels &&
         in * out >= kFewestProducts;
}

// Results are allocated before what is only needed on the way, so that it leaves no gaps behind.

torch::Tensor convolve(const torch::Tensor& x, const torch::Tensor& weight,
                       const std::optional<torch::Tensor>& bias, int64_t stride) {
  const auto& transforms = kernels()->of_stride(stride);
  const Weight shape{weight.size(0), weight.size(1)};
  const auto map = x.contiguous(kLayout), taps = weight.contiguous(kLayout);
  const auto grid = input_grid(map.sizes(), stride);
  const Grid outputs{grid.images, divide_up(grid.height, stride), divide_up(grid.width, stride),
                     shape.out, 2};
  auto result = map_of(outputs, map);
  const auto memory = memory_of_weight(weight, shape.in, shape.out);
  for_each_index(shape.out / kPanel, [&](int64_t panel) {
    transforms.weights.matrices_of_weight(values_of(taps), shape, panel, memory.matrices());
  });
  const auto shift = bias ? bias->contiguous() : torch::Tensor();
  multiply_tiles(transforms, {transforms.maps.tiles_of_input, grid, values_of(map)},
                 memory.matrices(), bias ? values_of(shift) : nullptr,
                 {transforms.maps.output_of_tiles, outputs, result.mutable_data_ptr<float>()}, map);
  return result;
}

torch::Tensor input_gradient(const torch::Tensor& gradient, const torch::Tensor& weight,
                             at::IntArrayRef sizes, int64_t stride) {
  const auto& transforms = kernels()->of_stride(stride);
  const Weight shape{weight.size(0), weight.size(1)};
  const auto map = gradient.contiguous(kLayout), taps = weight.contiguous(kLayout);
  const auto grid = input_grid(sizes, stride);
  auto result = map_of(grid, map);
  const auto memory = memory_of_weight(weight, shape.out, shape.in);
  for_each_index(shape.out / kPanel, [&](int64_t panel) {
    transforms.weights.matrices_of_turned_weight(values_of(taps), shape, panel, memory.matrices());
  });
  multiply_tiles(transforms, {transforms.maps.tiles_of_gradient, output_grid(map), values_of(map)},
                 memory.matrices(), /*bias=*/nullptr,
                 {transforms.maps.gradient_of_tiles, grid, result.mutable_data_ptr<float>()}, map);
  return result;
}

torch::Tensor weight_gradient(const torch::Tensor& gradient, const torch::Tensor& x,
                              int64_t stride) {
  const auto& kernel = *kernels();
  const auto& transforms = kernel.of_stride(stride);
  const auto maps = x.contiguous(kLayout), gradients = gradient.contiguous(kLayout);
  const auto inputs = input_grid(maps.sizes(), stride), outputs = output_grid(gradients);
  const Weight shape{outputs.channels, inputs.channels};
  auto result = at::empty({shape.out, shape.in, 3, 3}, x.options(), kLayout);
  const int64_t threads = at::get_num_threads(), tiles = inputs.tiles();
  const int64_t block = std::min(tiles_of_sum(std::max(shape.in, shape.out)), tiles);
  const int64_t panels = shape.in / kPanel;
  const Memory lefts(x, threads, {nullptr, transforms.axis, block, shape.out});
  const Memory rights(x, threads, {nullptr, transforms.axis, block, shape.in});
  const auto memory = memory_of_weight(x, shape.out, shape.in);
  const auto sums = memory.matrices();
  for (int64_t done = 0; done < tiles; done += threads * block) {
    const int64_t places = std::min(threads, divide_up(tiles - done, block));
    const auto rows_at = [&](int64_t place) {
      return std::min(block, tiles - done - place * block);
    };
    const auto left_at = [&](int64_t place) { return lefts.first_rows(rows_at(place), place); };
    const auto right_at = [&](int64_t place) { return rights.first_rows(rows_at(place), place); };
    for_each_index(places, [&](int64_t place) {
      const int64_t first = done + place * block;
      transforms.maps.tiles_of_sums(values_of(gradients), outputs, first, left_at(place));
      transforms.maps.tiles_of_input(values_of(maps), inputs, first, right_at(place));
    });
    for_each_index(sums.positions() * panels, [&](int64_t part) {
      const int64_t target = part / panels, panel = part % panels;
      bool adds = done > 0;
      for (int64_t place = 0; place < places; ++place) {
        for (int64_t p = 0; p < transforms.axis * transforms.axis; ++p) {
          if (transforms.weight_position(p) != target) continue;
          kernel.multiply_transposed(left_at(place).at(p), right_at(place).at(p), panel, adds,
                                     sums.at(target));
          adds = true;
        }
      }
    });
  }
  float* to = result.mutable_data_ptr<float>();
  for_each_index(panels, [&](int64_t panel) {
    transforms.weights.weight_of_matrices(sums, shape, panel, to);
  });
  return result;
}

}  // namespace sau::winograd

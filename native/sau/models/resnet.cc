#include <algorithm>
#include <cmath>

#include "sau/models/architectures.h"
#include "sau/net/graph_builder.h"

namespace sau {
namespace {

struct ResnetShape {
  std::vector<int64_t> blocks;  ///< of each stage
  bool bottleneck = false;
  int64_t groups = 1;       ///< of a bottleneck's 3x3 convolution
  int64_t group_width = 1;  ///< its channels, in 64ths of the block's
};

/// Two 3x3 convolutions, or 1x1, 3x3 and 1x1 with four times the channels at the end; batch norm
/// after each. The shortcut is a strided 1x1 convolution where the shape changes.
Value resnet_block(GraphBuilder& net, const std::string& key, const Value& x, int64_t width,
                   int64_t stride, const ResnetShape& shape) {
  struct Convolved {
    Layer conv, norm;
    Value operator()(const Value& value) const { return norm(conv(value)); }
  };
  const auto convolved = [&](const std::string& conv, const std::string& norm,
                             const ConvOptions& options) {
    const auto layer = net.conv(key + conv, options);
    return Convolved{layer, net.batch_norm(key + norm, options.out)};
  };
  const int64_t inner = width * shape.group_width / 64 * shape.groups;
  const int64_t out = shape.bottleneck ? 4 * width : width;
  const bool changes = stride != 1 || x.channels != out;
  const auto residual_of = [&](const Value& branch) {
    if (!changes) return net.relu(net.join(branch, x));
    const auto shortcut = convolved(".downsample.0", ".downsample.1",
                                    {.in = x.channels, .out = out, .kernel = 1, .stride = stride});
    return net.relu(net.join(branch, shortcut(x)));
  };
  if (!shape.bottleneck) {
    const auto first = convolved(".conv1", ".bn1",
                                 {.in = x.channels, .out = width, .kernel = 3, .stride = stride});
    const auto second = convolved(".conv2", ".bn2", {.in = width, .out = width, .kernel = 3});
    return residual_of(second(net.relu(first(x))));
  }
  const auto first = convolved(".conv1", ".bn1", {.in = x.channels, .out = inner, .kernel = 1});
  const auto second =
      convolved(".conv2", ".bn2",
                {.in = inner, .out = inner, .kernel = 3, .stride = stride, .groups = shape.groups});
  const auto third = convolved(".conv3", ".bn3", {.in = inner, .out = out, .kernel = 1});
  return residual_of(third(net.relu(second(net.relu(first(x))))));
}

/// 7x7 stem of stride 2, max pool, four stages of width x {1,2,4,8} channels, global average.
Graph resnet(const ModelSpec& spec, const ResnetShape& shape) {
  GraphBuilder net({.conv = Inits::Conv::kFanOut});
  const auto conv1 = net.conv("conv1", {.in = 3, .out = spec.width, .kernel = 7, .stride = 2});
  const auto bn1 = net.batch_norm("bn1", spec.width);
  auto x =
      net.max_pool(net.relu(bn1(conv1(net.input()))), {.kernel = 3, .stride = 2, .padding = 1});
  for (size_t stage = 0; stage < shape.blocks.size(); ++stage) {
    const auto key = "layer" + std::to_string(stage + 1) + ".";
    for (int64_t i = 0; i < shape.blocks[stage]; ++i) {
      x = resnet_block(net, key + std::to_string(i), x, spec.width << stage,
                       stage > 0 && i == 0 ? 2 : 1, shape);
    }
  }
  const auto fc = net.linear("fc", x.channels, spec.num_classes);
  return net.finish(fc, net.global_average(x));
}

}  // namespace

Graph resnet18(const ModelSpec& spec) { return resnet(spec, {.blocks = {2, 2, 2, 2}}); }

Graph resnet34(const ModelSpec& spec) { return resnet(spec, {.blocks = {3, 4, 6, 3}}); }

Graph resnet50(const ModelSpec& spec) {
  return resnet(spec, {.blocks = {3, 4, 6, 3}, .bottleneck = true, .groups = 1, .group_width = 64});
}

Graph resnext50_32x4d(const ModelSpec& spec) {
  return resnet(spec, {.blocks = {3, 4, 6, 3}, .bottleneck = true, .groups = 32, .group_width = 4});
}

Graph wide_resnet50_2(const ModelSpec& spec) {
  return resnet(spec,
                {.blocks = {3, 4, 6, 3}, .bottleneck = true, .groups = 1, .group_width = 128});
}

}  // namespace sau

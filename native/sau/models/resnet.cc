#include "sau/models/blocks.h"
#include "sau/models/families.h"

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
  const int64_t inner = width * shape.group_width / 64 * shape.groups;
  const int64_t out = shape.bottleneck ? 4 * width : width;
  auto y = x;
  const auto convolve = [&](int64_t number, const ConvOptions& options,
                            const Activation& activation) {
    const auto digit = std::to_string(number);
    y = conv_norm(net, key + ".conv" + digit, key + ".bn" + digit, y, options, {}, activation);
  };
  if (shape.bottleneck) {
    convolve(1, {.in = x.channels, .out = inner, .kernel = 1}, kRelu);
    convolve(2, {.in = inner, .out = inner, .kernel = 3, .stride = stride, .groups = shape.groups},
             kRelu);
    convolve(3, {.in = inner, .out = out, .kernel = 1}, {});
  } else {
    convolve(1, {.in = x.channels, .out = out, .kernel = 3, .stride = stride}, kRelu);
    convolve(2, {.in = out, .out = out, .kernel = 3}, {});
  }
  if (stride == 1 && x.channels == out) return net.relu(net.join(y, x));
  const auto shortcut =
      conv_norm(net, key + ".downsample.0", key + ".downsample.1", x,
                {.in = x.channels, .out = out, .kernel = 1, .stride = stride}, {}, {});
  return net.relu(net.join(y, shortcut));
}

/// 7x7 stem of stride 2, max pool, four stages of width x {1,2,4,8} channels, global average.
Graph resnet(const ModelSpec& spec, const ResnetShape& shape) {
  GraphBuilder net({.conv = {Init::Kind::kNormalByFanOut}});
  auto x = conv_norm(net, "conv1", "bn1", net.input(),
                     {.in = 3, .out = spec.width, .kernel = 7, .stride = 2}, {}, kRelu);
  x = net.max_pool(x, {.kernel = 3, .stride = 2, .padding = 1});
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

#include <cmath>

#include "sau/models/blocks.h"
#include "sau/models/families.h"

namespace sau {
namespace {

const Inits kMobileInits{.conv = {Init::Kind::kNormalByFanOut},
                         .linear = {Init::Kind::kNormal, 0.01},
                         .zero_bias = true};

struct MobileBlock {
  int64_t kernel, expanded, out, squeezed;  ///< squeezed: 0 for none
  op::Curve curve;
  int64_t stride;
};

constexpr auto kHardswish = op::Curve::kHardswish;

const MobileBlock kMobileLarge[] = {
    {3, 16, 16, 0, kRelu, 1},          {3, 64, 24, 0, kRelu, 2},
    {3, 72, 24, 0, kRelu, 1},          {5, 72, 40, 24, kRelu, 2},
    {5, 120, 40, 32, kRelu, 1},        {5, 120, 40, 32, kRelu, 1},
    {3, 240, 80, 0, kHardswish, 2},    {3, 200, 80, 0, kHardswish, 1},
    {3, 184, 80, 0, kHardswish, 1},    {3, 184, 80, 0, kHardswish, 1},
    {3, 480, 112, 120, kHardswish, 1}, {3, 672, 112, 168, kHardswish, 1},
    {5, 672, 160, 168, kHardswish, 2}, {5, 960, 160, 240, kHardswish, 1},
    {5, 960, 160, 240, kHardswish, 1},
};

constexpr NormOptions kMobileNorm{.eps = 1e-3, .momentum = 0.01};

}  // namespace

Graph mobilenet_v3_large(const ModelSpec& spec) {
  const auto scaled = [&](int64_t channels) { return scaled_channels(channels, spec.width, 16); };
  GraphBuilder net(kMobileInits);
  auto x =
      conv_norm(net, "features.0.0", "features.0.1", net.input(),
                {.in = 3, .out = scaled(16), .kernel = 3, .stride = 2}, kMobileNorm, kHardswish);
  int64_t position = 1;
  for (const auto& block : kMobileLarge) {
    std::optional<SqueezeExcite> squeeze;
    if (block.squeezed > 0)
      squeeze = SqueezeExcite{scaled(block.squeezed), kRelu, op::Curve::kHardsigmoid};
    x = inverted_residual(net, "features." + std::to_string(position++), x,
                          {.kernel = block.kernel,
                           .expanded = scaled(block.expanded),
                           .out = scaled(block.out),
                           .stride = block.stride,
                           .curve = block.curve,
                           .squeeze = squeeze,
                           .norm = kMobileNorm});
  }
  const int64_t last = scaled(960), hidden = scaled(1280);
  x = conv_norm(net, "features.16.0", "features.16.1", x,
                {.in = x.channels, .out = last, .kernel = 1}, kMobileNorm, kHardswish);
  const auto first = net.linear("classifier.0", last, hidden);
  const auto features = net.activate(kHardswish, first(net.global_average(x)));
  return net.finish(net.linear("classifier.3", hidden, spec.num_classes),
                    net.dropout(features, 0.2));
}

Graph mobilenet_v2(const ModelSpec& spec) {
  struct Stage {
    int64_t expand, out, blocks, stride;
  };
  constexpr Stage kStages[] = {{1, 16, 1, 1}, {6, 24, 2, 2},  {6, 32, 3, 2}, {6, 64, 4, 2},
                               {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}};
  constexpr auto kRelu6 = op::Curve::kRelu6;
  const auto scaled = [&](int64_t channels) { return scaled_channels(channels, spec.width, 32); };
  GraphBuilder net(kMobileInits);
  auto x = conv_norm(net, "features.0.0", "features.0.1", net.input(),
                     {.in = 3, .out = scaled(32), .kernel = 3, .stride = 2}, {}, kRelu6);
  int64_t position = 1;
  for (const auto& stage : kStages) {
    for (int64_t i = 0; i < stage.blocks; ++i) {
      const auto key = "features." + std::to_string(position++) + ".conv.";
      const int64_t inner = x.channels * stage.expand, out = scaled(stage.out);
      const int64_t stride = i == 0 ? stage.stride : 1;
      int64_t layer = 0;
      auto y = x;
      const auto convolve = [&](const ConvOptions& options) {
        const auto prefix = key + std::to_string(layer++);
        y = conv_norm(net, prefix + ".0", prefix + ".1", y, options, {}, kRelu6);
      };
      if (stage.expand != 1) convolve({.in = x.channels, .out = inner, .kernel = 1});
      convolve({.in = inner, .out = inner, .kernel = 3, .stride = stride, .groups = inner});
      y = conv_norm(net, key + std::to_string(layer), key + std::to_string(layer + 1), y,
                    {.in = inner, .out = out, .kernel = 1}, {}, {});
      x = stride == 1 && x.channels == out ? net.join(x, y) : y;
    }
  }
  const int64_t last = scaled(1280);
  x = conv_norm(net, "features.18.0", "features.18.1", x,
                {.in = x.channels, .out = last, .kernel = 1}, {}, kRelu6);
  return net.finish(net.linear("classifier.1", last, spec.num_classes),
                    net.dropout(net.global_average(x), 0.2));
}

Graph mnasnet1_0(const ModelSpec& spec) {
  struct Stage {
    int64_t out, kernel, stride, expand, blocks;
  };
  constexpr Stage kStages[] = {{24, 3, 2, 3, 3}, {40, 5, 2, 3, 3},  {80, 5, 2, 6, 3},
                               {96, 3, 1, 6, 2}, {192, 5, 2, 6, 4}, {320, 3, 1, 6, 1}};
  constexpr NormOptions kSlow{.eps = 1e-5, .momentum = 1 - 0.9997};
  const auto scaled = [&](int64_t channels) { return scaled_channels(channels, spec.width, 32); };
  GraphBuilder net(
      {.conv = {Init::Kind::kNormalByFanOut},
       .linear = {Init::Kind::kUniform, std::sqrt(3 / static_cast<double>(spec.num_classes))},
       .zero_bias = true});
  const auto layer = [&](const std::string& prefix, int64_t position, const Value& x,
                         const ConvOptions& options, const Activation& activation) {
    return conv_norm(net, prefix + std::to_string(position), prefix + std::to_string(position + 1),
                     x, options, kSlow, activation);
  };
  const int64_t stem = scaled(32);
  auto x =
      layer("layers.", 0, net.input(), {.in = 3, .out = stem, .kernel = 3, .stride = 2}, kRelu);
  x = layer("layers.", 3, x, {.in = stem, .out = stem, .kernel = 3, .groups = stem}, kRelu);
  x = layer("layers.", 6, x, {.in = stem, .out = scaled(16), .kernel = 1}, {});
  int64_t position = 8;
  for (const auto& stage : kStages) {
    const auto key = "layers." + std::to_string(position++) + ".";
    for (int64_t i = 0; i < stage.blocks; ++i) {
      const auto prefix = key + std::to_string(i) + ".layers.";
      const int64_t inner = x.channels * stage.expand, out = scaled(stage.out);
      const int64_t stride = i == 0 ? stage.stride : 1;
      auto y = layer(prefix, 0, x, {.in = x.channels, .out = inner, .kernel = 1}, kRelu);
      y = layer(
          prefix, 3, y,
          {.in = inner, .out = inner, .kernel = stage.kernel, .stride = stride, .groups = inner},
          kRelu);
      y = layer(prefix, 6, y, {.in = inner, .out = out, .kernel = 1}, {});
      x = stride == 1 && x.channels == out ? net.join(y, x) : y;
    }
  }
  const int64_t last = scaled(1280);
  x = layer("layers.", 14, x, {.in = x.channels, .out = last, .kernel = 1}, kRelu);
  return net.finish(net.linear("classifier.1", last, spec.num_classes),
                    net.dropout(net.global_average(x), 0.2));
}

}  // namespace sau

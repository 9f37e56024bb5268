#include <algorithm>
#include <cmath>

#include "sau/models/blocks.h"
#include "sau/models/families.h"

namespace sau {
namespace {

struct EfficientNetStage {
  int64_t expand, kernel, stride, out, blocks;
};

constexpr auto kSilu = op::Curve::kSilu;

struct EfficientNetShape {
  std::vector<EfficientNetStage> stages;
  int64_t stem, last;
  double dropout;
};

Graph efficientnet(const ModelSpec& spec, const EfficientNetShape& shape) {
  const auto scaled = [&](int64_t channels) {
    return scaled_channels(channels, spec.width, shape.stem);
  };
  GraphBuilder net(
      {.conv = {Init::Kind::kNormalByFanOut},
       .linear = {Init::Kind::kUniform, 1 / std::sqrt(static_cast<double>(spec.num_classes))},
       .zero_bias = true});
  int64_t blocks = 0;
  for (const auto& stage : shape.stages) blocks += stage.blocks;
  auto x = conv_norm(net, "features.0.0", "features.0.1", net.input(),
                     {.in = 3, .out = scaled(shape.stem), .kernel = 3, .stride = 2}, {}, kSilu);
  int64_t number = 0;
  for (size_t s = 0; s < shape.stages.size(); ++s) {
    const auto& stage = shape.stages[s];
    for (int64_t i = 0; i < stage.blocks; ++i) {
      const auto key = "features." + std::to_string(s + 1) + "." + std::to_string(i);
      x = inverted_residual(
          net, key, x,
          {.kernel = stage.kernel,
           .expanded = x.channels * stage.expand,
           .out = scaled(stage.out),
           .stride = i == 0 ? stage.stride : 1,
           .curve = kSilu,
           // A quarter of the block's own input, not of what it expands to.
           .squeeze =
               SqueezeExcite{std::max<int64_t>(1, x.channels / 4), kSilu, op::Curve::kSigmoid},
           .depth_rate = 0.2 * static_cast<double>(number++) / static_cast<double>(blocks)});
    }
  }
  const auto key = "features." + std::to_string(shape.stages.size() + 1);
  const int64_t last = scaled(shape.last);
  x = conv_norm(net, key + ".0", key + ".1", x, {.in = x.channels, .out = last, .kernel = 1}, {},
                kSilu);
  return net.finish(net.linear("classifier.1", last, spec.num_classes),
                    net.dropout(net.global_average(x), shape.dropout));
}

}  // namespace

Graph efficientnet_b0(const ModelSpec& spec) {
  return efficientnet(spec, {.stages = {{1, 3, 1, 16, 1},
                                        {6, 3, 2, 24, 2},
                                        {6, 5, 2, 40, 2},
                                        {6, 3, 2, 80, 3},
                                        {6, 5, 1, 112, 3},
                                        {6, 5, 2, 192, 4},
                                        {6, 3, 1, 320, 1}},
                             .stem = 32,
                             .last = 1280,
                             .dropout = 0.2});
}

Graph efficientnet_b3(const ModelSpec& spec) {
  return efficientnet(spec, {.stages = {{1, 3, 1, 24, 2},
                                        {6, 3, 2, 32, 3},
                                        {6, 5, 2, 48, 3},
                                        {6, 3, 2, 96, 5},
                                        {6, 5, 1, 136, 5},
                                        {6, 5, 2, 232, 6},
                                        {6, 3, 1, 384, 2}},
                             .stem = 40,
                             .last = 1536,
                             .dropout = 0.3});
}

}  // namespace sau

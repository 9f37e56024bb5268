#include <algorithm>
#include <cmath>

#include "sau/models/architectures.h"
#include "sau/models/inverted_residual.h"

namespace sau {
namespace {

struct EfficientNetStage {
  int64_t expand, kernel, stride, out, blocks;
};

constexpr auto kSilu = op::Curve::kSilu;

/// Expand, filter each channel, squeeze and excite, project; plus the input where the shape stays,
/// then with stochastic depth. squeezed: a quarter of the block's own input.
Value mbconv(GraphBuilder& net, const std::string& key, const Value& x,
             const EfficientNetStage& stage, int64_t stride, double depth_rate) {
  const int64_t inner = x.channels * stage.expand;
  int64_t position = 0;
  const auto next = [&] { return key + ".block." + std::to_string(position++); };
  const auto convolve = [&](const Value& value, const ConvOptions& options,
                            const Activation& activation) {
    const auto layer = next();
    return conv_norm(net, layer + ".0", layer + ".1", value, options, {}, activation);
  };
  auto y = x;
  if (stage.expand != 1) y = convolve(y, {.in = x.channels, .out = inner, .kernel = 1}, kSilu);
  y = convolve(
      y, {.in = inner, .out = inner, .kernel = stage.kernel, .stride = stride, .groups = inner},
      kSilu);
  y = squeeze_excite(net, next(), y, std::max<int64_t>(1, x.channels / 4), kSilu,
                     op::Curve::kSigmoid);
  y = convolve(y, {.in = inner, .out = stage.out, .kernel = 1}, {});
  if (stride != 1 || x.channels != stage.out) return y;
  return net.join(net.stochastic_depth(y, depth_rate), x);
}

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
      {.conv = Inits::Conv::kFanOut,
       .linear = {Init::Kind::kUniform, 1 / std::sqrt(static_cast<double>(spec.num_classes))},
       .zero_bias = true});
  int64_t blocks = 0;
  for (const auto& stage : shape.stages) blocks += stage.blocks;
  auto x = conv_norm(net, "features.0.0", "features.0.1", net.input(),
                     {.in = 3, .out = scaled(shape.stem), .kernel = 3, .stride = 2}, {}, kSilu);
  int64_t number = 0;
  for (size_t s = 0; s < shape.stages.size(); ++s) {
    auto stage = shape.stages[s];
    stage.out = scaled(stage.out);
    for (int64_t i = 0; i < stage.blocks; ++i) {
      const auto key = "features." + std::to_string(s + 1) + "." + std::to_string(i);
      const double rate = 0.2 * static_cast<double>(number++) / static_cast<double>(blocks);
      x = mbconv(net, key, x, stage, i == 0 ? stage.stride : 1, rate);
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

#include <algorithm>
#include <array>

#include "sau/models/families.h"
#include "sau/net/graph_builder.h"

namespace sau {
namespace {

/// Convolutions of each stage.
using Stages = std::array<int64_t, 5>;

/// Five stages of 3x3 convolutions with a bias, of width x {1,2,4,8,8} channels, each with a max
/// pool at its end; an average to 7x7; two hidden linear layers with dropout.
Graph vgg(const ModelSpec& spec, const Stages& convolutions, bool batch_norm) {
  GraphBuilder net({.conv = {Init::Kind::kNormalByFanOut},
                    .linear = {Init::Kind::kNormal, 0.01},
                    .zero_bias = true});
  auto x = net.input();
  int64_t position = 0;  // among the features, pools and activations counted
  for (size_t stage = 0; stage < convolutions.size(); ++stage) {
    const int64_t channels = spec.width << std::min<size_t>(stage, 3);
    for (int64_t i = 0; i < convolutions[stage]; ++i) {
      const auto key = [&] { return "features." + std::to_string(position++); };
      x = net.conv(key(), {.in = x.channels, .out = channels, .kernel = 3, .bias = true})(x);
      if (batch_norm) x = net.batch_norm(key(), channels)(x);
      x = net.relu(x);
      ++position;
    }
    x = net.max_pool(x, {.kernel = 2, .stride = 2});
    ++position;
  }
  constexpr int64_t kSide = 7;
  const int64_t hidden = 64 * spec.width;
  auto y = net.flatten(net.adaptive_average(x, kSide), kSide);
  for (const auto* key : {"classifier.0", "classifier.3"})
    y = net.dropout(net.relu(net.linear(key, y.channels, hidden)(y)), 0.5);
  return net.finish(net.linear("classifier.6", hidden, spec.num_classes), y);
}

constexpr Stages kVgg11{1, 1, 2, 2, 2};
constexpr Stages kVgg13{2, 2, 2, 2, 2};
constexpr Stages kVgg16{2, 2, 3, 3, 3};
constexpr Stages kVgg19{2, 2, 4, 4, 4};

}  // namespace

Graph vgg11(const ModelSpec& spec) { return vgg(spec, kVgg11, false); }
Graph vgg13(const ModelSpec& spec) { return vgg(spec, kVgg13, false); }
Graph vgg16(const ModelSpec& spec) { return vgg(spec, kVgg16, false); }
Graph vgg19(const ModelSpec& spec) { return vgg(spec, kVgg19, false); }
Graph vgg11_bn(const ModelSpec& spec) { return vgg(spec, kVgg11, true); }
Graph vgg13_bn(const ModelSpec& spec) { return vgg(spec, kVgg13, true); }
Graph vgg16_bn(const ModelSpec& spec) { return vgg(spec, kVgg16, true); }
Graph vgg19_bn(const ModelSpec& spec) { return vgg(spec, kVgg19, true); }

}  // namespace sau

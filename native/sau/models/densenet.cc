#include "sau/models/blocks.h"
#include "sau/models/families.h"

namespace sau {
namespace {

/// BN-ReLU-conv1x1-BN-ReLU-conv3x3 of all that the block made before, which gives `growth` more
/// channels.
Value dense_layer(GraphBuilder& net, const std::string& key, const Value& x, int64_t growth) {
  const int64_t inner = 4 * growth;
  const auto norm1 = net.batch_norm(key + ".norm1", x.channels);
  const auto conv1 = net.conv(key + ".conv1", {.in = x.channels, .out = inner, .kernel = 1});
  const auto norm2 = net.batch_norm(key + ".norm2", inner);
  const auto conv2 = net.conv(key + ".conv2", {.in = inner, .out = growth, .kernel = 3});
  return conv2(net.relu(norm2(conv1(net.relu(norm1(x))))));
}

/// Half the channels on half the side.
Value transition(GraphBuilder& net, const std::string& key, const Value& x) {
  const auto norm = net.batch_norm(key + ".norm", x.channels);
  const auto conv = net.conv(key + ".conv", {.in = x.channels, .out = x.channels / 2, .kernel = 1});
  return net.average_pool(conv(net.relu(norm(x))), {.kernel = 2, .stride = 2});
}

/// width: channels that each layer adds; the stem has `stem` times as many.
Graph densenet(const ModelSpec& spec, const std::vector<int64_t>& layers, int64_t stem) {
  GraphBuilder net({.conv = {Init::Kind::kNormalByFanIn}, .zero_bias = true});
  auto x = conv_norm(net, "features.conv0", "features.norm0", net.input(),
                     {.in = 3, .out = stem * spec.width, .kernel = 7, .stride = 2}, {}, kRelu);
  x = net.max_pool(x, {.kernel = 3, .stride = 2, .padding = 1});
  for (size_t b = 0; b < layers.size(); ++b) {
    const auto number = std::to_string(b + 1);
    std::vector<Value> made{x};
    for (int64_t i = 1; i <= layers[b]; ++i) {
      const auto key = "features.denseblock" + number + ".denselayer" + std::to_string(i);
      made.push_back(dense_layer(net, key, i == 1 ? x : net.concat(made), spec.width));
    }
    x = net.concat(made);
    if (b + 1 < layers.size()) x = transition(net, "features.transition" + number, x);
  }
  const auto norm5 = net.batch_norm("features.norm5", x.channels);
  const auto features = net.global_average(net.relu(norm5(x)));
  return net.finish(net.linear("classifier", x.channels, spec.num_classes), features);
}

}  // namespace

Graph densenet121(const ModelSpec& spec) { return densenet(spec, {6, 12, 24, 16}, 2); }
Graph densenet161(const ModelSpec& spec) { return densenet(spec, {6, 12, 36, 24}, 2); }
Graph densenet169(const ModelSpec& spec) { return densenet(spec, {6, 12, 32, 32}, 2); }

}  // namespace sau

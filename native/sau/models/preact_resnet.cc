#include "sau/models/families.h"
#include "sau/net/graph_builder.h"

namespace sau {
namespace {

/// BN-ReLU-conv3x3-BN-ReLU-conv3x3; the shortcut is a 1x1 convolution of the activated input if the
/// shape changes, and the raw input otherwise.
Value preact_block(GraphBuilder& net, const std::string& key, const Value& x, int64_t out,
                   int64_t stride) {
  const auto bn1 = net.batch_norm(key + ".bn1", x.channels);
  const auto conv1 =
      net.conv(key + ".conv1", {.in = x.channels, .out = out, .kernel = 3, .stride = stride});
  const auto bn2 = net.batch_norm(key + ".bn2", out);
  const auto conv2 = net.conv(key + ".conv2", {.in = out, .out = out, .kernel = 3});
  const auto activated = net.relu(bn1(x));
  auto residual = x;
  if (stride != 1 || x.channels != out) {
    const auto shortcut = net.conv(key + ".shortcut.0",
                                   {.in = x.channels, .out = out, .kernel = 1, .stride = stride});
    residual = shortcut(activated);
  }
  return net.join(conv2(net.relu(bn2(conv1(activated)))), residual);
}

}  // namespace

/// PreAct-ResNet18 for small images (specification D): 3x3 stem, four stages of two blocks with
/// width x {1,2,4,8} channels, no final BN or ReLU, global average pool, linear head.
Graph preact_resnet18(const ModelSpec& spec) {
  GraphBuilder net;
  auto x = net.conv("conv1", {.in = 3, .out = spec.width, .kernel = 3})(net.input());
  for (int64_t stage = 0; stage < 4; ++stage) {
    const auto key = "layer" + std::to_string(stage + 1);
    const int64_t channels = spec.width << stage;
    x = preact_block(net, key + ".0", x, channels, stage == 0 ? 1 : 2);
    x = preact_block(net, key + ".1", x, channels, 1);
  }
  const auto linear = net.linear("linear", x.channels, spec.num_classes);
  return net.finish(linear, net.global_average(x));
}

}  // namespace sau

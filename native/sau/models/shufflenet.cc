#include "sau/models/blocks.h"
#include "sau/models/families.h"

namespace sau {
namespace {

/// Half the channels pass by and half are filtered; at stride 2 both halves come from all channels.
/// Then the halves are shuffled.
Value unit(GraphBuilder& net, const std::string& key, const Value& x, int64_t out, int64_t stride) {
  const int64_t half = out / 2;
  const auto layer = [&](const std::string& branch, int64_t position, const Value& value,
                         const ConvOptions& options, const Activation& activation) {
    const auto prefix = key + "." + branch + ".";
    return conv_norm(net, prefix + std::to_string(position), prefix + std::to_string(position + 1),
                     value, options, {}, activation);
  };
  const auto filter = [&](int64_t channels) {
    return ConvOptions{
        .in = channels, .out = channels, .kernel = 3, .stride = stride, .groups = channels};
  };
  auto first = x, second = x;
  if (stride == 1) {
    first = net.channels(x, 0, half);
    second = net.channels(x, half, half);
  } else {
    first = layer("branch1", 0, x, filter(x.channels), {});
    first = layer("branch1", 2, first, {.in = x.channels, .out = half, .kernel = 1}, kRelu);
  }
  second = layer("branch2", 0, second, {.in = second.channels, .out = half, .kernel = 1}, kRelu);
  second = layer("branch2", 3, second, filter(half), {});
  second = layer("branch2", 5, second, {.in = half, .out = half, .kernel = 1}, kRelu);
  return net.shuffle(net.concat({first, second}), 2);
}

}  // namespace

Graph shufflenet_v2_x1_0(const ModelSpec& spec) {
  GraphBuilder net;
  const auto scaled = [&](int64_t channels) { return channels * spec.width / 24 / 2 * 2; };
  const int64_t blocks[] = {4, 8, 4}, channels[] = {scaled(116), scaled(232), scaled(464)};
  auto x = conv_norm(net, "conv1.0", "conv1.1", net.input(),
                     {.in = 3, .out = spec.width, .kernel = 3, .stride = 2}, {}, kRelu);
  x = net.max_pool(x, {.kernel = 3, .stride = 2, .padding = 1});
  for (size_t stage = 0; stage < 3; ++stage) {
    const auto key = "stage" + std::to_string(stage + 2) + ".";
    for (int64_t i = 0; i < blocks[stage]; ++i)
      x = unit(net, key + std::to_string(i), x, channels[stage], i == 0 ? 2 : 1);
  }
  const int64_t last = scaled(1024);
  x = conv_norm(net, "conv5.0", "conv5.1", x, {.in = x.channels, .out = last, .kernel = 1}, {},
                kRelu);
  return net.finish(net.linear("fc", last, spec.num_classes), net.global_average(x));
}

}  // namespace sau

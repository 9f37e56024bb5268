#include "sau/models/blocks.h"

#include <algorithm>

namespace sau {
namespace {

/// Under <key>.fc1 and <key>.fc2.
Value squeeze_excite(GraphBuilder& net, const std::string& key, const Value& x,
                     const SqueezeExcite& squeeze) {
  const auto fc1 = net.conv(key + ".fc1",
                            {.in = x.channels, .out = squeeze.channels, .kernel = 1, .bias = true});
  const auto fc2 = net.conv(key + ".fc2",
                            {.in = squeeze.channels, .out = x.channels, .kernel = 1, .bias = true});
  const auto hidden = net.activate(squeeze.inner, fc1(net.adaptive_average(x, 1)));
  return net.gate(x, net.activate(squeeze.outer, fc2(hidden)));
}

}  // namespace

Value conv_norm(GraphBuilder& net, const std::string& conv_key, const std::string& norm_key,
                const Value& x, const ConvOptions& options, const NormOptions& norm,
                const Activation& activation) {
  const auto conv = net.conv(conv_key, options);
  const auto y = net.batch_norm(norm_key, options.out, norm)(conv(x));
  return activation ? net.activate(*activation, y) : y;
}

Value inverted_residual(GraphBuilder& net, const std::string& key, const Value& x,
                        const InvertedResidual& b) {
  int64_t position = 0;
  const auto next = [&] { return key + ".block." + std::to_string(position++); };
  auto y = x;
  const auto convolve = [&](const ConvOptions& options, const Activation& activation) {
    const auto layer = next();
    y = conv_norm(net, layer + ".0", layer + ".1", y, options, b.norm, activation);
  };
  if (b.expanded != x.channels)
    convolve({.in = x.channels, .out = b.expanded, .kernel = 1}, b.curve);
  convolve({.in = b.expanded,
            .out = b.expanded,
            .kernel = b.kernel,
            .stride = b.stride,
            .groups = b.expanded},
           b.curve);
  if (b.squeeze) y = squeeze_excite(net, next(), y, *b.squeeze);
  convolve({.in = b.expanded, .out = b.out, .kernel = 1}, {});
  if (b.stride != 1 || x.channels != b.out) return y;
  return net.join(b.depth_rate > 0 ? net.stochastic_depth(y, b.depth_rate) : y, x);
}

int64_t scaled_channels(int64_t channels, int64_t width, int64_t own_width) {
  const int64_t exact = channels * width / own_width;
  const int64_t rounded = std::max<int64_t>(8, (exact + 4) / 8 * 8);
  return rounded * 10 < exact * 9 ? rounded + 8 : rounded;
}

}  // namespace sau

#include "sau/models/inverted_residual.h"

#include <algorithm>

namespace sau {

Value conv_norm(GraphBuilder& net, const std::string& conv_key, const std::string& norm_key,
                const Value& x, const ConvOptions& options, const NormOptions& norm,
                const Activation& activation) {
  const auto conv = net.conv(conv_key, options);
  const auto y = net.batch_norm(norm_key, options.out, norm)(conv(x));
  return activation ? net.activate(*activation, y) : y;
}

Value squeeze_excite(GraphBuilder& net, const std::string& key, const Value& x, int64_t squeezed,
                     op::Curve inner, op::Curve outer) {
  const auto fc1 =
      net.conv(key + ".fc1", {.in = x.channels, .out = squeezed, .kernel = 1, .bias = true});
  const auto fc2 =
      net.conv(key + ".fc2", {.in = squeezed, .out = x.channels, .kernel = 1, .bias = true});
  const auto hidden = net.activate(inner, fc1(net.adaptive_average(x, 1)));
  return net.gate(x, net.activate(outer, fc2(hidden)));
}

int64_t scaled_channels(int64_t channels, int64_t width, int64_t own_width) {
  const int64_t exact = channels * width / own_width;
  const int64_t rounded = std::max<int64_t>(8, (exact + 4) / 8 * 8);
  return rounded * 10 < exact * 9 ? rounded + 8 : rounded;
}

}  // namespace sau

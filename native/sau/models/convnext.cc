#include "sau/models/families.h"
#include "sau/net/graph_builder.h"

namespace sau {
namespace {

constexpr double kConvNextEps = 1e-6;

/// Filter each channel, then norm and two linear layers over the channels, scaled channel by
/// channel; plus the input.
Value convnext_block(GraphBuilder& net, const std::string& key, const Value& x, double depth_rate) {
  const int64_t channels = x.channels;
  const auto scale = net.scale(key + ".layer_scale", channels, {Init::Kind::kConstant, 1e-6});
  const auto filter =
      net.conv(key + ".block.0",
               {.in = channels, .out = channels, .kernel = 7, .groups = channels, .bias = true});
  const auto norm = net.layer_norm(key + ".block.2", channels, kConvNextEps);
  const auto wide = net.linear(key + ".block.3", channels, 4 * channels);
  const auto narrow = net.linear(key + ".block.5", 4 * channels, channels);
  const auto hidden = net.activate(op::Curve::kGelu, wide(norm(net.channels_to_last(filter(x)))));
  const auto branch = scale(net.channels_to_front(narrow(hidden)));
  return net.join(net.stochastic_depth(branch, depth_rate), x);
}

Graph convnext(const ModelSpec& spec, const std::vector<int64_t>& blocks, double depth_rate) {
  constexpr Init kNarrow{Init::Kind::kTruncatedNormal, 0.02};
  GraphBuilder net({.conv = kNarrow, .linear = kNarrow, .zero_bias = true});
  const auto norm_of_map = [&](const Layer& norm, const Value& map) {
    return net.channels_to_front(norm(net.channels_to_last(map)));
  };
  const auto stem =
      net.conv("features.0.0",
               {.in = 3, .out = spec.width, .kernel = 4, .stride = 4, .bias = true, .padding = 0});
  auto x = norm_of_map(net.layer_norm("features.0.1", spec.width, kConvNextEps), stem(net.input()));
  int64_t all = -1;  // the first block is never dropped, the last one most often
  for (const int64_t count : blocks) all += count;
  int64_t number = 0;
  for (size_t stage = 0; stage < blocks.size(); ++stage) {
    if (stage > 0) {
      const auto key = "features." + std::to_string(2 * stage);
      const auto norm = net.layer_norm(key + ".0", x.channels, kConvNextEps);
      const auto halve = net.conv(key + ".1", {.in = x.channels,
                                               .out = 2 * x.channels,
                                               .kernel = 2,
                                               .stride = 2,
                                               .bias = true,
                                               .padding = 0});
      x = halve(norm_of_map(norm, x));
    }
    const auto key = "features." + std::to_string(2 * stage + 1) + ".";
    for (int64_t i = 0; i < blocks[stage]; ++i) {
      const double rate = depth_rate * static_cast<double>(number++) / static_cast<double>(all);
      x = convnext_block(net, key + std::to_string(i), x, rate);
    }
  }
  const auto norm = net.layer_norm("classifier.0", x.channels, kConvNextEps);
  return net.finish(net.linear("classifier.2", x.channels, spec.num_classes),
                    norm(net.global_average(x)));
}

}  // namespace

Graph convnext_tiny(const ModelSpec& spec) { return convnext(spec, {3, 3, 9, 3}, 0.1); }

Graph convnext_small(const ModelSpec& spec) { return convnext(spec, {3, 3, 27, 3}, 0.4); }

}  // namespace sau

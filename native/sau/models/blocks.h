#pragma once
#include <optional>
#include <string>

#include "sau/net/graph_builder.h"

namespace sau {

// What several families of networks share.

constexpr auto kRelu = op::Curve::kRelu;

/// No value: linear.
using Activation = std::optional<op::Curve>;

/// A convolution, its batch norm and its activation.
Value conv_norm(GraphBuilder& net, const std::string& conv_key, const std::string& norm_key,
                const Value& x, const ConvOptions& options, const NormOptions& norm,
                const Activation& activation);

/// A factor for each channel from the whole map: average, 1x1 convolution to `channels`, `inner`,
/// another back, `outer`.
struct SqueezeExcite {
  int64_t channels;
  op::Curve inner, outer;
};

/// A depthwise convolution between two 1x1 convolutions that expand and project.
struct InvertedResidual {
  int64_t kernel, expanded, out, stride;
  op::Curve curve;
  std::optional<SqueezeExcite> squeeze;
  NormOptions norm = {};
  double depth_rate = 0;  ///< of stochastic depth
};

/// Expands unless nothing is expanded, filters each channel, squeezes and excites, projects; plus
/// the input where the shape stays. Under <key>.block.<position>.
Value inverted_residual(GraphBuilder& net, const std::string& key, const Value& x,
                        const InvertedResidual& block);

/// A number of channels in a network of another width: scaled, and a multiple of 8 that is at most
/// a tenth smaller. Multiples of 8 stay at the own width.
int64_t scaled_channels(int64_t channels, int64_t width, int64_t own_width);

}  // namespace sau

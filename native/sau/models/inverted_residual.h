#pragma once
#include <string>

#include "sau/net/graph_builder.h"

namespace sau {

// What the networks of depthwise convolutions share.

constexpr auto kRelu = op::Curve::kRelu;

/// No value: linear.
using Activation = std::optional<op::Curve>;

/// A convolution, its batch norm and its activation.
Value conv_norm(GraphBuilder& net, const std::string& conv_key, const std::string& norm_key,
                const Value& x, const ConvOptions& options, const NormOptions& norm,
                const Activation& activation);

/// A factor for each channel from the whole map: average, 1x1 convolution to `squeezed` channels,
/// `inner`, another back, `outer`. Under <key>.fc1 and <key>.fc2.
Value squeeze_excite(GraphBuilder& net, const std::string& key, const Value& x, int64_t squeezed,
                     op::Curve inner, op::Curve outer);

/// A number of channels in a network of another width: scaled, and a multiple of 8 that is at most
/// a tenth smaller. Multiples of 8 stay at the own width.
int64_t scaled_channels(int64_t channels, int64_t width, int64_t own_width);

}  // namespace sau

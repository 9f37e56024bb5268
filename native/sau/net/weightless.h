#pragma once
#include "sau/net/graph.h"
#include "sau/net/values.h"

namespace sau {

// The operations that have no weights and do the same in training and in evaluation mode, in the
// dtype of their inputs.

torch::Tensor compute(const op::Activate& op, const Inputs& in);
torch::Tensor compute(const op::Add& op, const Inputs& in);
torch::Tensor compute(const op::Gate& op, const Inputs& in);
torch::Tensor compute(const op::Concat& op, const Inputs& in);
torch::Tensor compute(const op::Channels& op, const Inputs& in);
torch::Tensor compute(const op::Shuffle& op, const Inputs& in);
torch::Tensor compute(const op::Pool& op, const Inputs& in);
torch::Tensor compute(const op::AdaptiveAverage& op, const Inputs& in);
torch::Tensor compute(const op::GlobalAverage& op, const Inputs& in);
torch::Tensor compute(const op::Flatten& op, const Inputs& in);
torch::Tensor compute(const op::ChannelsToLast& op, const Inputs& in);
torch::Tensor compute(const op::ChannelsToFront& op, const Inputs& in);
torch::Tensor compute(const op::Tokens& op, const Inputs& in);
torch::Tensor compute(const op::FirstToken& op, const Inputs& in);
torch::Tensor compute(const op::Attention& op, const Inputs& in);
torch::Tensor compute(const op::Resize& op, const Inputs& in);
torch::Tensor compute(const op::Widen& op, const Inputs& in);

/// What is wide whatever the network computes in: float32, and float64 for float64.
torch::ScalarType widened(torch::ScalarType dtype);

/// A curve of each element.
torch::Tensor activate(op::Curve curve, const torch::Tensor& x);

/// A ReLU. overwrites: x.
torch::Tensor relu(torch::Tensor x, bool overwrites);

/// The averages of a map [N,C,H,W] over size x size parts of it.
torch::Tensor average_to(int64_t size, const torch::Tensor& map);

/// Tokens [N,T,C] with one more in front. token: [1,1,C].
torch::Tensor prepend(const torch::Tensor& token, const torch::Tensor& tokens);

}  // namespace sau

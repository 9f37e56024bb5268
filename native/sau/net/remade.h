#pragma once
#include <optional>
#include <utility>
#include <vector>

#include "sau/net/convolution_form.h"
#include "sau/net/graph.h"
#include "sau/torch.h"

// Passes in training mode that keep less for the backward pass. Of a batch norm, the activation
// behind it and the convolutions that take its value, LibTorch keeps what the norm takes, what the
// convolutions take and, for some activations, what is between. Here only what the norm takes is
// kept: the rest is made of it again where the backward pass needs it, by the statistics of the
// batch. On a CPU the bits are equal.

namespace sau {

/// A batch norm, and the activation that alone takes its value if there is one.
struct NormGroup {
  size_t norm;  ///< node
  size_t end;   ///< node that gives the value of the group: the activation, or the norm
  std::optional<op::Curve> curve;
  /// Whether all who take the value are convolutions, which then make it again, and operations that
  /// do not keep it.
  bool is_dropped;
};

/// The groups of a graph for which a pass in training mode keeps less than for their operations
/// alone. uses: those of the graph.
std::vector<NormGroup> norm_groups(const Graph& graph, const std::vector<int64_t>& uses);

/// What the value of a group is made of again.
struct NormSource {
  torch::Tensor x, weight, bias;
  torch::Tensor mean, inverse_deviation;  ///< of the batch
};

/// Makes the value of a group again.
class Remaker : public torch::CustomClassHolder {
 public:
  Remaker(double eps, std::optional<op::Curve> curve) : eps_(eps), curve_(curve) {}

  double eps() const { return eps_; }
  /// Made once for all who ask in a backward pass.
  torch::Tensor value(const NormSource& source);
  /// With gradients.
  torch::Tensor recorded_value(const NormSource& source) const;
  /// The gradient by the norm's value from that by the group's. It is the last to ask in a backward
  /// pass.
  torch::Tensor through_curve(const torch::Tensor& gradient, const NormSource& source);

 private:
  torch::Tensor value_;  ///< while a backward pass needs it
  double eps_;
  std::optional<op::Curve> curve_;
};

/// How to make the value of a group again.
struct Recipe {
  NormSource source;
  c10::intrusive_ptr<Remaker> remaker;
};

/// What a batch norm computes with besides x.
struct NormArguments {
  torch::Tensor weight, bias;
  torch::Tensor running_mean, running_variance;  ///< changed; undefined: there are none
  double momentum, eps;
};

/// Whether a value can be made again of this x with equal bits.
bool can_be_remade(const torch::Tensor& x);

/// A batch norm in training mode and a curve.
std::pair<torch::Tensor, Recipe> normalize(const torch::Tensor& x, const NormArguments& norm,
                                           std::optional<op::Curve> curve);

/// convolution() of such a value. bias may be undefined.
torch::Tensor convolution(const torch::Tensor& x, const Recipe& recipe, const torch::Tensor& weight,
                          const torch::Tensor& bias, const ConvolutionForm& form);

}  // namespace sau

#pragma once
#include <vector>

#include "sau/normalizer.h"
#include "sau/torch.h"

namespace sau {

struct HypergradientOptions {
  double norm_weight;       ///< of the squared norm of the perturbation in the inner objective
  double fixed_point_rate;  ///< of the map whose fixed point the perturbation is taken for
  int64_t fixed_points;     ///< steps towards the solution of the linear system
};

template <class V>
void fields(V& v, HypergradientOptions& o) {
  v("normWeight", o.norm_weight);
  v("fixedPointRate", o.fixed_point_rate);
  v("fixedPoints", o.fixed_points);
}

/// Normalized images float32 [N,3,H,W] and classes int64 [N].
struct LabelledInput {
  torch::Tensor input, labels;
};

/// What i-BAU (defenses E7) minimizes over the universal perturbation w, float32 [1,3,H,W], which
/// is added to normalized images: the negative mean cross entropy, and a weight times |w|^2.
struct InnerObjective {
  torch::Tensor value;     ///< a scalar
  torch::Tensor gradient;  ///< by w
};

/// The class that a model assigns to each of normalized images [N,3,H,W]: int64 [N]. chunk: images
/// per pass.
torch::Tensor frozen_predictions(const FrozenPixelClassifier& model, const torch::Tensor& input,
                                 int64_t chunk);

/// chunk: images per pass.
InnerObjective inner_objective(const FrozenPixelClassifier& model, const LabelledInput& batch,
                               const torch::Tensor& w, double norm_weight, int64_t chunk);

/// Settings that change cost and not results.
struct SecondOrderCost {
  int64_t chunk;         ///< images per pass
  int64_t memory_bytes;  ///< the most that kept graphs may take
};

/// The Hessian of the inner objective by w, at a batch and a w.
class InnerHessian {
 public:
  /// The graphs of the gradient's passes are kept where they fit into memory, else they are made
  /// anew for each product.
  InnerHessian(const FrozenPixelClassifier& model, LabelledInput batch, torch::Tensor w,
               double norm_weight, const SecondOrderCost& cost);
  /// Its product with a vector of w's shape.
  torch::Tensor operator()(const torch::Tensor& vector) const;

 private:
  /// A pass over some images: the perturbation, and the gradient by it with its graph.
  struct Pass {
    torch::Tensor variable, gradient;
  };
  Pass pass(int64_t begin) const;

  const FrozenPixelClassifier& model_;
  LabelledInput batch_;
  torch::Tensor w_;
  double norm_weight_;
  int64_t chunk_;
  std::vector<Pass> kept_;  ///< one for each chunk; empty: they do not fit
};

/// What a hypergradient is taken at.
struct HypergradientBatches {
  LabelledInput outer;  ///< whose loss falls
  torch::Tensor
      patched;          ///< float32 [N,1,1,1]: 1 where an outer image has the perturbation, else 0
  LabelledInput inner;  ///< that the perturbation is the answer to
  torch::Tensor w;      ///< float32 [1,3,H,W]
};

struct Hypergradient {
  torch::Tensor outer_loss;    ///< a scalar
  torch::Tensor outer_logits;  ///< [N,K]
  std::vector<double> norms;   ///< of the vector after each step towards the solution
};

/// Adds the implicit gradient of the outer loss to the parameters' gradients (defenses E7). The
/// model is in evaluation mode; frozen: a view of it with its present weights. cost: see
/// InnerHessian.
Hypergradient accumulate_hypergradient(const PixelClassifier& model,
                                       const FrozenPixelClassifier& frozen,
                                       const HypergradientBatches& batches,
                                       const HypergradientOptions& options,
                                       const SecondOrderCost& cost);

}  // namespace sau

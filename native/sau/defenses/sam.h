#pragma once
#include "sau/normalizer.h"
#include "sau/optimizer.h"
#include "sau/torch.h"

namespace sau {

struct SamOptions {
  double rho;              ///< length of the perturbation of the weights
  bool adaptive;           ///< each weight is perturbed in proportion to its square
  double label_smoothing;  ///< share of the target that goes to the other classes
  double alpha;  ///< weight of the part of the first gradient that is orthogonal to the second
};

template <class V>
void fields(V& v, SamOptions& o) {
  v("rho", o.rho);
  v("adaptive", o.adaptive);
  v("labelSmoothing", o.label_smoothing);
  v("alpha", o.alpha);
}

/// Mean Kullback-Leibler divergence of the predictions from the smoothed labels. logits: [N,K];
/// labels: int64 [N].
torch::Tensor smoothed_loss(const torch::Tensor& logits, const torch::Tensor& labels,
                            double smoothing);

/// Scalars on the device, and the logits [N,K] at the weights themselves.
struct SamOutcome {
  torch::Tensor loss, logits;
  torch::Tensor perturbed_loss;
  torch::Tensor norm;  ///< of |w| g, or of the gradient g itself where it is not adaptive
};

/// A step of sharpness-aware minimization (defenses E8): the optimizer goes by the gradient at
/// weights that are perturbed to raise the loss. The model is in training mode; the second pass
/// leaves its running statistics alone. optimizer: of the model's parameters, in their order.
SamOutcome sam_step(const PixelClassifier& model, Optimizer& optimizer, const torch::Tensor& input,
                    const torch::Tensor& labels, const SamOptions& options);

}  // namespace sau

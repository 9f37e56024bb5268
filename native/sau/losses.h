#pragma once
#include <utility>

#include "sau/pgd_options.h"
#include "sau/torch.h"

namespace sau {

/// Each model's own prediction (argmax) at the clean images: int64 [N].
struct CleanPredictions {
  torch::Tensor trainee;
  torch::Tensor reference;
};

struct InnerLoss {
  torch::Tensor adversarial;  ///< L_adv, a scalar
  torch::Tensor shared;       ///< L_share, a scalar
  torch::Tensor total;        ///< beta1 * L_adv + beta2 * L_share, minimized over delta
  torch::Tensor is_shared;    ///< bool [N]: both models are fooled into one class
};

/// The inner objective of shared PGD (specification B1.6). Logits [N,K] of trainee and reference at
/// the perturbed images, labels int64 [N]; sums are divided by batch_size, the size of the whole
/// batch.
InnerLoss inner_loss(const torch::Tensor& trainee_logits, const torch::Tensor& reference_logits,
                     const torch::Tensor& labels, const CleanPredictions& clean, int64_t batch_size,
                     const PgdOptions& options);

/// Two models' gradients [N,K] of each image, multiplied by one factor that brings the larger of
/// their elements to 1; of an image without a gradient as they are. The attack uses the sign of the
/// gradient of delta alone, so that this changes nothing but keeps small gradients from vanishing
/// in half precision.
std::pair<torch::Tensor, torch::Tensor> rescaled_rows(const torch::Tensor& a,
                                                      const torch::Tensor& b);

/// bool [N], the suspects (specification B1.7): the perturbation leads the reference away from the
/// label and from its own clean prediction. All arguments int64 [N].
torch::Tensor suspects(const torch::Tensor& reference_perturbed,
                       const torch::Tensor& reference_clean, const torch::Tensor& labels);

/// Shared adversarial risk L_sar (specification B1.7): -sum over suspects of log(1 - p(class that
/// the reference was fooled into)) / batch_size, as the mean of its two forms. trainee_logits [N,K]
/// at the perturbed images; reference_perturbed int64 [N]; is_suspect bool [N].
torch::Tensor shared_risk(const torch::Tensor& trainee_logits,
                          const torch::Tensor& reference_perturbed, const torch::Tensor& is_suspect,
                          int64_t batch_size);

}  // namespace sau

#pragma once
#include "sau/losses.h"
#include "sau/normalizer.h"
#include "sau/shared_pgd.h"
#include "sau/torch.h"

namespace sau {

struct SauLossOptions {
  double lambda1;   ///< weight of the clean cross entropy
  double lambda2;   ///< weight of the cross entropy on perturbed images
  double lambda3;   ///< weight of the shared adversarial risk
  bool train_mode;  ///< batch norm of the trainee in training mode during the outer step
};

template <class V>
void fields(V& v, SauLossOptions& o) {
  v("lambda1", o.lambda1);
  v("lambda2", o.lambda2);
  v("lambda3", o.lambda3);
  v("trainMode", o.train_mode);
}

/// Images, with all that does not depend on the perturbation.
struct CleanBatch {
  torch::Tensor pixels;           ///< [N,3,H,W] in [0,1]
  torch::Tensor labels;           ///< int64 [N]
  torch::Tensor reference_clean;  ///< int64 [N], the reference's predictions at the clean images
  ReferenceStart reference_start;
};

/// Losses of one outer step (specification B1.7); scalars on the device, detached.
struct OuterLosses {
  torch::Tensor total, clean, shared;
  torch::Tensor adversarial;  ///< undefined if neither the loss nor the caller needs it
  torch::Tensor suspects;     ///< bool [N]

  /// Adds the losses of the next piece of the batch.
  void add(const OuterLosses& next);
};

/// Which perturbed images go through the trainee: without adversarial training, only suspects have
/// a gradient.
enum class OuterRows { kSuspects, kAll };

/// Losses of some images of a batch of batch_size, in evaluation mode. Adds their gradient to the
/// trainee's parameters. clean_logits: the trainee's logits at the clean images, with their graph.
OuterLosses accumulate_gradient(const PixelClassifier& trainee, const CleanBatch& images,
                                const Perturbation& perturbation, const torch::Tensor& clean_logits,
                                int64_t batch_size, const SauLossOptions& options, OuterRows rows);

/// Losses and gradient of a whole batch in training mode. Batch norm then mixes the images, so
/// clean and perturbed images take one common pass.
OuterLosses accumulate_joint_gradient(const PixelClassifier& trainee, const CleanBatch& batch,
                                      const Perturbation& perturbation,
                                      const SauLossOptions& options);

}  // namespace sau

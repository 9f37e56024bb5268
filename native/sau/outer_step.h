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

/// What the trainee says of clean images; detached.
struct CleanAnswer {
  torch::Tensor logits;  ///< [N,K]
  torch::Tensor loss;    ///< cross entropy: a scalar, the sum over the images / batch_size
};

/// Of some images of a batch of batch_size, in evaluation mode. Adds the gradient of their part of
/// the loss to the trainee's parameters. It needs no perturbation, so that its graph is gone before
/// the search for one begins.
CleanAnswer accumulate_clean_gradient(const PixelClassifier& trainee, const CleanBatch& images,
                                      int64_t batch_size, const SauLossOptions& options);

/// Losses of the images, whose gradient at the clean images is accumulated already. Adds that at
/// the perturbed ones. clean_loss: what the former has given.
OuterLosses accumulate_perturbed_gradient(const PixelClassifier& trainee, const CleanBatch& images,
                                          const Perturbation& perturbation,
                                          const torch::Tensor& clean_loss, int64_t batch_size,
                                          const SauLossOptions& options, OuterRows rows);

/// Losses and gradient of a whole batch in training mode. Batch norm then mixes the images, so
/// clean and perturbed images take one common pass.
OuterLosses accumulate_joint_gradient(const PixelClassifier& trainee, const CleanBatch& batch,
                                      const Perturbation& perturbation,
                                      const SauLossOptions& options);

}  // namespace sau

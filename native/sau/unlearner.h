#pragma once
#include <functional>
#include <memory>

#include "sau/image_set.h"
#include "sau/losses.h"
#include "sau/normalizer.h"
#include "sau/options.h"
#include "sau/run_control.h"
#include "sau/torch.h"

namespace sau {

/// A batch of clean images with everything about them that does not depend on the perturbation.
struct CleanBatch {
  torch::Tensor pixels;           ///< [N,3,H,W] in [0,1]
  torch::Tensor labels;           ///< int64 [N]
  torch::Tensor reference_clean;  ///< int64 [N], the reference's predictions at the clean images
};

/// Losses of one outer step; scalars on the device, detached.
struct OuterLosses {
  torch::Tensor total, clean, adversarial, shared;
  torch::Tensor suspects;  ///< bool [N]
};

/// Outer minimisation (specification B1.7): the rounds of Shared Adversarial Unlearning on a
/// trainee. The reference never changes, so its predictions at the clean images are computed once.
class Unlearner {
 public:
  Unlearner(const PixelClassifier& trainee, const PixelClassifier& reference,
            const ImageSet& clean_subset, torch::Generator& generator, const RunControl& control);

  /// Runs all rounds and returns the number completed. evaluate: measures the trainee after a
  /// round.
  int64_t run(const UnlearnOptions& options, const std::function<Metrics()>& evaluate);

  /// The clean batch at the given positions: int64 [n] on the device.
  CleanBatch batch(const torch::Tensor& positions) const;
  /// Shared adversarial perturbation of a batch: [N,3,H,W] in pixel scale.
  torch::Tensor perturb(const CleanBatch& batch, const PgdOptions& options);
  /// Losses at given perturbations; adds their gradient to the trainee's parameters.
  OuterLosses accumulate_gradient(const CleanBatch& batch, const torch::Tensor& delta,
                                  const SauLossOptions& options);

 private:
  struct RoundSums;
  RoundSums run_round(int64_t round, const torch::Tensor& order, const UnlearnOptions& options,
                      torch::optim::Optimizer& optimizer);
  OuterLosses chunk_gradient(const CleanBatch& chunk, const torch::Tensor& delta,
                             int64_t batch_size, const SauLossOptions& options);

  const PixelClassifier& trainee_;
  const PixelClassifier& reference_;
  const ImageSet& clean_subset_;
  torch::Generator& generator_;
  const RunControl& control_;
  torch::Tensor reference_clean_;  ///< int64 [n] over the whole clean subset
};

}  // namespace sau

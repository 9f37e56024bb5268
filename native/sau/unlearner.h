#pragma once
#include <functional>

#include "sau/image_set.h"
#include "sau/normalizer.h"
#include "sau/options.h"
#include "sau/outer_step.h"
#include "sau/run_control.h"
#include "sau/torch.h"

namespace sau {

/// Outer minimisation (specification B1.7): the rounds of Shared Adversarial Unlearning on a
/// trainee. Batch norm in evaluation mode couples no images, so that a batch goes through all of it
/// in pieces: the clean pass of a piece serves the attack's masks and the outer step alike.
class Unlearner {
 public:
  /// frozen_trainee and frozen_reference: views for the attack, up to date. reference_clean: int64
  /// [n], the reference's predictions over the clean subset.
  Unlearner(const PixelClassifier& trainee, FrozenPixelClassifier& frozen_trainee,
            const FrozenPixelClassifier& frozen_reference, const ImageSet& clean_subset,
            const torch::Tensor& reference_clean, torch::Generator& generator,
            const RunControl& control)
      : trainee_(trainee),
        frozen_trainee_(frozen_trainee),
        frozen_reference_(frozen_reference),
        clean_subset_(clean_subset),
        reference_clean_(reference_clean),
        generator_(generator),
        control_(control) {}

  /// Runs all rounds. evaluate: measures the trainee after a round.
  void run(const UnlearnOptions& options, const std::function<Metrics()>& evaluate);

  /// The clean batch at the given positions: int64 [n] on the device.
  CleanBatch batch(const torch::Tensor& positions) const;
  /// Shared adversarial perturbation of a batch.
  Perturbation perturb(const CleanBatch& batch, const PgdOptions& options);
  /// Losses at given perturbations; adds their gradient to the trainee's parameters.
  OuterLosses accumulate(const CleanBatch& batch, const Perturbation& perturbation,
                         const SauLossOptions& options, OuterRows rows);

 private:
  struct RoundSums;
  RoundSums run_round(int64_t round, const torch::Tensor& order, const UnlearnOptions& options,
                      torch::optim::Optimizer& optimizer);
  /// Perturbs a batch piece by piece: clean_logits(piece) gives the trainee's logits, found(piece,
  /// perturbation, logits) takes what came out.
  template <typename CleanLogits, typename Found>
  Perturbation perturb_pieces(const CleanBatch& batch, const PgdOptions& options,
                              CleanLogits&& clean_logits, Found&& found);
  /// Perturbs a batch and accumulates the gradient of its first outer step.
  std::pair<Perturbation, OuterLosses> first_step(const CleanBatch& batch,
                                                  const UnlearnOptions& options);

  const PixelClassifier& trainee_;
  FrozenPixelClassifier& frozen_trainee_;
  const FrozenPixelClassifier& frozen_reference_;
  const ImageSet& clean_subset_;
  torch::Tensor reference_clean_;
  torch::Generator& generator_;
  const RunControl& control_;
};

}  // namespace sau

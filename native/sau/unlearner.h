#pragma once
#include <functional>

#include "sau/image_set.h"
#include "sau/normalizer.h"
#include "sau/optimizer.h"
#include "sau/options.h"
#include "sau/outer_step.h"
#include "sau/plan.h"
#include "sau/run_control.h"
#include "sau/torch.h"

namespace sau {

/// Who takes part: the trainee, and views of both models for the attack, up to date.
struct Models {
  const PixelClassifier& trainee;
  FrozenPixelClassifier& frozen_trainee;
  const FrozenPixelClassifier& frozen_reference;
};

/// Outer minimisation (specification B1.7): the rounds of Shared Adversarial Unlearning on a
/// trainee. Batch norm in evaluation mode couples no images, so that a batch goes through all of it
/// in pieces: the clean pass of a piece serves the attack's masks and the outer step alike.
class Unlearner {
 public:
  /// reference_clean: int64 [n], the reference's predictions over the clean subset.
  Unlearner(const Models& models, const ImageSet& clean_subset,
            const torch::Tensor& reference_clean, const Plan& plan, torch::Generator& generator,
            const RunControl& control)
      : models_(models),
        clean_subset_(clean_subset),
        reference_clean_(reference_clean),
        plan_(plan),
        generator_(generator),
        control_(control) {}

  /// Runs all rounds. evaluate: measures the trainee after a round.
  void run(const UnlearnOptions& options, const std::function<Metrics()>& evaluate);

  /// The clean batch at the given positions: int64 [n] on the device.
  CleanBatch batch(const torch::Tensor& positions) const;
  /// Where the search begins, for images like these.
  torch::Tensor start_of(const torch::Tensor& pixels, const PgdOptions& options) const;
  /// Shared adversarial perturbation of a batch.
  Perturbation perturb(const CleanBatch& batch, const torch::Tensor& start,
                       const PgdOptions& options);
  /// A given delta as a perturbation, with the reference's answer to it.
  Perturbation perturbation(const CleanBatch& batch, const torch::Tensor& delta) const;
  /// Losses at given perturbations; adds their gradient to the trainee's parameters.
  OuterLosses accumulate(const CleanBatch& batch, const Perturbation& perturbation,
                         const SauLossOptions& options, OuterRows rows);

 private:
  struct RoundSums;
  /// Positions of a batch, and the drawn start of its search where it is random.
  using StepInputs = std::vector<torch::Tensor>;
  using Step = std::function<void(const StepInputs&)>;
  /// Perturbs a batch piece by piece: clean_logits(piece) gives the trainee's logits, found(piece,
  /// perturbation, logits) takes what came out.
  template <typename CleanLogits, typename Found>
  Perturbation perturb_pieces(const CleanBatch& batch, const torch::Tensor& start,
                              const PgdOptions& options, CleanLogits&& clean_logits, Found&& found);
  /// Perturbs a batch and accumulates the gradient of its first outer step.
  std::pair<Perturbation, OuterLosses> first_step(const CleanBatch& batch,
                                                  const torch::Tensor& start,
                                                  const UnlearnOptions& options);
  /// All of a batch: perturbation, outer steps, and the attack's view of the new weights.
  void step(const CleanBatch& batch, const torch::Tensor& start, const UnlearnOptions& options,
            Optimizer& optimizer, RoundSums& sums);
  void run_round(int64_t round, const torch::Tensor& order, const UnlearnOptions& options,
                 const Step& step);
  OuterRows rows() const { return plan_.dynamic_shapes ? OuterRows::kSuspects : OuterRows::kAll; }

  Models models_;
  const ImageSet& clean_subset_;
  torch::Tensor reference_clean_;
  ReferenceStart reference_start_;
  Plan plan_;
  torch::Generator& generator_;
  const RunControl& control_;
};

}  // namespace sau

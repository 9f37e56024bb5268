#pragma once
#include <utility>

#include "sau/image_set.h"
#include "sau/normalizer.h"
#include "sau/outer_step.h"
#include "sau/pgd_options.h"
#include "sau/plan.h"
#include "sau/run_control.h"
#include "sau/torch.h"
#include "sau/workspace.h"

namespace sau {

/// What Shared Adversarial Unlearning does with a batch (specification B1.6, B1.7), on the images
/// of a role. Batch norm in evaluation mode treats each image apart, so a batch is processed in
/// pieces: the clean pass of a piece serves both the attack's masks and the outer step.
class Unlearner {
 public:
  Unlearner(Workspace& workspace, ImageRole role, const RunControl& control);

  /// Computes once, where that pays, what the reference says at the first perturbed images: it is
  /// the same in every one of the rounds.
  void keep_reference_start(const PgdOptions& options, int64_t rounds, int64_t batch_size);

  /// The clean batch at the given positions: int64 [n] on the device.
  CleanBatch batch(const torch::Tensor& positions) const;
  /// The start of the search for images like these.
  torch::Tensor start_of(const torch::Tensor& pixels, const PgdOptions& options) const;
  /// Shared adversarial perturbation of a batch.
  Perturbation perturb(const CleanBatch& batch, const torch::Tensor& start,
                       const PgdOptions& options) const;
  /// Makes a Perturbation of a given delta, with the reference's predictions for it.
  Perturbation perturbation(const CleanBatch& batch, const torch::Tensor& delta) const;
  /// Losses at given perturbations; adds their gradient to the trainee's parameters.
  OuterLosses accumulate(const CleanBatch& batch, const Perturbation& perturbation,
                         const SauLossOptions& options, OuterRows rows) const;

  /// Perturbs a batch and accumulates the gradient of its first outer step.
  std::pair<Perturbation, OuterLosses> first_step(const CleanBatch& batch,
                                                  const torch::Tensor& start, const PgdOptions& pgd,
                                                  const SauLossOptions& loss) const;
  /// Accumulates the gradient of another outer step on the perturbation of the first.
  OuterLosses next_step(const CleanBatch& batch, const Perturbation& perturbation,
                        const SauLossOptions& loss) const {
    return accumulate(batch, perturbation, loss, rows());
  }
  /// Arithmetic of the search.
  torch::ScalarType precision() const { return frozen_trainee_.precision(); }
  /// Shows the attack the trainee's new weights.
  void refresh() { frozen_trainee_.refresh(); }

 private:
  /// Perturbs a batch piece by piece. clean_logits(piece) gives the trainee's logits; found(piece,
  /// perturbation) receives the result.
  template <typename CleanLogits, typename Found>
  Perturbation perturb_pieces(const CleanBatch& batch, const torch::Tensor& start,
                              const PgdOptions& options, CleanLogits&& clean_logits,
                              Found&& found) const;
  OuterRows rows() const { return plan_.dynamic_shapes ? OuterRows::kSuspects : OuterRows::kAll; }

  const PixelClassifier& trainee_;
  FrozenPixelClassifier frozen_trainee_, frozen_reference_;  ///< as the attack sees them
  const ImageSet& images_;
  torch::Tensor reference_clean_;  ///< int64 [n], the reference's predictions over the images
  ReferenceStart reference_start_;
  Plan plan_;
  int64_t piece_;  ///< most images at a time
  torch::Generator& generator_;
  const RunControl& control_;
};

}  // namespace sau

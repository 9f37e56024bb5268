#pragma once
#include <memory>

#include "sau/attacks/in_batch_attack.h"
#include "sau/attacks/trigger_generator.h"
#include "sau/optimizer.h"

namespace sau {

/// A mask generator's output in (0,1) -> a mask close to 0 or 1 (specification B4.9).
torch::Tensor sharp_mask(const torch::Tensor& drawn);
/// Mean over images of rms(a - b) / (rms(drawn_a - drawn_b) + 1e-7): small if the generator draws
/// different things for different images.
torch::Tensor diversity_loss(const torch::Tensor& a, const torch::Tensor& b,
                             const torch::Tensor& drawn_a, const torch::Tensor& drawn_b);

/// Input-aware dynamic (specification B4.9): one generator draws a pattern for each image, another
/// a mask. The mask generator is trained first and alone, the pattern generator together with the
/// victim.
class InputAware final : public InBatchAttack {
 public:
  InputAware(const InBatchAttackOptions& options, const InputAwareOptions& method,
             const AttackScene& scene);

  int64_t epochs_of_preparation() const override { return method_.mask_epochs; }
  /// Freezes the mask generator for the rest of the attack.
  void prepare(const ImageSet& train, int64_t first, int64_t stop,
               const RunControl& control) override;
  void start_epoch(const ImageSet& train, int64_t epoch) override;
  TrainingBatch batch(const ImageSet& train, const torch::Tensor& positions) override;
  void step() override;
  /// Both generators with their optimizers, and the gradients of the pattern generator, because
  /// they add up.
  std::vector<NamedTensor> state() const override;

 protected:
  torch::Tensor poison(const torch::Tensor& x) override;
  /// Stamps the pattern and mask of another image, which must not act as a trigger.
  torch::Tensor cross(const torch::Tensor& x, const ImageSet& source, Split split) override;
  int64_t cross_count(int64_t, int64_t poisoned) const override {
    return part_of(poisoned, method_.cross_ratio);
  }

 private:
  /// Normalized patterns; masks.
  torch::Tensor patterns(const torch::Tensor& x);
  torch::Tensor masks(const torch::Tensor& x);
  torch::Tensor augmented(const ImageSet& train, const torch::Tensor& positions);
  torch::Tensor shuffled(const ImageSet& train) const;
  torch::Tensor mask_loss(const torch::Tensor& x1, const torch::Tensor& x2);
  double train_masks(const ImageSet& train, int64_t epoch, const RunControl& control);

  InputAwareOptions method_;
  TriggerGenerator pattern_ = nullptr, mask_ = nullptr;
  std::unique_ptr<Optimizer> pattern_optimizer_, mask_optimizer_;
  torch::Tensor
      second_order_;   ///< order of the second loader, which gives the cross images their patterns
  int64_t taken_ = 0;  ///< how many positions of second_order_ are used up
};

}  // namespace sau

#pragma once
#include "sau/losses.h"
#include "sau/normalizer.h"
#include "sau/pgd_options.h"
#include "sau/reference_start.h"
#include "sau/run_control.h"
#include "sau/torch.h"

namespace sau {

struct Perturbation {
  torch::Tensor delta;                ///< [N,3,H,W] in pixel scale, inside the norm ball, detached
  torch::Tensor reference_perturbed;  ///< int64 [N], the reference's predictions at x + delta
  /// int64 scalar on the device: images with logits or a gradient that are not finite, counted in
  /// every step of the search. Such an image stays where it is. Undefined where nothing was
  /// searched.
  torch::Tensor broken;
};

/// Throws ERR_DIVERGED where a search has met broken images. dtype: what it computed in.
void require_unbroken(int64_t broken, torch::ScalarType dtype);

/// Inner maximization (specification B1.6): one perturbation per image that fools trainee and
/// reference into the same wrong class.
class SharedPgd {
 public:
  SharedPgd(const FrozenPixelClassifier& trainee, const FrozenPixelClassifier& reference,
            const PgdOptions& options, bool dynamic_shapes)
      : trainee_(trainee),
        reference_(reference),
        options_(options),
        dynamic_shapes_(dynamic_shapes) {}

  /// x: [N,3,H,W] pixels in [0,1]; start: delta to begin with, x's shape; labels: int64 [N]; clean:
  /// both models' predictions at x; reference_start: the reference at x + start, if known;
  /// batch_size: the size of the whole batch, by which the losses are divided.
  Perturbation perturb(const torch::Tensor& x, const torch::Tensor& start,
                       const torch::Tensor& labels, const CleanPredictions& clean,
                       const ReferenceStart& reference_start, int64_t batch_size,
                       const RunControl& control) const;

 private:
  struct Step {
    torch::Tensor gradient;       ///< up to a positive factor per image
    torch::Tensor is_shared;      ///< bool [n], with the delta before the step
    torch::Tensor is_broken;      ///< bool [n], see Perturbation
    torch::Tensor reference_now;  ///< int64 [n], with the delta before the step
  };
  Step step(const torch::Tensor& x, const torch::Tensor& delta, const torch::Tensor& labels,
            const CleanPredictions& clean, const ReferenceStart& known, int64_t batch_size) const;

  const FrozenPixelClassifier& trainee_;
  const FrozenPixelClassifier& reference_;
  PgdOptions options_;
  bool dynamic_shapes_;  ///< images that are done leave the search
};

}  // namespace sau

#pragma once
#include "sau/losses.h"
#include "sau/normalizer.h"
#include "sau/options.h"
#include "sau/run_control.h"
#include "sau/torch.h"

namespace sau {

/// Inner maximisation (specification B1.6): one perturbation per image that fools trainee and
/// reference into the same wrong class. Both models must be in evaluation mode with frozen
/// parameters.
class SharedPgd {
 public:
  SharedPgd(const PixelClassifier& trainee, const PixelClassifier& reference,
            const PgdOptions& options)
      : trainee_(trainee), reference_(reference), options_(options) {}

  /// x: [N,3,H,W] pixels in [0,1]; labels: int64 [N]; clean: both models' predictions at x.
  /// Returns delta in pixel scale, x's shape, inside the norm ball, detached.
  torch::Tensor perturb(const torch::Tensor& x, const torch::Tensor& labels,
                        const CleanPredictions& clean, torch::Generator& generator,
                        const RunControl& control) const;

 private:
  torch::Tensor perturb_chunk(const torch::Tensor& x, const torch::Tensor& start,
                              const torch::Tensor& labels, const CleanPredictions& clean,
                              int64_t batch_size, const RunControl& control) const;

  const PixelClassifier& trainee_;
  const PixelClassifier& reference_;
  PgdOptions options_;
};

}  // namespace sau

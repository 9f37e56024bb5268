#pragma once
#include <vector>

#include "sau/net/polarizer.h"
#include "sau/normalizer.h"
#include "sau/projection.h"
#include "sau/torch.h"

namespace sau {

/// What a polarizer learns from a batch (defenses E12).
struct PolarizingOptions {
  NormBall ball;     ///< of the perturbations; L_inf starts at its bound, any other at 0
  double step_size;  ///< pixel scale
  int64_t steps;
  double enough;    ///< share of images at their targets that ends the search
  bool sign_steps;  ///< along the sign of the gradient; else along the gradient itself
  double clean_weight, kept_weight, top_weight, target_weight;
  bool train_mode;  ///< batch norm of the polarizer in training mode while it learns
};

template <class V>
void fields(V& v, PolarizingOptions& o) {
  fields(v, o.ball);
  v("stepSize", o.step_size);
  v("steps", o.steps);
  v("enough", o.enough);
  v("signSteps", o.sign_steps);
  v("cleanWeight", o.clean_weight);
  v("keptWeight", o.kept_weight);
  v("topWeight", o.top_weight);
  v("targetWeight", o.target_weight);
  v("trainMode", o.train_mode);
}

/// Pixels float32 [N,3,H,W] and their labels int64 [N].
struct PixelBatch {
  torch::Tensor pixels, labels;
};

/// What a batch came to. Losses are scalars on the device, detached.
struct PolarizingOutcome {
  torch::Tensor total, clean, kept, top, target;
  torch::Tensor predicted, targets;     ///< int64 [N]: of the clean images, in evaluation mode
  torch::Tensor delta;                  ///< [N,3,H,W] in pixel scale
  std::vector<torch::Tensor> searched;  ///< losses of the search, before each step
};

/// A trainee with a polarizer, which learns while all else is frozen.
class PolarizedTrainee {
 public:
  /// The trainee outlives it. chunk: images of a pass in evaluation mode.
  PolarizedTrainee(const PixelClassifier& trainee, const Normalizer& normalizer,
                   torch::ScalarType precision, int64_t chunk);

  /// What trains: the convolution's weight, and the norm's weight and bias.
  std::vector<torch::Tensor> parameters() const;
  /// Adds the gradient of the losses of a batch to the parameters'.
  PolarizingOutcome accumulate(const PixelBatch& batch, const PolarizingOptions& options) const;
  /// Adds the gradient of the cross entropy with the polarizer in training mode. Returns the loss,
  /// a scalar, and the logits [N,K], both detached.
  std::pair<torch::Tensor, torch::Tensor> accumulate_cross_entropy(const PixelBatch& batch) const;

 private:
  /// kTrainingApart leaves the running statistics as they are.
  enum class Mode { kEvaluation, kTraining, kTrainingApart };

  torch::Tensor logits(const torch::Tensor& pixels, Mode mode) const;
  torch::Tensor polarize(const torch::Tensor& value, Mode mode) const;
  torch::Tensor weight(size_t position) const { return trainee_.model().weight(position); }
  void learn_from(const torch::Tensor& loss, bool keeps_graph) const;
  void look(const PixelBatch& batch, int64_t begin, const torch::Tensor& logits,
            const PolarizingOptions& options, PolarizingOutcome& outcome) const;
  void search(const PixelBatch& batch, const PolarizingOptions& options,
              PolarizingOutcome& outcome) const;
  void accumulate_perturbed(const PixelBatch& batch, int64_t begin, int64_t end, Mode mode,
                            const PolarizingOptions& options, PolarizingOutcome& outcome) const;

  const PixelClassifier& trainee_;
  op::Conv2d convolution_;
  op::BatchNorm norm_;
  FrozenPixelClassifier frozen_;
  int64_t chunk_;
};

}  // namespace sau

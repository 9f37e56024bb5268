#pragma once
#include <vector>

#include "sau/defenses/mask_pruning.h"
#include "sau/optimizer.h"

namespace sau {

struct AnpOptions {
  Compat compat;
  int64_t batch_size;
  int64_t iterations;
  int64_t report_every;  ///< iterations of a row of the table of the learning
  double noise_bound;    ///< the noise starts in [-bound, bound] and is moved by it
  int64_t noise_steps;
  double clean_share;  ///< of the loss without noise; the rest is of that with noise
  OptimizerOptions optimizer;
  int64_t crop_padding;  ///< zero pixels around the image before the random crop; 0: no crop
  bool flip;             ///< horizontal flip with probability 1/2
  MaskLadderOptions ladder;
  SelectionOptions selection;
  std::vector<int64_t> batch_order;  ///< [iterations * batch_size] positions; empty: drawn
  std::vector<double> start_noise;   ///< [2 * channels] of weights, then biases; empty: drawn
};

template <class V>
void fields(V& v, AnpOptions& o) {
  v("compat", o.compat);
  v("batchSize", o.batch_size);
  v("iterations", o.iterations);
  v("reportEvery", o.report_every);
  v("noiseBound", o.noise_bound);
  v("noiseSteps", o.noise_steps);
  v("cleanShare", o.clean_share);
  v("optimizer", o.optimizer);
  v("cropPadding", o.crop_padding);
  v("flip", o.flip);
  v("ladder", o.ladder);
  v("selection", o.selection);
  v("batchOrder", o.batch_order);
  v("startNoise", o.start_noise);
}

/// Adversarial neuron pruning (defenses E5): learns a mask for each channel of the norms that keeps
/// the loss low while noise on weights and biases of the norms raises it, then cuts the lowest
/// masks. Its learning is a part with the table "learning"; the round is the pruning. Figures:
/// prunedShare, threshold. Tables: learning, masks, thresholds.
class AnpDefense final : public Defense {
 public:
  static constexpr const char* kName = "anp";
  using Options = AnpOptions;

  AnpDefense(Workspace& workspace, AnpOptions options, const RunControl& control);
  void run(const DefenseRun& run) override;
  void visit(StateArchive& archive) override;

 private:
  struct Noise {
    torch::Tensor weights, biases;  ///< [channels]
  };
  struct Losses {
    torch::Tensor noise, robust, natural;
  };

  Figures learn(const Round& block, const RunControl& control);
  Losses step(const torch::Tensor& positions);
  torch::Tensor positions_of(int64_t iteration);
  Noise start_noise();

  Workspace& workspace_;
  AnpOptions options_;
  const PixelClassifier& model_;
  MaskPruning pruning_;
  MaskedPasses passes_;
  torch::Tensor masks_;  ///< [channels]
  Optimizer optimizer_;
};

}  // namespace sau

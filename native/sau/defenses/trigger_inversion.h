#pragma once
#include <functional>
#include <vector>

#include "sau/image_set.h"
#include "sau/normalizer.h"
#include "sau/optimizer.h"
#include "sau/run_control.h"
#include "sau/torch.h"

namespace sau {

/// The search for a trigger (defenses E4).
struct InversionOptions {
  int64_t batch_size;
  int64_t epochs;               ///< for a class, at most
  double learning_rate;         ///< of Adam, for mask and pattern
  double initial_cost;          ///< weight of the mask's norm
  double cost_multiplier;       ///< by which the weight rises; it falls by its power of 1.5
  int64_t patience;             ///< epochs in a row with or without success that change the weight
  double success;               ///< share of images in the target class from which on a mask counts
  bool early_stop;              ///< ends before `epochs` where the norm no longer falls
  double early_stop_threshold;  ///< share of the best norm above which another did not fall
  int64_t early_stop_patience;
  int64_t crop_padding;  ///< zero pixels around the image before the random crop; 0: no crop
  bool flip;             ///< horizontal flip with probability 1/2
  bool row_constants;    ///< compat: normalizes rows of the pattern in the place of its channels
};

template <class V>
void fields(V& v, InversionOptions& o) {
  v("batchSize", o.batch_size);
  v("epochs", o.epochs);
  v("learningRate", o.learning_rate);
  v("initialCost", o.initial_cost);
  v("costMultiplier", o.cost_multiplier);
  v("patience", o.patience);
  v("success", o.success);
  v("earlyStop", o.early_stop);
  v("earlyStopThreshold", o.early_stop_threshold);
  v("earlyStopPatience", o.early_stop_patience);
  v("cropPadding", o.crop_padding);
  v("flip", o.flip);
  v("rowConstants", o.row_constants);
}

/// A mask and a pattern that are stamped on images, and the step that makes a class of all of them.
class TriggerSearch {
 public:
  /// Both start at tanh(1) / 2 + 1/2 everywhere. model: frozen.
  TriggerSearch(const FrozenPixelClassifier& model, const Normalizer& normalizer, int64_t height,
                int64_t width, const InversionOptions& options);

  /// Scalars on the device, before the step.
  struct Outcome {
    torch::Tensor cross_entropy;
    torch::Tensor norm;     ///< sum of the mask
    torch::Tensor success;  ///< share of the images in the target class
  };
  /// One step of Adam. input: normalized images [N,3,H,W]; cost: weight of the norm; chunk: images
  /// per pass.
  Outcome step(const torch::Tensor& input, int64_t target, double cost, int64_t chunk);

  torch::Tensor mask() const;     ///< [1,1,H,W] in (0,1)
  torch::Tensor pattern() const;  ///< [1,3,H,W], pixels in (0,1)

 private:
  const FrozenPixelClassifier& model_;
  torch::Tensor shift_, scale_;  ///< of the pattern's normalization
  torch::Tensor mask_variable_, pattern_variable_;
  Optimizer optimizer_;
};

/// What the epochs of a search do to the weight of the norm, and when they end.
class CostControl {
 public:
  explicit CostControl(const InversionOptions& options)
      : options_(options), cost_(options.initial_cost) {}
  double cost() const { return cost_; }

  struct Verdict {
    bool keeps;  ///< the mask is the best one so far
    bool ends;
  };
  /// success and norm: means over the batches of the epoch.
  Verdict end_epoch(double success, double norm);

 private:
  bool has_settled();
  void change_cost(bool succeeded);

  InversionOptions options_;
  double cost_;
  double best_norm_ = std::numeric_limits<double>::infinity();
  double settled_norm_ = std::numeric_limits<double>::infinity();
  int64_t settled_epochs_ = 0;
  int64_t successes_ = 0, failures_ = 0;  ///< epochs in a row
  bool rose_ = false, fell_ = false;
  bool kept_ = false;
};

struct InvertedTrigger {
  int64_t target;
  torch::Tensor mask;     ///< float32 [1,1,H,W] in [0,1]
  torch::Tensor pattern;  ///< float32 [1,3,H,W], pixels in [0,1]
  double norm;            ///< sum of the mask
  double success;         ///< of the epoch that the mask is of
  int64_t epochs;         ///< that the search took
  bool succeeded;         ///< the success was enough; else the mask is that of the first epoch
};

/// What triggers are searched with.
struct InversionScene {
  const FrozenPixelClassifier& model;
  const Normalizer& normalizer;
  const ImageSet& images;
  torch::Generator& generator;  ///< on the CPU
  int64_t chunk;                ///< images per pass
  const RunControl& control;
};

/// The smallest trigger for a class. epoch_done: hears the number of epochs so far.
InvertedTrigger invert_trigger(const InversionScene& scene, int64_t target,
                               const InversionOptions& options,
                               const std::function<void(int64_t)>& epoch_done);

}  // namespace sau

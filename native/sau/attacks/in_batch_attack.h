#pragma once
#include <memory>

#include "sau/attacks/attack_options.h"
#include "sau/image_set.h"
#include "sau/normalizer.h"
#include "sau/run_control.h"
#include "sau/state_dict.h"
#include "sau/torch.h"
#include "sau/train_options.h"

namespace sau {

/// What an attack made of an image: nothing, one with the trigger, one with a disturbance like it.
enum class ImageKind : uint8_t { kClean, kPoisoned, kCrossed };

/// What the victim learns from in one step.
struct TrainingBatch {
  torch::Tensor input;            ///< normalised float32 [b,3,H,W]; may carry a generator's graph
  torch::Tensor labels;           ///< int64 [b]
  torch::Tensor true_labels;      ///< int64 [b]
  torch::Tensor kinds = {};       ///< uint8 [b], ImageKind; undefined: they are not told apart
  torch::Tensor extra_loss = {};  ///< added to the cross entropy; undefined: nothing
};

/// Images that an attack changed, as a PNG file holds them.
struct PoisonedImages {
  torch::Tensor images;     ///< uint8 [n,3,H,W]
  torch::Tensor labels;     ///< int64 [n], those that the attack wants
  torch::Tensor positions;  ///< int64 [n], in the set that they come from
  torch::Tensor cross;      ///< bool [n]: true where the image keeps its label
};

/// Where an attack takes place.
struct AttackScene {
  TrainOptions training;
  Normalizer normalizer;
  torch::Generator generator;  ///< on the CPU, so that every device draws the same numbers
  torch::Device device;
  int64_t num_classes;
  int64_t height, width;
};

/// An attack that poisons each batch of the victim's training: the first images get the trigger
/// and the attack's label, the next ones a disturbance like it and keep theirs (specification
/// B4.8 to B4.10).
class InBatchAttack {
 public:
  InBatchAttack(InBatchAttackOptions options, AttackScene scene)
      : options_(std::move(options)), scene_(std::move(scene)) {}
  virtual ~InBatchAttack() = default;

  /// Epochs of the training that come before the victim's first, in `prepare`.
  virtual int64_t epochs_of_preparation() const { return 0; }
  /// What has to be learned before the victim's first epoch: of the epochs of preparation those
  /// from `first` to before `stop`.
  virtual void prepare(const ImageSet&, int64_t /*first*/, int64_t /*stop*/, const RunControl&) {}
  virtual void start_epoch(const ImageSet&, int64_t) {}
  /// positions: int64 [b] on the device.
  virtual TrainingBatch batch(const ImageSet& train, const torch::Tensor& positions);
  /// The attack's own share of a step, after the loss went backward.
  virtual void step() {}
  /// What the epochs so far have left. The tensors are the attack's own, not copies.
  virtual std::vector<NamedTensor> state() const { return {}; }
  /// Goes on from a state() of an attack with the same options. Throws ERR_CHECKPOINT.
  void load_state(const std::vector<NamedTensor>& state) { copy_tensors(state, this->state()); }

  /// The test images that ASR is measured on: with a target label those of other classes.
  PoisonedImages poison_test(const ImageSet& test, const RunControl& control);
  /// All test images with the disturbance that must not act as a trigger.
  PoisonedImages cross_test(const ImageSet& test, const RunControl& control);
  /// What BackdoorBench stores as the poisoned training set: the changed images of each
  /// consecutive batch of the training set in its own order. The victim was trained on others.
  PoisonedImages poison_train(const ImageSet& train, const RunControl& control);

 protected:
  enum class Split { kTrain, kTest };
  struct Shares {
    int64_t poisoned, cross;
  };

  /// Normalised images -> the same with the trigger.
  virtual torch::Tensor poison(const torch::Tensor& x) = 0;
  /// Normalised images -> the same with the disturbance; source: the set that they come from.
  virtual torch::Tensor cross(const torch::Tensor& x, const ImageSet& source, Split split) = 0;
  virtual int64_t cross_count(int64_t batch, int64_t poisoned) const = 0;
  /// The part of `count` images that a ratio asks for, rounded down.
  static int64_t part_of(int64_t count, double ratio) {
    return static_cast<int64_t>(static_cast<double>(count) * ratio);
  }
  /// The scale of the attack's own arithmetic and of its PNG files.
  virtual const Normalizer& scale() const { return scene_.normalizer; }

  /// How many images of a batch of this size are poisoned and disturbed: the rate rounds down, and
  /// below one image it is a probability.
  Shares draw_shares(int64_t batch) const;
  /// The kinds of a batch whose first images are poisoned and the next ones disturbed: uint8
  /// [batch].
  torch::Tensor kinds_of(const Shares& shares, int64_t batch) const;
  /// The labels that the attack wants.
  torch::Tensor attack_labels(const torch::Tensor& labels) const;
  /// Normalised images of a set.
  torch::Tensor input_of(const ImageSet& set, const torch::Tensor& positions) const;
  /// Different positions in a set that is gone through `repeats` times, in random order: int64
  /// [count] on the device.
  torch::Tensor draw_others(int64_t count, int64_t set_size, int64_t repeats) const;
  const AttackScene& scene() const { return scene_; }
  const InBatchAttackOptions& options() const { return options_; }

 private:
  InBatchAttackOptions options_;
  AttackScene scene_;
};

/// Throws ERR_CONFIG where the images do not suit the attack.
std::unique_ptr<InBatchAttack> make_in_batch_attack(const InBatchAttackOptions& options,
                                                    const AttackScene& scene);

}  // namespace sau

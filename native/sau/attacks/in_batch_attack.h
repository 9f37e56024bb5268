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

/// What an attack did to an image: nothing, stamped the trigger, or added a similar disturbance.
enum class ImageKind : uint8_t { kClean, kPoisoned, kCrossed };

/// The images and labels of one training step of the victim.
struct TrainingBatch {
  torch::Tensor input;        ///< normalized float32 [b,3,H,W]; may carry a generator's graph
  torch::Tensor labels;       ///< int64 [b]
  torch::Tensor true_labels;  ///< int64 [b]
  torch::Tensor kinds = {};  ///< uint8 [b], ImageKind; undefined if the kinds are not distinguished
  torch::Tensor extra_loss = {};  ///< added to the cross entropy; undefined: nothing
};

/// Images that an attack changed, as the bytes of a PNG file.
struct PoisonedImages {
  torch::Tensor images;     ///< uint8 [n,3,H,W]
  torch::Tensor labels;     ///< int64 [n], the attack's labels
  torch::Tensor positions;  ///< int64 [n], positions in the set that the images come from
  torch::Tensor cross;      ///< bool [n]: true where the image keeps its label
};

/// The surroundings of an attack: training options, classes, image size, device.
struct AttackScene {
  TrainOptions training;
  Normalizer normalizer;
  torch::Generator generator;  ///< on the CPU, so that every device draws the same numbers
  torch::Device device;
  int64_t num_classes;
  int64_t height, width;
};

/// An attack that poisons each batch of the victim's training. The first images get the trigger and
/// the attack's label; the next ones get a similar disturbance and keep their label (specification
/// B4.8 to B4.10).
class InBatchAttack {
 public:
  InBatchAttack(InBatchAttackOptions options, AttackScene scene)
      : options_(std::move(options)), scene_(std::move(scene)) {}
  virtual ~InBatchAttack() = default;

  /// Epochs that `prepare` trains before the victim's first one.
  virtual int64_t epochs_of_preparation() const { return 0; }
  /// Trains whatever the attack must learn before the victim's first epoch: the epochs of
  /// preparation from `first` to before `stop`.
  virtual void prepare(const ImageSet&, int64_t /*first*/, int64_t /*stop*/, const RunControl&) {}
  virtual void start_epoch(const ImageSet&, int64_t) {}
  /// positions: int64 [b] on the device.
  virtual TrainingBatch batch(const ImageSet& train, const torch::Tensor& positions);
  /// The attack's own optimizer step, after the backward pass.
  virtual void step() {}
  /// The state of the attack after the epochs so far. The tensors are the attack's own, not copies.
  virtual std::vector<NamedTensor> state() const { return {}; }
  /// Continues from the state() of an attack with the same options. Throws ERR_CHECKPOINT.
  void load_state(const std::vector<NamedTensor>& state) { copy_tensors(state, this->state()); }

  /// The test images for ASR: with a target label, the images of all other classes.
  PoisonedImages poison_test(const ImageSet& test, const RunControl& control);
  /// All test images with the disturbance that must not act as a trigger.
  PoisonedImages cross_test(const ImageSet& test, const RunControl& control);
  /// What BackdoorBench stores as the poisoned training set: the changed images of each consecutive
  /// batch, with the training set in its own order. The victim was trained on other images.
  PoisonedImages poison_train(const ImageSet& train, const RunControl& control);

 protected:
  enum class Split { kTrain, kTest };
  struct Shares {
    int64_t poisoned, cross;
  };

  /// Stamps the trigger on normalized images.
  virtual torch::Tensor poison(const torch::Tensor& x) = 0;
  /// Adds the disturbance to normalized images; source: the set that they come from.
  virtual torch::Tensor cross(const torch::Tensor& x, const ImageSet& source, Split split) = 0;
  virtual int64_t cross_count(int64_t batch, int64_t poisoned) const = 0;
  /// ratio * count, rounded down.
  static int64_t part_of(int64_t count, double ratio) {
    return static_cast<int64_t>(static_cast<double>(count) * ratio);
  }
  /// The scale of the attack's own arithmetic and of its PNG files.
  virtual const Normalizer& scale() const { return scene_.normalizer; }

  /// How many images of a batch of this size are poisoned and disturbed. The count is rounded down;
  /// an expected count below one is the probability of one image.
  Shares draw_shares(int64_t batch) const;
  /// The kinds of a batch whose first images are poisoned and the next ones disturbed: uint8
  /// [batch].
  torch::Tensor kinds_of(const Shares& shares, int64_t batch) const;
  /// The labels that the attack wants.
  torch::Tensor attack_labels(const torch::Tensor& labels) const;
  /// Normalized images of a set.
  torch::Tensor input_of(const ImageSet& set, const torch::Tensor& positions) const;
  /// Random positions in a set, drawn without replacement from `repeats` copies of it: int64
  /// [count] on the device.
  torch::Tensor draw_others(int64_t count, int64_t set_size, int64_t repeats) const;
  const AttackScene& scene() const { return scene_; }
  const InBatchAttackOptions& options() const { return options_; }

 private:
  InBatchAttackOptions options_;
  AttackScene scene_;
};

/// Throws ERR_CONFIG if the images do not suit the attack.
std::unique_ptr<InBatchAttack> make_in_batch_attack(const InBatchAttackOptions& options,
                                                    const AttackScene& scene);

}  // namespace sau

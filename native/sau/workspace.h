#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sau/attacks/in_batch_attack.h"
#include "sau/generators/adversarial_images.h"
#include "sau/generators/lf_pattern.h"
#include "sau/generators/stega_images.h"
#include "sau/generators/trojan_trigger.h"
#include "sau/image_set.h"
#include "sau/normalizer.h"
#include "sau/options.h"
#include "sau/plan.h"
#include "sau/run_control.h"
#include "sau/state_dict.h"
#include "sau/torch.h"
#include "sau/unlearner.h"

namespace sau {

enum class ImageRole { kCleanSubset, kCleanTest, kPoisonedTest, kTrain };
/// Sets of images that an attack in the batches makes, see InBatchAttack.
enum class PoisonedRole { kPoisonedTest, kCrossTest, kTrain };
enum class ModelRole { kTrainee, kReference };

/// Everything a run needs, resident on one device: the two models and the image sets. One job at a
/// time uses it, on the job's own thread.
class Workspace {
 public:
  explicit Workspace(WorkspaceOptions options);

  /// Names, shapes and dtypes that the model expects.
  std::vector<NamedTensor> layout();
  /// Fills one model, or with no role both.
  void load(const std::vector<NamedTensor>& tensors, std::optional<ModelRole> role = std::nullopt);
  /// Fresh weights from the seed for trainee and reference.
  void initialize();
  std::vector<NamedTensor> export_state(ModelRole role);

  void set_images(ImageRole role, const torch::Tensor& images, const torch::Tensor& labels,
                  const torch::Tensor& true_labels);

  void unlearn(const UnlearnOptions& options, const RunControl& control);
  /// The epochs of a training from `first_epoch` on; above 0 it goes on from where the training
  /// before, or the one of load_training, has ended.
  void train(const TrainOptions& options, const RunControl& control);
  /// What a training has left besides the weights, on the host: the generator, the optimizer's
  /// state and that of an attack in the batches. Throws ERR_CONFIG where there was none, or it was
  /// cut off within an epoch.
  std::vector<NamedTensor> export_training();
  /// The state of an export_training() of a session with the same options.
  void load_training(const std::vector<NamedTensor>& state);
  /// The same under an attack that poisons each batch. Wherever the trainee is measured, the
  /// images of kPoisonedTest are made anew from those of kCleanTest. The attack stays for
  /// poison_images; with as many epochs done as there are, it is only made again.
  void train_attack(const TrainOptions& options, const InBatchAttackOptions& attack,
                    const RunControl& control);
  /// From the images of kCleanTest or kTrain, by the attack of the last train_attack; on the host.
  PoisonedImages poison_images(PoisonedRole role, const RunControl& control);
  Metrics evaluate(ModelRole role, int64_t batch_size, const RunControl& control);
  /// argmax over a set: int64 [N] on the host.
  torch::Tensor predictions(ModelRole model, ImageRole role, const RunControl& control);
  /// Shared adversarial perturbation of chosen images: float32 [n,3,H,W] on the host, contiguous.
  torch::Tensor perturb(ImageRole role, const torch::Tensor& indices, const PgdOptions& options,
                        const RunControl& control);

  struct OuterGradient {
    double total, clean, adversarial, shared;
    torch::Tensor suspects;             ///< int64 [n] of 0 and 1, on the host
    std::vector<NamedTensor> gradient;  ///< on the host, contiguous
  };
  /// Losses and gradient of one outer step at given perturbations (n*3*H*W pixels, any shape); no
  /// weight changes.
  OuterGradient outer_gradient(ImageRole role, const torch::Tensor& indices,
                               const torch::Tensor& delta, const SauLossOptions& options,
                               const RunControl& control);

  // Data for attacks, made with the trainee (generators/workspace_generators.cc).
  /// start: uint8 [3,H,W] on the host.
  TrojanTrigger trojan_trigger(const torch::Tensor& start, const TrojanOptions& options,
                               const RunControl& control);
  /// From the images of kTrain, measured on those of kCleanTest.
  LfPattern lf_pattern(const LfOptions& options, const RunControl& control);
  /// Of the images of kTrain: uint8 [N,3,H,W] on the host.
  torch::Tensor adversarial_images(const AdversarialOptions& options, const RunControl& control);
  /// Of the images of kTrain and kCleanTest. secret: uint8 [bits] on the host. Uses no model.
  StegaImages stega_images(const torch::Tensor& secret, const StegaOptions& options,
                           const RunControl& control);

 private:
  /// What the epochs so far have left besides weights and generator.
  struct TrainingLeft {
    std::vector<NamedTensor> optimizer, attack;
  };

  /// Called at the start of every job: thread count and lazily built models.
  void prepare();
  /// Puts a set in the place of a role's, and forgets what is known of the former.
  void replace_images(ImageRole role, ImageSet set);
  /// The attack of a new training, or with goes_on that of the training so far.
  std::unique_ptr<InBatchAttack> make_attack(const TrainOptions& options,
                                             const InBatchAttackOptions& attack, bool goes_on);
  void run_epochs(const TrainOptions& options, bool goes_on, const RunControl& control,
                  const std::function<void(Progress&)>& measure_epoch,
                  InBatchAttack* attack = nullptr);
  /// The attack's poisoned images of the clean test images, as they are now.
  void renew_poisoned_test(const RunControl& control);
  /// ACC and loss on the clean test images with the attack's disturbance.
  void measure_cross(Progress& report, int64_t batch_size, const RunControl& control);
  const PixelClassifier& model(ModelRole role) const;
  /// A frozen view of a model with its present weights.
  FrozenPixelClassifier frozen(ModelRole role, torch::ScalarType precision) const;
  /// Calls use(unlearner) with an unlearner over the images of a role.
  template <typename Use>
  auto with_unlearner(ImageRole role, const RunControl& control, Use&& use);
  /// The reference's predictions over a set: int64 [N], computed once for its weights and images.
  const torch::Tensor& reference_clean(ImageRole role, const FrozenPixelClassifier& reference,
                                       const RunControl& control);
  const ImageSet& images(ImageRole role) const;
  /// Throws ERR_CONFIG where there was no training.
  const TrainingLeft& training_state() const;
  const ImageSet* find_images(ImageRole role) const;

  WorkspaceOptions options_;
  std::optional<torch::Device> device_;
  std::optional<Plan> plan_;
  std::optional<Normalizer> normalizer_;
  torch::Generator generator_;
  std::optional<PixelClassifier> trainee_;
  std::optional<PixelClassifier> reference_;
  bool has_weights_ = false;
  std::map<ImageRole, ImageSet> images_;
  std::map<ImageRole, torch::Tensor> reference_clean_;
  std::optional<TrainingLeft> training_state_;
  std::unique_ptr<InBatchAttack> attack_;
};

}  // namespace sau

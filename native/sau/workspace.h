#pragma once
#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "sau/image_set.h"
#include "sau/names.h"
#include "sau/net/program.h"
#include "sau/normalizer.h"
#include "sau/plan.h"
#include "sau/run_control.h"
#include "sau/state_dict.h"
#include "sau/torch.h"
#include "sau/training_left.h"
#include "sau/workspace_options.h"

namespace sau {

/// kHeldOut: clean images that nothing is learned from, by which a run sees whether it still
/// changes.
enum class ImageRole { kCleanSubset, kCleanTest, kPoisonedTest, kTrain, kHeldOut };
enum class ModelRole { kTrainee, kReference };

template <>
struct Names<ImageRole> {
  static constexpr const char* kWhat = "image role";
  static constexpr std::pair<const char*, ImageRole> kAll[] = {
      {"cleanSubset", ImageRole::kCleanSubset},
      {"cleanTest", ImageRole::kCleanTest},
      {"poisonedTest", ImageRole::kPoisonedTest},
      {"train", ImageRole::kTrain},
      {"heldOut", ImageRole::kHeldOut}};
};
template <>
struct Names<ModelRole> {
  static constexpr const char* kWhat = "model role";
  static constexpr std::pair<const char*, ModelRole> kAll[] = {
      {"trainee", ModelRole::kTrainee}, {"reference", ModelRole::kReference}};
};
/// Everything that jobs work on, resident on one device: the two models, the image sets and the
/// generator, with what is known of them. The jobs are functions over it (jobs/). One job at a time
/// uses it, on the thread of the jobs.
class Workspace {
 public:
  /// program: the network in the place of the architecture that the options name; null for none.
  explicit Workspace(WorkspaceOptions options, std::shared_ptr<const Program> program = nullptr);
  /// Of a network that has no name.
  Workspace(WorkspaceOptions options, Graph network);

  /// Comes before every job: thread count and lazily built models. All else needs it.
  void prepare();

  const WorkspaceOptions& options() const { return options_; }
  const torch::Device& device() const { return *device_; }
  const Plan& plan() const { return *plan_; }
  const Normalizer& normalizer() const { return *normalizer_; }
  torch::Generator& generator() { return generator_; }

  /// Names, shapes and dtypes of the network's weights, with a polarizer (models E7) or without.
  std::vector<NamedTensor> layout(bool has_polarizer) const;
  /// Fills one model, or both if no role is given. A model has a polarizer from then on where the
  /// weights have one.
  void load(const std::vector<NamedTensor>& tensors, std::optional<ModelRole> role = std::nullopt);
  /// Gives the trainee a fresh polarizer. Throws ERR_CONFIG where it has one, or has no place for
  /// it.
  void polarize_trainee();
  /// Fresh weights from the seed for trainee and reference.
  void initialize();
  /// On the host.
  std::vector<NamedTensor> export_state(ModelRole role) const;
  /// Throws ERR_CHECKPOINT where no weights were loaded.
  const PixelClassifier& model(ModelRole role) const;
  /// A frozen view of a model with its present weights.
  FrozenPixelClassifier frozen(ModelRole role, torch::ScalarType precision, Taps taps = {}) const;
  /// A frozen view in the arithmetic of the attack.
  FrozenPixelClassifier attacked(ModelRole role) const;

  /// Copies a set to the device. Mapped images stay on the host, except for the clean subset's.
  void set_images(ImageRole role, HostImages host);
  /// Puts a set in the place of a role's, and forgets what is known of the former.
  void replace_images(ImageRole role, ImageSet set);
  /// Throws ERR_DATASET where none were set.
  const ImageSet& images(ImageRole role) const;
  const ImageSet* find_images(ImageRole role) const;
  /// Images of a set that a pass of the trainee with gradients takes at a time: as many as the
  /// network's cost allows in a dtype, but one for each thread.
  int64_t images_per_piece(ImageRole role, torch::ScalarType dtype) const;
  /// Likewise of images of any size.
  int64_t images_per_piece(int64_t height, int64_t width, torch::ScalarType dtype) const;
  /// The reference's predictions over a set: int64 [N], computed once for its weights and images.
  const torch::Tensor& reference_clean(ImageRole role, const FrozenPixelClassifier& reference,
                                       const RunControl& control);

  TrainingLeft& training() { return training_; }
  /// Asks the running defense to tell its state as soon as it can. Any thread may.
  void request_state() { state_requested_ = true; }
  /// Whether it was asked for since the last call.
  bool take_state_request() { return state_requested_.exchange(false); }
  /// Of the two models and their views, so far.
  Passes& passes() const { return *passes_; }

 private:
  /// As it was asked for: with a polarizer where its name says so.
  Graph network() const;
  /// Of a program as it is.
  Graph network(bool has_polarizer) const;
  /// A model with fresh weights.
  PixelClassifier fresh(const Graph& graph, const torch::Device& device) const;
  void load_into(PixelClassifier& model, const std::vector<NamedTensor>& tensors) const;

  WorkspaceOptions options_;
  std::shared_ptr<const Program> program_;
  std::optional<Graph> graph_;
  std::shared_ptr<Passes> passes_ = std::make_shared<Passes>();
  std::optional<torch::Device> device_;
  std::optional<Plan> plan_;
  std::optional<Normalizer> normalizer_;
  torch::Generator generator_;
  std::optional<PixelClassifier> trainee_;
  std::optional<PixelClassifier> reference_;
  bool has_weights_ = false;
  std::map<ImageRole, ImageSet> images_;
  std::map<ImageRole, torch::Tensor> reference_clean_;
  TrainingLeft training_;
  std::atomic<bool> state_requested_ = false;
};

}  // namespace sau

#include "sau/workspace.h"

#include <ATen/CPUGeneratorImpl.h>

#include "sau/device.h"
#include "sau/error.h"
#include "sau/metrics.h"
#include "sau/predict.h"
#include "sau/victim_trainer.h"

namespace sau {
namespace {

const char* name_of(ImageRole role) {
  switch (role) {
    case ImageRole::kCleanSubset:
      return "cleanSubset";
    case ImageRole::kCleanTest:
      return "cleanTest";
    case ImageRole::kPoisonedTest:
      return "poisonedTest";
    case ImageRole::kTrain:
      return "train";
  }
  return "unknown";
}

/// 4-D weights in the layout of the images, so that no convolution has to reorder them.
void use_channels_last(torch::nn::Module& module) {
  for (auto& parameter : module.parameters()) {
    if (parameter.dim() == 4)
      parameter.set_data(parameter.contiguous(at::MemoryFormat::ChannelsLast));
  }
}

torch::Tensor to_host(const torch::Tensor& t) {
  return t.detach().to(torch::kCPU, t.scalar_type(), /*non_blocking=*/false, /*copy=*/true,
                       at::MemoryFormat::Contiguous);
}

}  // namespace

Workspace::Workspace(WorkspaceOptions options)
    : options_(std::move(options)), generator_(at::detail::createCPUGenerator(options_.seed)) {}

void Workspace::prepare() {
  if (options_.threads > 0) {
    at::set_num_threads(static_cast<int>(options_.threads));
  } else {
    at::init_num_threads();
  }
  if (device_) return;
  const auto device = parse_device(options_.device);
  const Normalizer normalizer(options_.mean, options_.std, device);
  const auto build = [&] {
    torch::manual_seed(options_.seed);  // the same fresh weights for both
    auto model = make_classifier(options_.model, options_.num_classes);
    model->to(device);
    use_channels_last(*model);
    model->eval();
    return PixelClassifier(std::move(model), normalizer);
  };
  trainee_ = build();
  reference_ = build();
  for (auto& parameter : reference_->model().parameters()) parameter.set_requires_grad(false);
  device_ = device;
}

std::vector<NamedTensor> Workspace::layout() {
  prepare();
  return state_dict(trainee_->model());
}

void Workspace::load(const std::vector<NamedTensor>& tensors, std::optional<ModelRole> role) {
  prepare();
  if (role != ModelRole::kReference) load_state_dict(trainee_->model(), tensors);
  if (role != ModelRole::kTrainee) load_state_dict(reference_->model(), tensors);
  has_weights_ = true;
}

void Workspace::initialize() {
  prepare();
  torch::manual_seed(options_.seed);
  const auto fresh = make_classifier(options_.model, options_.num_classes);
  load(state_dict(*fresh));
}

std::vector<NamedTensor> Workspace::export_state(ModelRole role) {
  prepare();
  auto tensors = state_dict(model(role).model());
  for (auto& tensor : tensors) tensor.value = to_host(tensor.value);
  return tensors;
}

void Workspace::set_images(ImageRole role, const torch::Tensor& images, const torch::Tensor& labels,
                           const torch::Tensor& true_labels) {
  prepare();
  images_.insert_or_assign(
      role, make_image_set(images, labels, true_labels, options_.num_classes, *device_));
}

int64_t Workspace::unlearn(const UnlearnOptions& options, const RunControl& control) {
  prepare();
  Unlearner unlearner(model(ModelRole::kTrainee), *reference_, images(ImageRole::kCleanSubset),
                      generator_, control);
  return unlearner.run(
      options, [&] { return evaluate(ModelRole::kTrainee, options.eval_batch_size, control); });
}

void Workspace::train(const TrainOptions& options, const RunControl& control) {
  prepare();
  train_victim(model(ModelRole::kTrainee), images(ImageRole::kTrain), options, generator_, control,
               [&] { return evaluate(ModelRole::kTrainee, options.eval_batch_size, control); });
}

Metrics Workspace::evaluate(ModelRole role, int64_t batch_size, const RunControl& control) {
  prepare();
  return measure(model(role), find_images(ImageRole::kCleanTest),
                 find_images(ImageRole::kPoisonedTest), batch_size, control);
}

torch::Tensor Workspace::predictions(ModelRole role, ImageRole set, const RunControl& control) {
  prepare();
  return predict(model(role), images(set), control).to(torch::kCPU);
}

torch::Tensor Workspace::perturb(ImageRole role, const torch::Tensor& indices,
                                 const PgdOptions& options, const RunControl& control) {
  prepare();
  Unlearner unlearner(model(ModelRole::kTrainee), *reference_, images(role), generator_, control);
  return to_host(unlearner.perturb(unlearner.batch(indices.to(*device_)), options));
}

Workspace::OuterGradient Workspace::outer_gradient(ImageRole role, const torch::Tensor& indices,
                                                   const torch::Tensor& delta,
                                                   const SauLossOptions& options,
                                                   const RunControl& control) {
  prepare();
  Unlearner unlearner(model(ModelRole::kTrainee), *reference_, images(role), generator_, control);
  auto& trainee = trainee_->model();
  // Training mode moves the running statistics.
  const auto before = export_state(ModelRole::kTrainee);
  trainee.zero_grad();
  const auto batch = unlearner.batch(indices.to(*device_));
  const auto losses =
      unlearner.accumulate_gradient(batch, delta.view(batch.pixels.sizes()).to(*device_), options);
  OuterGradient result{losses.total.item<double>(),
                       losses.clean.item<double>(),
                       losses.adversarial.item<double>(),
                       losses.shared.item<double>(),
                       to_host(losses.suspects.to(torch::kInt64)),
                       {}};
  for (const auto& item : trainee.named_parameters()) {
    result.gradient.push_back({item.key(), to_host(item.value().grad())});
  }
  trainee.zero_grad();
  load_state_dict(trainee, before);
  return result;
}

const PixelClassifier& Workspace::model(ModelRole role) const {
  if (!has_weights_)
    throw Error("ERR_CHECKPOINT",
                "Expected weights but none were loaded. Call loadStateDict first");
  return role == ModelRole::kTrainee ? *trainee_ : *reference_;
}

const ImageSet* Workspace::find_images(ImageRole role) const {
  const auto found = images_.find(role);
  return found == images_.end() ? nullptr : &found->second;
}

const ImageSet& Workspace::images(ImageRole role) const {
  if (const auto* set = find_images(role)) return *set;
  throw Error("ERR_DATASET", std::string("Expected images for '") + name_of(role) +
                                 "' but none were set. Call setImages first");
}

}  // namespace sau

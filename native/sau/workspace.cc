#include "sau/workspace.h"

#include <ATen/CPUGeneratorImpl.h>

#include "sau/device.h"
#include "sau/error.h"
#include "sau/models/architectures.h"
#include "sau/net/cost.h"
#include "sau/net/polarizer.h"
#include "sau/precision.h"
#include "sau/predict.h"

namespace sau {
namespace {

/// 4-D weights in the layout of the images, so that no convolution has to reorder them.
void use_channels_last(torch::nn::Module& module) {
  for (auto& parameter : module.parameters()) {
    if (parameter.dim() == 4)
      parameter.set_data(parameter.contiguous(at::MemoryFormat::ChannelsLast));
  }
}

void freeze(const PixelClassifier& model) {
  for (auto& parameter : model.model().parameters()) parameter.set_requires_grad(false);
}

}  // namespace

Workspace::Workspace(WorkspaceOptions options, std::shared_ptr<const Program> program)
    : options_(std::move(options)),
      program_(std::move(program)),
      generator_(at::detail::createCPUGenerator(options_.seed)) {}

Workspace::Workspace(WorkspaceOptions options, Graph network) : Workspace(std::move(options)) {
  graph_ = std::move(network);
}

void Workspace::prepare() {
  // Process-wide, so it must be set: otherwise the setting of the previous session would remain.
  const int64_t threads = options_.threads > 0 ? options_.threads : default_threads();
  at::set_num_threads(static_cast<int>(threads));
  set_arithmetic(options_);
  if (device_) return;
  const auto device = parse_device(options_.device);
  normalizer_.emplace(options_.mean, options_.std, device);
  const auto graph = network();
  trainee_ = fresh(graph, device);
  reference_ = fresh(graph, device);
  freeze(*reference_);
  plan_ = make_plan(options_.tuning, device);
  device_ = device;
}

PixelClassifier Workspace::fresh(const Graph& graph, const torch::Device& device) const {
  torch::manual_seed(options_.seed);  // all models get equal fresh weights
  auto model = std::make_shared<GraphModule>(graph);
  model->to(device);
  use_channels_last(*model);
  model->eval();
  return {std::move(model), *normalizer_, outer_dtype(options_.precision), passes_};
}

Graph Workspace::network() const {
  if (graph_) return *graph_;
  if (program_) return graph_of(*program_);
  return describe_model(options_.model, options_.num_classes).graph;
}

Graph Workspace::network(bool has_polarizer) const {
  auto graph = network();
  if (program_ || find_polarizer(graph).has_value() == has_polarizer) return graph;
  return has_polarizer ? polarized(graph) : without_polarizer(graph);
}

std::vector<NamedTensor> Workspace::layout(bool has_polarizer) const {
  std::vector<NamedTensor> layout;
  for (const auto& weight : network(has_polarizer).weights)
    layout.push_back(
        {weight.key,
         torch::empty(weight.shape, torch::TensorOptions(torch::kMeta).dtype(weight.dtype))});
  return layout;
}

void Workspace::load(const std::vector<NamedTensor>& tensors, std::optional<ModelRole> role) {
  if (role != ModelRole::kReference) load_into(*trainee_, tensors);
  if (role != ModelRole::kTrainee) {
    load_into(*reference_, tensors);
    freeze(*reference_);
    reference_clean_.clear();
  }
  has_weights_ = true;
}

void Workspace::load_into(PixelClassifier& model, const std::vector<NamedTensor>& tensors) const {
  const auto& graph = model.model().graph();
  const bool is_polarized = find_polarizer(graph).has_value();
  if (tensors.size() != graph.weights.size() && (is_polarized || polarizer_place(graph))) {
    const auto other = network(!is_polarized);
    if (tensors.size() == other.weights.size()) {
      auto changed = fresh(other, *device_);
      load_state_dict(changed.model(), tensors);
      model = std::move(changed);
      return;
    }
  }
  load_state_dict(model.model(), tensors);
}

void Workspace::polarize_trainee() {
  const auto polarized_graph = polarized(trainee_->model().graph());
  const auto polarizer = *find_polarizer(polarized_graph);
  auto changed = fresh(polarized_graph, *device_);
  auto inherited = state_dict(changed.model());
  std::erase_if(inherited, [&](const auto& tensor) { return polarizer.owns(tensor.name); });
  const auto present = state_dict(trainee_->model());
  const torch::NoGradGuard no_grad;
  for (size_t i = 0; i < present.size(); ++i) inherited[i].value.copy_(present[i].value);
  trainee_ = std::move(changed);
}

void Workspace::initialize() {
  if (program_) {
    throw Error("ERR_CONFIG",
                "Expected weights for the program, which does not tell how to draw fresh ones. "
                "Call loadStateDict with its own or with those of a checkpoint");
  }
  torch::manual_seed(options_.seed);
  load(state_dict(GraphModule(network())));
}

std::vector<NamedTensor> Workspace::export_state(ModelRole role) const {
  auto tensors = state_dict(model(role).model());
  for (auto& tensor : tensors) tensor.value = to_host(tensor.value);
  return tensors;
}

void Workspace::set_images(ImageRole role, HostImages host) {
  // Recorded steps read the clean subset on the device, where nothing waits for the host.
  if (role == ImageRole::kCleanSubset && !device_->is_cpu()) host.is_mapped = false;
  replace_images(role, make_image_set(host, options_.num_classes, *device_));
}

void Workspace::replace_images(ImageRole role, ImageSet set) {
  images_.insert_or_assign(role, std::move(set));
  reference_clean_.erase(role);
}

FrozenPixelClassifier Workspace::frozen(ModelRole role, torch::ScalarType precision,
                                        Taps taps) const {
  return FrozenPixelClassifier(model(role), *normalizer_, precision, options_.tuning.chunk,
                               std::move(taps));
}

FrozenPixelClassifier Workspace::attacked(ModelRole role) const {
  return frozen(role, attack_dtype(options_.precision));
}

int64_t Workspace::images_per_piece(ImageRole role, torch::ScalarType dtype) const {
  const auto& images = this->images(role).images;
  return images_per_piece(images.size(2), images.size(3), dtype);
}

int64_t Workspace::images_per_piece(int64_t height, int64_t width, torch::ScalarType dtype) const {
  if (plan_->chunk > 0) return plan_->chunk;
  const int64_t allowed =
      images_with_gradients(model(ModelRole::kTrainee).model().graph(), height, width, dtype);
  return chunk_size(*device_, std::max<int64_t>(allowed, at::get_num_threads()));
}

const torch::Tensor& Workspace::reference_clean(ImageRole role,
                                                const FrozenPixelClassifier& reference,
                                                const RunControl& control) {
  auto& known = reference_clean_[role];
  if (!known.defined()) known = predict(reference, images(role), control);
  return known;
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

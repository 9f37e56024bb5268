#include "sau/defenses/ibau.h"

#include <cmath>

#include "sau/precision.h"
#include "sau/train_epoch.h"

namespace sau {
namespace {

constexpr int64_t kGraphMemory = int64_t{4} << 30;  ///< of the graphs behind second derivatives

}  // namespace

IbauDefense::IbauDefense(Workspace& workspace, IbauOptions options, const RunControl& control)
    : options_(std::move(options)),
      control_(control),
      model_(workspace.model(ModelRole::kTrainee)),
      clean_subset_(workspace.images(ImageRole::kCleanSubset)),
      generator_(workspace.generator()),
      frozen_(workspace.frozen(ModelRole::kTrainee, outer_dtype(workspace.options().precision))),
      chunk_(workspace.images_per_piece(ImageRole::kCleanSubset, frozen_.precision())),
      optimizer_(model_.model().parameters(), options_.optimizer) {
  TORCH_CHECK(options_.batch_size > 0, "expected a batch size > 0, got ", options_.batch_size);
}

void IbauDefense::prepare(int64_t /*rounds*/) { stored_ = draw(); }

IbauDefense::Drawn IbauDefense::draw() const {
  const auto order = torch::randperm(clean_subset_.size(), generator_, torch::kInt64)
                         .to(clean_subset_.images.device());
  return {augment(clean_subset_.images.index_select(0, order), options_.crop_padding, options_.flip,
                  generator_),
          clean_subset_.labels.index_select(0, order)};
}

int64_t IbauDefense::batches() const {
  return (clean_subset_.size() + options_.batch_size - 1) / options_.batch_size;
}

LabelledInput IbauDefense::batch_of(const Drawn& drawn, int64_t index) const {
  const int64_t begin = index * options_.batch_size, end = begin + options_.batch_size;
  return {model_.normalizer()(to_pixels(drawn.images.slice(0, begin, end))),
          drawn.labels.slice(0, begin, end)};
}

Figures IbauDefense::run_round(const Round& round) {
  const auto zero = torch::zeros({}, torch::TensorOptions(clean_subset_.images.device()));
  auto perturbed_losses = zero.clone(), losses = zero.clone();
  auto right = torch::zeros_like(zero, torch::kInt64);
  const auto w = perturbation(round, perturbed_losses);
  const auto inner = batch_of(stored_, 0);
  for (int64_t j = 0; j < batches(); ++j) {
    control_.throw_if_cancelled();
    const auto outer = batch_of(stored_, j);
    optimizer_.zero_grad();
    const auto found = accumulate_hypergradient(
        model_, frozen_,
        {.outer = outer, .patched = patched(outer.input.size(0)), .inner = inner, .w = w},
        options_.hypergradient, {.chunk = chunk_, .memory_bytes = kGraphMemory});
    optimizer_.step();
    frozen_.refresh();
    losses += found.outer_loss;
    right += found.outer_logits.argmax(1).eq(outer.labels).sum();
    tell(round, batches() + j + 1);
  }
  const auto count = static_cast<double>(batches());
  return {{"loss", losses.item<double>() / count},
          {"perturbedLoss", perturbed_losses.item<double>() / count},
          {"trainAcc", right.item<double>() / static_cast<double>(clean_subset_.size())}};
}

torch::Tensor IbauDefense::perturbation(const Round& round, torch::Tensor& losses) {
  const auto drawn = draw();
  const auto& images = clean_subset_.images;
  auto w =
      torch::zeros({1, 3, images.size(2), images.size(3)}, torch::TensorOptions(images.device()));
  const double norm_weight = options_.hypergradient.norm_weight;
  for (int64_t j = 0; j < batches(); ++j) {
    control_.throw_if_cancelled();
    auto batch = batch_of(drawn, j);
    batch.labels = frozen_predictions(frozen_, batch.input, chunk_);
    const auto objective = inner_objective(frozen_, batch, w, norm_weight, chunk_);
    losses += norm_weight * w.square().sum() - objective.value;
    w = w - options_.perturbation_rate * objective.gradient;
    tell(round, j + 1);
  }
  return w;
}

/// 1 for the share of a batch that has the perturbation, which is drawn; else 0: [count,1,1,1].
torch::Tensor IbauDefense::patched(int64_t count) const {
  const auto share =
      static_cast<int64_t>(std::floor(options_.portion * static_cast<double>(count)));
  auto patched = torch::zeros({count, 1, 1, 1});
  patched.index_fill_(0, torch::randperm(count, generator_, torch::kInt64).slice(0, 0, share), 1);
  return patched.to(clean_subset_.images.device());
}

void IbauDefense::tell(const Round& round, int64_t done) const {
  control_.report(
      BatchDone{.round = round.index, .rounds = round.of, .batch = done, .batches = 2 * batches()});
}

void IbauDefense::visit(StateArchive& archive) {
  // The images that are kept from the beginning are drawn again, which gives equal ones.
  archive.part("optimizer", optimizer_);
  if (archive.gives()) frozen_.refresh();
}

}  // namespace sau

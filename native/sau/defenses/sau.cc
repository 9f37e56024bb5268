#include "sau/defenses/sau.h"

#include "sau/workspace.h"

namespace sau {

SauDefense::RoundSums::RoundSums(const torch::Device& device)
    : losses(torch::zeros({3}, device)),
      suspects(torch::zeros({}, torch::TensorOptions(device).dtype(torch::kInt64))),
      broken(torch::zeros_like(suspects)) {}

void SauDefense::RoundSums::reset() {
  losses.zero_();
  suspects.zero_();
  broken.zero_();
}

void SauDefense::RoundSums::add(const OuterLosses& outer) {
  losses += torch::stack({outer.total, outer.clean, outer.shared});
  suspects += outer.suspects.sum();
}

SauDefense::SauDefense(Workspace& workspace, SauOptions options, const RunControl& control)
    : options_(std::move(options)),
      control_(control),
      unlearner_(workspace, ImageRole::kCleanSubset, control),
      clean_subset_(workspace.images(ImageRole::kCleanSubset)),
      generator_(workspace.generator()),
      optimizer_(workspace.model(ModelRole::kTrainee).model().parameters(), options_.optimizer),
      sums_(workspace.device()),
      recorded_(workspace.plan().recorded),
      repeated_step_([this](const StepInputs& inputs) { step(inputs); },
                     recorder_of(workspace.device()), on_refusal(workspace.plan(), control),
                     &workspace.passes()) {
  TORCH_CHECK(options_.batch_size > 0 && options_.outer_steps > 0,
              "expected a batch size and outer steps > 0, got ", options_.batch_size, " and ",
              options_.outer_steps);
  if (!options_.batch_order.empty()) replayed_ = torch::tensor(options_.batch_order, torch::kInt64);
}

void SauDefense::prepare(int64_t rounds) {
  TORCH_CHECK(!replayed_.defined() || replayed_.numel() == rounds * clean_subset_.size(),
              "the batch order must have rounds * images = ", rounds * clean_subset_.size(),
              " positions, got ", replayed_.numel());
  unlearner_.keep_reference_start(options_.pgd, rounds, options_.batch_size);
}

Figures SauDefense::run_round(const Round& round) {
  sums_.reset();
  const auto order = order_of(round.index).to(clean_subset_.device());
  const auto batches = order.split(options_.batch_size);
  int64_t done = 0;
  for (const auto& positions : batches) {
    control_.throw_if_cancelled();
    // Numbers are drawn on the host, and therefore outside the recorded work.
    const bool draws = options_.pgd.init == DeltaInit::kRandom;
    const StepInputs inputs{
        positions, draws ? unlearner_.start_of(clean_subset_.pixels(positions), options_.pgd)
                         : torch::Tensor()};
    recorded_ ? repeated_step_(inputs) : step(inputs);
    control_.report(BatchDone{.round = round.index,
                              .rounds = round.of,
                              .batch = ++done,
                              .batches = static_cast<int64_t>(batches.size())});
  }
  return figures();
}

void SauDefense::step(const StepInputs& inputs) {
  const auto batch = unlearner_.batch(inputs[0]);
  const auto& drawn = inputs[1];
  const auto start = drawn.defined() ? drawn : unlearner_.start_of(batch.pixels, options_.pgd);
  const LinearGradientsGuard guard(optimizer_.linear_gradients());
  optimizer_.zero_grad();
  const auto [perturbation, losses] =
      unlearner_.first_step(batch, start, options_.pgd, options_.loss);
  sums_.add(losses);
  sums_.broken += perturbation.broken;
  optimizer_.step();
  for (int64_t step = 1; step < options_.outer_steps; ++step) {
    optimizer_.zero_grad();
    sums_.add(unlearner_.next_step(batch, perturbation, options_.loss));
    optimizer_.step();
  }
  unlearner_.refresh();
}

void SauDefense::visit(StateArchive& archive) {
  archive.part("optimizer", optimizer_);
  if (archive.gives()) unlearner_.refresh();
}

torch::Tensor SauDefense::order_of(int64_t round) const {
  const int64_t count = clean_subset_.size();
  if (!replayed_.defined()) return torch::randperm(count, generator_, torch::kInt64);
  return replayed_.slice(0, round * count, (round + 1) * count);
}

Figures SauDefense::figures() const {
  const int64_t count = clean_subset_.size();
  const int64_t batches = (count + options_.batch_size - 1) / options_.batch_size;
  const auto steps = static_cast<double>(batches * options_.outer_steps);
  const auto means = (sums_.losses / steps).to(torch::kCPU, torch::kFloat64);
  // Of a loss that is no number run_rounds says more.
  if (means[0].isfinite().item<bool>())
    require_unbroken(sums_.broken.item<int64_t>(), unlearner_.precision());
  return {{"loss", means[0].item<double>()},
          {"cleanLoss", means[1].item<double>()},
          {"sharedLoss", means[2].item<double>()},
          {"suspectShare",
           sums_.suspects.item<double>() / static_cast<double>(count * options_.outer_steps)}};
}

}  // namespace sau

#include "sau/defenses/anp.h"

#include "sau/train_epoch.h"

namespace sau {
AnpDefense::AnpDefense(Workspace& workspace, AnpOptions options, const RunControl&)
    : workspace_(workspace),
      options_(std::move(options)),
      model_(workspace.model(ModelRole::kTrainee)),
      pruning_(workspace, require_norms(norms_of(model_.model().graph()), kName, "norms"),
               {.ladder = options_.ladder,
                .selection = options_.selection,
                .ahead = options_.compat == Compat::kReference},
               kName),
      passes_(model_, pruning_.norms()),
      masks_(torch::ones({passes_.channels()}, workspace.device()).requires_grad_()),
      optimizer_({masks_}, options_.optimizer) {
  TORCH_CHECK(options_.batch_size > 0 && options_.iterations > 0 && options_.report_every > 0,
              "expected a batch size and iterations > 0");
  const auto drawn = static_cast<int64_t>(options_.start_noise.size());
  TORCH_CHECK(drawn == 0 || drawn == 2 * passes_.channels(), "expected noise for ",
              passes_.channels(), " channels");
}

void AnpDefense::visit(StateArchive& archive) {
  archive.part("optimizer", optimizer_);
  archive("masks", masks_);
  pruning_.visit(archive);
}

void AnpDefense::run(const DefenseRun& run) {
  const int64_t blocks = (options_.iterations + options_.report_every - 1) / options_.report_every;
  run.part({.stage = "learning masks", .table = "learning", .rounds = blocks, .measured = false},
           [&](const Round& block) { return learn(block, run.control()); });
  pruning_.run(masks_, run);
}

Figures AnpDefense::learn(const Round& block, const RunControl& control) {
  const int64_t first = block.index * options_.report_every;
  const int64_t stop = std::min(first + options_.report_every, options_.iterations);
  auto sums = torch::zeros({3}, workspace_.device());
  for (int64_t iteration = first; iteration < stop; ++iteration) {
    control.throw_if_cancelled();
    const auto losses = step(positions_of(iteration));
    sums += torch::stack({losses.noise, losses.robust, losses.natural});
    control.report(BatchDone{.round = block.index,
                             .rounds = block.of,
                             .batch = iteration - first + 1,
                             .batches = stop - first});
  }
  const auto means = (sums / static_cast<double>(stop - first)).to(torch::kCPU, torch::kFloat64);
  const double robust = means[1].item<double>(), natural = means[2].item<double>();
  return {{"loss", options_.clean_share * natural + (1 - options_.clean_share) * robust},
          {"noiseLoss", means[0].item<double>()},
          {"robustLoss", robust},
          {"naturalLoss", natural}};
}

torch::Tensor AnpDefense::positions_of(int64_t iteration) {
  const int64_t size = options_.batch_size;
  const auto& order = options_.batch_order;
  const auto positions =
      order.empty()
          ? torch::randint(pruning_.learn().size(), {size}, workspace_.generator(), torch::kInt64)
          : torch::tensor(order, torch::kInt64).slice(0, iteration * size, (iteration + 1) * size);
  return positions.to(workspace_.device());
}

AnpDefense::Noise AnpDefense::start_noise() {
  const auto both =
      options_.start_noise.empty()
          ? torch::empty({2 * passes_.channels()})
                .uniform_(-options_.noise_bound, options_.noise_bound, workspace_.generator())
          : torch::tensor(options_.start_noise, torch::kFloat32);
  const auto halves = both.to(workspace_.device()).chunk(2);
  return {halves[0].clone(), halves[1].clone()};
}

AnpDefense::Losses AnpDefense::step(const torch::Tensor& positions) {
  const auto& learn = pruning_.learn();
  const auto images = augment(learn.select(positions), options_.crop_padding, options_.flip,
                              workspace_.generator());
  const auto input = model_.normalizer()(to_pixels(images));
  const auto labels = learn.labels.index_select(0, positions);
  auto noise = start_noise();
  torch::Tensor noise_loss;
  const double size = options_.noise_bound / static_cast<double>(options_.noise_steps);
  const auto fixed_masks = masks_.detach();
  for (int64_t step = 0; step < options_.noise_steps; ++step) {
    noise.weights.requires_grad_();
    noise.biases.requires_grad_();
    const auto logits = passes_.logits(input, fixed_masks + noise.weights, 1 + noise.biases);
    const auto loss = -torch::cross_entropy_loss(logits, labels);
    if (step == 0) noise_loss = loss.detach();
    const auto gradients = torch::autograd::grad({loss}, {noise.weights, noise.biases});
    noise = {noise.weights.detach() - size * gradients[0].sign(),
             noise.biases.detach() - size * gradients[1].sign()};
  }
  optimizer_.zero_grad();
  // One after the other, so that one pass at a time keeps its values.
  const auto accumulate = [&](const torch::Tensor& logits, double share) {
    const auto loss = torch::cross_entropy_loss(logits, labels);
    (share * loss).backward();
    return loss.detach();
  };
  const auto robust = accumulate(passes_.logits(input, masks_ + noise.weights, 1 + noise.biases),
                                 1 - options_.clean_share);
  const auto natural = accumulate(passes_.logits(input, masks_, {}), options_.clean_share);
  optimizer_.step();
  const torch::NoGradGuard no_grad;
  masks_.clamp_(0, 1);
  return {noise_loss.defined() ? noise_loss : torch::zeros_like(natural), robust, natural};
}

}  // namespace sau

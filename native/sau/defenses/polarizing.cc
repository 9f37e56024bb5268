#include "sau/defenses/polarizing.h"

#include <algorithm>
#include <limits>

namespace sau {
namespace {

constexpr double kLargestLoss = 80;   // of an image in the search
constexpr double kAboveOne = 1.0001;  // keeps the logarithm of 1 - p finite

Polarizer polarizer_of(const Graph& graph) {
  const auto found = find_polarizer(graph);
  TORCH_CHECK(found, "expected a network with a polarizer");
  return *found;
}

/// A view of all but the polarizer, which is its tap.
FrozenPixelClassifier frozen_around(const PixelClassifier& trainee, const Normalizer& normalizer,
                                    torch::ScalarType precision) {
  const Taps polarizer{{polarizer_of(trainee.model().graph()).norm},
                       [](size_t, const torch::Tensor&) {}};
  return {trainee, normalizer, precision, 0, polarizer};
}

/// The class that is most likely but for the labels: int64 [N].
torch::Tensor likeliest_others(const torch::Tensor& logits, const torch::Tensor& labels) {
  const auto own = labels.unsqueeze(1);
  return logits.scatter(1, own, -std::numeric_limits<double>::infinity()).argmax(1);
}

/// Sum over images of -ln(1 - p) of a class of each.
torch::Tensor improbability(const torch::Tensor& probabilities, const torch::Tensor& classes) {
  const auto p = probabilities.gather(1, classes.unsqueeze(1)).squeeze(1);
  return -(kAboveOne - p).log().sum();
}

torch::Tensor sum_of_cross_entropy(const torch::Tensor& logits, const torch::Tensor& labels) {
  return at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum);
}

torch::Tensor perturbed(const torch::Tensor& pixels, const torch::Tensor& delta) {
  return (pixels + delta).clamp(0, 1);
}

bool starts_at_zero(const PolarizingOptions& options) { return options.ball.norm != Norm::kLInf; }

}  // namespace

PolarizedTrainee::PolarizedTrainee(const PixelClassifier& trainee, const Normalizer& normalizer,
                                   torch::ScalarType precision, int64_t chunk)
    : trainee_(trainee), frozen_(frozen_around(trainee, normalizer, precision)), chunk_(chunk) {
  const auto& graph = trainee.model().graph();
  const auto polarizer = polarizer_of(graph);
  convolution_ = std::get<op::Conv2d>(graph.nodes[polarizer.convolution].op);
  norm_ = std::get<op::BatchNorm>(graph.nodes[polarizer.norm].op);
}

std::vector<torch::Tensor> PolarizedTrainee::parameters() const {
  return {weight(convolution_.weight), weight(norm_.weight), weight(norm_.bias)};
}

torch::Tensor PolarizedTrainee::polarize(const torch::Tensor& value, Mode mode) const {
  const auto mixed = torch::conv2d(value, weight(convolution_.weight).to(value.scalar_type()));
  const bool is_training = mode != Mode::kEvaluation;
  const bool keeps = mode == Mode::kTrainingApart;
  if (mode == Mode::kTraining) {
    auto count = weight(norm_.count);
    count += 1;
  }
  const auto running = [&](size_t position) { return keeps ? torch::Tensor() : weight(position); };
  return torch::batch_norm(mixed, weight(norm_.weight), weight(norm_.bias), running(norm_.mean),
                           running(norm_.variance), is_training, norm_.momentum, norm_.eps,
                           /*cudnn_enabled=*/true);
}

torch::Tensor PolarizedTrainee::logits(const torch::Tensor& pixels, Mode mode) const {
  return frozen_.logits_with(
      0, [&](const torch::Tensor& value) { return polarize(value, mode); }, pixels);
}

/// Goes back as far as the polarizer alone.
void PolarizedTrainee::learn_from(const torch::Tensor& loss, bool keeps_graph) const {
  torch::autograd::backward({loss}, {}, keeps_graph, /*create_graph=*/false, parameters());
}

std::pair<torch::Tensor, torch::Tensor> PolarizedTrainee::accumulate_cross_entropy(
    const PixelBatch& batch) const {
  const auto said = logits(batch.pixels, Mode::kTraining);
  const auto loss = torch::cross_entropy_loss(said, batch.labels);
  learn_from(loss, /*keeps_graph=*/false);
  return {loss.detach(), said.detach()};
}

/// Takes in what clean images from `begin` on get in evaluation mode. Learns from it unless that is
/// done in training mode.
void PolarizedTrainee::look(const PixelBatch& batch, int64_t begin, const torch::Tensor& logits,
                            const PolarizingOptions& options, PolarizingOutcome& outcome) const {
  const int64_t end = begin + logits.size(0);
  const auto labels = batch.labels.slice(0, begin, end);
  const auto detached = logits.detach();
  outcome.predicted.slice(0, begin, end).copy_(detached.argmax(1));
  outcome.targets.slice(0, begin, end).copy_(likeliest_others(detached, labels));
  if (options.train_mode) return;
  const auto loss =
      sum_of_cross_entropy(logits, labels) / static_cast<double>(batch.labels.size(0));
  learn_from(options.clean_weight * loss, /*keeps_graph=*/true);
  outcome.clean += loss.detach();
}

/// One perturbation for each image, towards its target. Where it starts at 0, its first pass is
/// that of the clean images.
void PolarizedTrainee::search(const PixelBatch& batch, const PolarizingOptions& options,
                              PolarizingOutcome& outcome) const {
  const int64_t count = batch.labels.size(0);
  const auto size = static_cast<double>(count);
  for (int64_t step = 0; step < options.steps; ++step) {
    auto loss_before = torch::zeros({}, outcome.total.options());
    auto hits = torch::zeros({}, batch.labels.options());
    std::vector<torch::Tensor> gradients;
    for (int64_t begin = 0; begin < count; begin += chunk_) {
      const int64_t end = std::min(begin + chunk_, count);
      const auto variable = outcome.delta.slice(0, begin, end).detach().requires_grad_();
      const auto said =
          logits(perturbed(batch.pixels.slice(0, begin, end), variable), Mode::kEvaluation);
      if (step == 0 && starts_at_zero(options)) look(batch, begin, said, options, outcome);
      const auto targets = outcome.targets.slice(0, begin, end);
      const auto loss = at::cross_entropy_loss(said, targets, {}, at::Reduction::None)
                            .clamp(-kLargestLoss, kLargestLoss)
                            .sum() /
                        size;
      gradients.push_back(torch::autograd::grad({loss}, {variable})[0]);
      loss_before += loss.detach();
      hits += said.detach().argmax(1).eq(targets).sum();
    }
    // What the last step has led to is known here, before the next.
    if (step > 0 && hits.item<double>() > options.enough * size) break;
    outcome.searched.push_back(loss_before);
    const auto gradient = torch::cat(gradients);
    outcome.delta = project(
        outcome.delta - options.step_size * (options.sign_steps ? gradient.sign() : gradient),
        options.ball);
  }
}

void PolarizedTrainee::accumulate_perturbed(const PixelBatch& batch, int64_t begin, int64_t end,
                                            Mode mode, const PolarizingOptions& options,
                                            PolarizingOutcome& outcome) const {
  const auto of = [&](const torch::Tensor& t) { return t.slice(0, begin, end); };
  const auto said = logits(perturbed(of(batch.pixels), of(outcome.delta)), mode);
  const auto probabilities = said.softmax(1);
  const auto best = std::get<1>(said.detach().topk(2, 1));
  const auto first = best.select(1, 0), second = best.select(1, 1);
  const auto wrong = torch::where(first.eq(of(batch.labels)), second, first);
  const auto size = static_cast<double>(batch.labels.size(0));
  const auto kept = sum_of_cross_entropy(said, of(outcome.predicted)) / size;
  const auto top = improbability(probabilities, wrong) / size;
  const auto target = improbability(probabilities, of(outcome.targets)) / size;
  learn_from(options.kept_weight * kept + options.top_weight * top + options.target_weight * target,
             /*keeps_graph=*/false);
  outcome.kept += kept.detach();
  outcome.top += top.detach();
  outcome.target += target.detach();
}

PolarizingOutcome PolarizedTrainee::accumulate(const PixelBatch& batch,
                                               const PolarizingOptions& options) const {
  const int64_t count = batch.labels.size(0);
  const auto zero = torch::zeros({}, batch.pixels.options());
  PolarizingOutcome outcome{.total = zero.clone(),
                            .clean = zero.clone(),
                            .kept = zero.clone(),
                            .top = zero.clone(),
                            .target = zero.clone(),
                            .predicted = torch::empty_like(batch.labels),
                            .targets = torch::empty_like(batch.labels),
                            .delta = starts_at_zero(options)
                                         ? torch::zeros_like(batch.pixels)
                                         : torch::full_like(batch.pixels, options.ball.bound),
                            .searched = {}};
  for (int64_t begin = 0; begin < count && !starts_at_zero(options); begin += chunk_) {
    const auto pixels = batch.pixels.slice(0, begin, std::min(begin + chunk_, count));
    look(batch, begin, logits(pixels, Mode::kEvaluation), options, outcome);
  }
  search(batch, options, outcome);
  if (options.train_mode) {
    const auto loss =
        torch::cross_entropy_loss(logits(batch.pixels, Mode::kTraining), batch.labels);
    learn_from(options.clean_weight * loss, /*keeps_graph=*/false);
    outcome.clean += loss.detach();
    accumulate_perturbed(batch, 0, count, Mode::kTrainingApart, options, outcome);
  } else {
    for (int64_t begin = 0; begin < count; begin += chunk_)
      accumulate_perturbed(batch, begin, std::min(begin + chunk_, count), Mode::kEvaluation,
                           options, outcome);
  }
  outcome.total = options.clean_weight * outcome.clean + options.kept_weight * outcome.kept +
                  options.top_weight * outcome.top + options.target_weight * outcome.target;
  return outcome;
}

}  // namespace sau

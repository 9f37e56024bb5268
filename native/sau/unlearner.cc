#include "sau/unlearner.h"

#include "sau/predict.h"
#include "sau/projection.h"

namespace sau {
namespace {

torch::Tensor part(const torch::Tensor& t, int64_t begin, int64_t end) {
  return t.slice(0, begin, end);
}

CleanBatch part(const CleanBatch& batch, int64_t begin, int64_t end) {
  return {part(batch.pixels, begin, end), part(batch.labels, begin, end),
          part(batch.reference_clean, begin, end), batch.reference_start.slice(begin, end)};
}

Perturbation part(const Perturbation& perturbation, int64_t begin, int64_t end) {
  return {
      part(perturbation.delta, begin, end), part(perturbation.reference_perturbed, begin, end), {}};
}

int64_t quotient_above(int64_t count, int64_t by) { return (count + by - 1) / by; }

/// Calls visit(begin, end) for pieces of at most `most` images, as large as each other.
template <typename Visit>
void for_each_piece(const CleanBatch& batch, int64_t most, Visit&& visit) {
  const int64_t count = batch.pixels.size(0);
  if (count == 0) return;
  const int64_t step = quotient_above(count, quotient_above(count, most));
  for (int64_t begin = 0; begin < count; begin += step) visit(begin, std::min(begin + step, count));
}

}  // namespace

Unlearner::Unlearner(Workspace& workspace, ImageRole role, const RunControl& control)
    : trainee_(workspace.model(ModelRole::kTrainee)),
      frozen_trainee_(workspace.attacked(ModelRole::kTrainee)),
      frozen_reference_(workspace.attacked(ModelRole::kReference)),
      images_(workspace.images(role)),
      reference_clean_(workspace.reference_clean(role, frozen_reference_, control)),
      plan_(workspace.plan()),
      piece_(workspace.images_per_piece(role, frozen_trainee_.precision())),
      generator_(workspace.generator()),
      control_(control) {}

void Unlearner::keep_reference_start(const PgdOptions& options, int64_t rounds,
                                     int64_t batch_size) {
  reference_start_ =
      make_reference_start(frozen_reference_, images_, options, rounds,
                           std::min(piece_, batch_size), plan_.cache_bytes, control_);
}

CleanBatch Unlearner::batch(const torch::Tensor& positions) const {
  return {images_.pixels(positions), images_.labels.index_select(0, positions),
          reference_clean_.index_select(0, positions), reference_start_.select(positions)};
}

torch::Tensor Unlearner::start_of(const torch::Tensor& pixels, const PgdOptions& options) const {
  return initial_delta(pixels, options.init, options.ball.bound, generator_);
}

Perturbation Unlearner::perturb(const CleanBatch& batch, const torch::Tensor& start,
                                const PgdOptions& options) const {
  return perturb_pieces(
      batch, start, options,
      [&](const CleanBatch& piece) {
        const torch::NoGradGuard no_grad;
        return frozen_trainee_.logits(piece.pixels);
      },
      [](const CleanBatch&, const Perturbation&) {});
}

Perturbation Unlearner::perturbation(const CleanBatch& batch, const torch::Tensor& delta) const {
  return {delta, predict(frozen_reference_, batch.pixels + delta), {}};
}

template <typename CleanLogits, typename Found>
Perturbation Unlearner::perturb_pieces(const CleanBatch& batch, const torch::Tensor& start,
                                       const PgdOptions& options, CleanLogits&& clean_logits,
                                       Found&& found) const {
  const SharedPgd pgd(frozen_trainee_, frozen_reference_, options, plan_.dynamic_shapes);
  std::vector<torch::Tensor> deltas, reference, broken;
  for_each_piece(batch, piece_, [&](int64_t begin, int64_t end) {
    const auto piece = part(batch, begin, end);
    const auto logits = clean_logits(piece);
    const auto result = pgd.perturb(piece.pixels, part(start, begin, end), piece.labels,
                                    {logits.argmax(1), piece.reference_clean},
                                    piece.reference_start, batch.pixels.size(0), control_);
    found(piece, result);
    deltas.push_back(result.delta);
    reference.push_back(result.reference_perturbed);
    broken.push_back(result.broken);
  });
  return {torch::cat(deltas), torch::cat(reference), torch::stack(broken).sum()};
}

OuterLosses Unlearner::accumulate(const CleanBatch& batch, const Perturbation& perturbation,
                                  const SauLossOptions& options, OuterRows rows) const {
  if (options.train_mode) return accumulate_joint_gradient(trainee_, batch, perturbation, options);
  OuterLosses sum;
  for_each_piece(batch, piece_, [&](int64_t begin, int64_t end) {
    control_.throw_if_cancelled();
    const auto piece = part(batch, begin, end);
    const int64_t count = batch.pixels.size(0);
    const auto clean = accumulate_clean_gradient(trainee_, piece, count, options);
    sum.add(accumulate_perturbed_gradient(trainee_, piece, part(perturbation, begin, end),
                                          clean.loss, count, options, rows));
  });
  return sum;
}

std::pair<Perturbation, OuterLosses> Unlearner::first_step(const CleanBatch& batch,
                                                           const torch::Tensor& start,
                                                           const PgdOptions& pgd,
                                                           const SauLossOptions& loss) const {
  if (loss.train_mode) {
    auto perturbation = perturb(batch, start, pgd);
    auto losses = accumulate_joint_gradient(trainee_, batch, perturbation, loss);
    return {std::move(perturbation), std::move(losses)};
  }
  const int64_t count = batch.pixels.size(0);
  OuterLosses sum;
  torch::Tensor clean_loss;  // of the piece
  auto perturbation = perturb_pieces(
      batch, start, pgd,
      [&](const CleanBatch& piece) {
        const auto clean = accumulate_clean_gradient(trainee_, piece, count, loss);
        clean_loss = clean.loss;
        return clean.logits;
      },
      [&](const CleanBatch& piece, const Perturbation& found) {
        sum.add(
            accumulate_perturbed_gradient(trainee_, piece, found, clean_loss, count, loss, rows()));
      });
  return {std::move(perturbation), std::move(sum)};
}

}  // namespace sau

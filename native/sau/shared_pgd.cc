#include "sau/shared_pgd.h"

#include "sau/predict.h"
#include "sau/projection.h"

namespace sau {
namespace {

/// Brings both models' gradients of an image to a largest element of 1. Only the sign of the
/// gradient of delta is used, so that this changes nothing but keeps small gradients from vanishing
/// in half precision.
void rescale_rows(torch::Tensor& a, torch::Tensor& b) {
  const auto largest = torch::maximum(a.abs().amax(1, true), b.abs().amax(1, true));
  const auto scale = torch::where(largest > 0, largest.reciprocal(), torch::ones_like(largest));
  a = a * scale;
  b = b * scale;
}

/// The images that still search, with everything about them.
struct Active {
  torch::Tensor rows;  ///< int64 [n] positions in the whole, undefined while all are active
  torch::Tensor x, labels;
  CleanPredictions clean;

  Active select(const torch::Tensor& keep) const {
    const auto part = [&](const torch::Tensor& t) { return t.index_select(0, keep); };
    return {rows.defined() ? part(rows) : keep,
            part(x),
            part(labels),
            {part(clean.trainee), part(clean.reference)}};
  }
};

}  // namespace

Perturbation SharedPgd::perturb(const torch::Tensor& x, const torch::Tensor& start,
                                const torch::Tensor& labels, const CleanPredictions& clean,
                                const ReferenceStart& reference_start, int64_t batch_size,
                                const RunControl& control) const {
  TORCH_CHECK(x.dim() == 4 && start.sizes() == x.sizes(),
              "images must be [N,C,H,W] and delta alike, got ", x.sizes(), " and ", start.sizes());
  auto delta = project(start, options_.ball);
  auto reference_perturbed = torch::empty_like(labels);
  Active active{{}, x, labels, clean};
  for (int64_t i = 0; i < options_.steps; ++i) {
    control.throw_if_cancelled();
    const auto now = active.rows.defined() ? delta.index_select(0, active.rows) : delta;
    const auto result = step(active.x, now, active.labels, active.clean,
                             i == 0 ? reference_start : ReferenceStart{}, batch_size);
    const torch::NoGradGuard no_grad;
    auto next = project(now - options_.step_size * result.gradient.sign(), options_.ball);
    if (!dynamic_shapes_) {
      delta = next;
      continue;
    }
    // A shared image has no gradient, hence keeps its delta and stays shared: it leaves the search,
    // and what the reference says of it is known.
    const auto found = result.is_shared.nonzero().squeeze(1);
    const auto keep = result.is_shared.logical_not().nonzero().squeeze(1);
    const auto whole = [&](const torch::Tensor& part) {
      return active.rows.defined() ? active.rows.index_select(0, part) : part;
    };
    reference_perturbed.index_copy_(0, whole(found), result.reference_now.index_select(0, found));
    delta = delta.index_copy(0, whole(keep), next.index_select(0, keep));
    if (keep.size(0) == 0) return {delta, reference_perturbed};
    if (found.size(0) > 0) active = active.select(keep);
  }
  if (!active.rows.defined()) return {delta, predict(reference_, x + delta)};
  const auto rest = predict(reference_, active.x + delta.index_select(0, active.rows));
  reference_perturbed.index_copy_(0, active.rows, rest);
  return {delta, reference_perturbed};
}

SharedPgd::Step SharedPgd::step(const torch::Tensor& x, const torch::Tensor& delta,
                                const torch::Tensor& labels, const CleanPredictions& clean,
                                const ReferenceStart& known, int64_t batch_size) const {
  const auto variable = delta.detach().requires_grad_();
  const auto perturbed = x + variable;
  const auto trainee = trainee_.logits(perturbed);
  const auto reference = known.known() ? known.logits : reference_.logits(perturbed);
  // The loss on logits of its own graph, so that their gradients can be rescaled before the
  // models'.
  const auto a = trainee.detach().requires_grad_();
  const auto b = reference.detach().requires_grad_();
  const auto loss = inner_loss(a, b, labels, clean, batch_size, options_);
  auto gradients = torch::autograd::grad({loss.total}, {a, b});
  if (trainee_.precision() != torch::kFloat32) rescale_rows(gradients[0], gradients[1]);
  Step result{{}, loss.is_shared, reference.detach().argmax(1)};
  if (known.known()) {
    result.gradient = torch::autograd::grad({trainee}, {variable}, {gradients[0]})[0] +
                      known.pixel_gradient(gradients[1], x.sizes());
  } else {
    result.gradient =
        torch::autograd::grad({trainee, reference}, {variable}, {gradients[0], gradients[1]})[0];
  }
  return result;
}

}  // namespace sau

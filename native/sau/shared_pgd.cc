#include "sau/shared_pgd.h"

#include <numeric>

#include "sau/error.h"
#include "sau/predict.h"
#include "sau/projection.h"

namespace sau {
namespace {

/// bool [n]: every element of an image is finite.
torch::Tensor finite_rows(const torch::Tensor& t) {
  std::vector<int64_t> dims(static_cast<size_t>(t.dim() - 1));
  std::iota(dims.begin(), dims.end(), 1);
  return t.abs().amax(dims).isfinite();
}

/// The images whose search goes on, with all that belongs to them.
struct Active {
  torch::Tensor rows;  ///< int64 [n] positions in the batch; undefined while all images are active
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

void require_unbroken(int64_t broken, torch::ScalarType dtype) {
  if (broken == 0) return;
  const std::string advice =
      dtype == torch::kFloat32 ? "Check the checkpoint's weights"
      : dtype == torch::kFloat16
          ? "The network's values exceed the range of float16: use the precision tf32 or fp32"
          : "Use the precision fp32, or check the checkpoint's weights";
  throw Error("ERR_DIVERGED", "Expected finite logits and gradients in the attack but in " +
                                  std::string(c10::toString(dtype)) + " an image had others " +
                                  std::to_string(broken) + " times. " + advice);
}

Perturbation SharedPgd::perturb(const torch::Tensor& x, const torch::Tensor& start,
                                const torch::Tensor& labels, const CleanPredictions& clean,
                                const ReferenceStart& reference_start, int64_t batch_size,
                                const RunControl& control) const {
  TORCH_CHECK(x.dim() == 4 && start.sizes() == x.sizes(),
              "images and delta must both be [N,C,H,W], got ", x.sizes(), " and ", start.sizes());
  auto delta = project(start, options_.ball);
  auto reference_perturbed = torch::empty_like(labels);
  auto broken = torch::zeros({}, labels.options());
  Active active{{}, x, labels, clean};
  for (int64_t i = 0; i < options_.steps; ++i) {
    control.throw_if_cancelled();
    const auto now = active.rows.defined() ? delta.index_select(0, active.rows) : delta;
    const auto result = step(active.x, now, active.labels, active.clean,
                             i == 0 ? reference_start : ReferenceStart{}, batch_size);
    const torch::NoGradGuard no_grad;
    broken = broken + result.is_broken.sum();
    auto next = project(now - options_.step_size * result.gradient.sign(), options_.ball);
    if (!dynamic_shapes_) {
      delta = next;
      continue;
    }
    // A shared image has no gradient, so it keeps its delta and stays shared. It leaves the search,
    // and the reference's answer for it is known.
    const auto found = result.is_shared.nonzero().squeeze(1);
    const auto keep = result.is_shared.logical_not().nonzero().squeeze(1);
    const auto whole = [&](const torch::Tensor& part) {
      return active.rows.defined() ? active.rows.index_select(0, part) : part;
    };
    reference_perturbed.index_copy_(0, whole(found), result.reference_now.index_select(0, found));
    delta = delta.index_copy(0, whole(keep), next.index_select(0, keep));
    if (keep.size(0) == 0) return {delta, reference_perturbed, broken};
    if (found.size(0) > 0) active = active.select(keep);
  }
  if (!active.rows.defined()) return {delta, predict(reference_, x + delta), broken};
  const auto rest = predict(reference_, active.x + delta.index_select(0, active.rows));
  reference_perturbed.index_copy_(0, active.rows, rest);
  return {delta, reference_perturbed, broken};
}

SharedPgd::Step SharedPgd::step(const torch::Tensor& x, const torch::Tensor& delta,
                                const torch::Tensor& labels, const CleanPredictions& clean,
                                const ReferenceStart& known, int64_t batch_size) const {
  const auto variable = delta.detach().requires_grad_();
  const auto perturbed = x + variable;
  const auto trainee = trainee_.logits(perturbed);
  const auto reference = known.known() ? known.logits : reference_.logits(perturbed);
  // The loss has a graph of its own over the logits, so that the gradients of the logits can be
  // scaled before they go through the models.
  const auto a = trainee.detach().requires_grad_();
  const auto b = reference.detach().requires_grad_();
  const auto loss = inner_loss(a, b, labels, clean, batch_size, options_);
  Step result{{}, loss.is_shared, {}, reference.detach().argmax(1)};
  if (dynamic_shapes_ && loss.is_shared.all().item<bool>()) {
    result.gradient = torch::zeros_like(delta);
    result.is_broken = (finite_rows(a.detach()) & finite_rows(b.detach())).logical_not();
    return result;
  }
  auto gradients = torch::autograd::grad({loss.total}, {a, b});
  if (trainee_.precision() != torch::kFloat32)
    std::tie(gradients[0], gradients[1]) = rescaled_rows(gradients[0], gradients[1]);
  if (known.known()) {
    result.gradient = torch::autograd::grad({trainee}, {variable}, {gradients[0]})[0] +
                      known.pixel_gradient(gradients[1], x.sizes());
  } else {
    result.gradient =
        torch::autograd::grad({trainee, reference}, {variable}, {gradients[0], gradients[1]})[0];
  }
  const torch::NoGradGuard no_grad;
  result.is_broken =
      (finite_rows(trainee) & finite_rows(reference) & finite_rows(result.gradient)).logical_not();
  return result;
}

}  // namespace sau

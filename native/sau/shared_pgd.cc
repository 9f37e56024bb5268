#include "sau/shared_pgd.h"

#include <vector>

#include "sau/device.h"
#include "sau/projection.h"

namespace sau {

torch::Tensor SharedPgd::perturb(const torch::Tensor& x, const torch::Tensor& labels,
                                 const CleanPredictions& clean, torch::Generator& generator,
                                 const RunControl& control) const {
  TORCH_CHECK(x.dim() == 4, "images must be [N,C,H,W], got ", x.sizes());
  const auto start =
      project(initial_delta(x, options_.init, options_.ball.bound, generator), options_.ball);
  const int64_t count = x.size(0);
  const int64_t chunk = chunk_size(x.device(), count);
  std::vector<torch::Tensor> deltas;
  for (int64_t begin = 0; begin < count; begin += chunk) {
    const int64_t end = std::min(begin + chunk, count);
    const auto part = [&](const torch::Tensor& t) { return t.slice(0, begin, end); };
    deltas.push_back(perturb_chunk(part(x), part(start), part(labels),
                                   {part(clean.trainee), part(clean.reference)}, count, control));
  }
  return deltas.size() == 1 ? deltas[0] : torch::cat(deltas);
}

torch::Tensor SharedPgd::perturb_chunk(const torch::Tensor& x, const torch::Tensor& start,
                                       const torch::Tensor& labels, const CleanPredictions& clean,
                                       int64_t batch_size, const RunControl& control) const {
  auto delta = start;
  for (int64_t step = 0; step < options_.steps; ++step) {
    control.throw_if_cancelled();
    delta = delta.detach().requires_grad_();
    const auto perturbed = x + delta;
    const auto loss = inner_loss(trainee_.logits(perturbed), reference_.logits(perturbed), labels,
                                 clean, batch_size, options_);
    const auto gradient = torch::autograd::grad({loss.total}, {delta})[0];
    const torch::NoGradGuard no_grad;
    delta = project(delta - options_.step_size * gradient.sign(), options_.ball);
    // Shared images have no gradient, so that further steps change nothing: leaving early only
    // saves work, and only where the question does not stall a device.
    if (x.device().is_cpu() && loss.is_shared.all().item<bool>()) break;
  }
  return delta.detach();
}

}  // namespace sau

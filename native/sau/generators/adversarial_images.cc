#include "sau/generators/adversarial_images.h"

#include "sau/device.h"

namespace sau {
namespace {

/// Images per pass on an accelerator; the CPU's chunk is smaller.
constexpr int64_t kAdversarialBatch = 512;

}  // namespace

torch::Tensor make_adversarial_images(const FrozenPixelClassifier& model, const ImageSet& set,
                                      const AdversarialOptions& options,
                                      const RunControl& control) {
  const int64_t size = chunk_size(set.device(), std::min(kAdversarialBatch, set.size()));
  const int64_t batches = (set.size() + size - 1) / size;
  auto result = torch::empty(set.images.sizes(), torch::kUInt8);
  for (int64_t batch = 0; batch < batches; ++batch) {
    const int64_t begin = batch * size, end = std::min(begin + size, set.size());
    const auto clean = set.pixels(begin, end);
    const auto labels = set.labels.slice(0, begin, end);
    auto x = clean;
    for (int64_t step = 0; step < options.steps; ++step) {
      control.throw_if_cancelled();
      const auto variable = x.detach().requires_grad_();
      // The sum and not the mean, so that the step of an image does not depend on how many images
      // share its pass.
      const auto loss =
          torch::cross_entropy_loss(model.logits(variable), labels, {}, at::Reduction::Sum);
      const auto gradient = torch::autograd::grad({loss}, {variable})[0];
      const auto change = x + options.step_size * gradient.sign() - clean;
      x = (clean + change.clamp(-options.bound, options.bound)).clamp(0, 1);
    }
    result.slice(0, begin, end).copy_((x * 255).to(torch::kUInt8));
    control.report(BatchDone{.round = 0, .rounds = 1, .batch = batch + 1, .batches = batches});
  }
  return result;
}

}  // namespace sau

#include "sau/generators/lf_pattern.h"

#include <algorithm>
#include <vector>

#include "sau/device.h"
#include "sau/predict.h"

namespace sau {
namespace {

constexpr int64_t kTaps = 30;
constexpr int64_t kPadBefore = 14, kPadAfter = 15;
/// How many consecutive rates must agree before the search counts as settled.
constexpr size_t kSettledRates = 5;

torch::Tensor low_pass_kernel(const torch::Tensor& like) {
  const auto center = static_cast<double>(kTaps - 1) / 2;
  const auto k = torch::arange(kTaps, torch::kFloat64);
  const auto kernel = (-0.5 * (5 * (k - center) / static_cast<double>(kTaps)).square()).exp();
  return (kernel / kernel.sum()).to(like.options());
}

/// Scales to [0, peak]; a constant stays zero.
torch::Tensor spread(const torch::Tensor& v, double peak) {
  const auto low = v.min(), range = v.max() - low;
  return torch::where(range > 0, (v - low) * (peak / range), torch::zeros_like(v));
}

double changed_rate(const FrozenPixelClassifier& model, const ImageSet& set,
                    const torch::Tensor& clean, const torch::Tensor& pattern,
                    const RunControl& control) {
  constexpr int64_t kBatch = 1000;
  int64_t changed = 0;
  for (int64_t begin = 0; begin < set.size(); begin += kBatch) {
    control.throw_if_cancelled();
    const int64_t end = std::min(begin + kBatch, set.size());
    const auto now = predict(model, set.pixels(begin, end) + pattern);
    changed += now.ne(clean.slice(0, begin, end)).sum().item<int64_t>();
  }
  return static_cast<double>(changed) / static_cast<double>(set.size());
}

bool has_settled(const std::vector<double>& rates, double spread) {
  if (rates.size() < kSettledRates) return false;
  const auto [low, high] = std::minmax_element(rates.end() - kSettledRates, rates.end());
  return *high - *low < spread;
}

}  // namespace

torch::Tensor low_pass(const torch::Tensor& x) {
  TORCH_CHECK(x.dim() == 4, "images must be [N,C,H,W], got ", x.sizes());
  const auto kernel = low_pass_kernel(x);
  const auto planes = x.contiguous().view({-1, 1, x.size(2), x.size(3)});
  const auto padded =
      torch::constant_pad_nd(planes, {kPadBefore, kPadAfter, kPadBefore, kPadAfter});
  const auto columns = torch::conv2d(padded, kernel.view({1, 1, kTaps, 1}));
  return torch::conv2d(columns, kernel.view({1, 1, 1, kTaps})).view(x.sizes());
}

std::optional<torch::Tensor> targeted_deepfool(const FrozenPixelClassifier& model,
                                               const torch::Tensor& x, const LfOptions& options,
                                               const RunControl& control) {
  const auto scaled = [&](const torch::Tensor& change) { return (1 + options.overshoot) * change; };
  auto total = torch::zeros_like(x);
  for (int64_t step = 0; step < options.search_steps; ++step) {
    control.throw_if_cancelled();
    const auto variable = (x + scaled(total)).detach().requires_grad_();
    const auto logits = model.logits(variable)[0];
    const auto top = logits.argmax().item<int64_t>();
    if (top == options.target_label) return scaled(total);
    const auto gap = logits[top] - logits[options.target_label];
    const auto gradient = torch::autograd::grad({gap}, {variable})[0];
    const auto square = gradient.square().sum();
    // With a zero gradient the step is zero instead of 0 / 0.
    total = total - gap.detach() * gradient / square.clamp_min(1e-30);
  }
  return std::nullopt;
}

LfPattern make_lf_pattern(const FrozenPixelClassifier& model, const ImageSet& images,
                          const ImageSet& evaluation, const LfOptions& options,
                          torch::Generator& generator, const RunControl& control) {
  const auto clean = predict(model, images, control).to(torch::kCPU);
  const auto* clean_class = clean.data_ptr<int64_t>();
  const auto clean_evaluation = predict(model, evaluation, control);
  auto v = torch::zeros_like(images.pixels(0, 1));
  std::vector<double> rates;
  for (int64_t pass = 0; pass < options.passes; ++pass) {
    const auto order = torch::randperm(images.size(), generator, torch::kInt64);
    const auto* position = order.data_ptr<int64_t>();
    for (int64_t i = 0; i < images.size(); ++i) {
      const auto shifted = images.pixels(position[i], position[i] + 1) + v;
      if (predict(model, shifted).item<int64_t>() == clean_class[position[i]]) {
        const auto change = targeted_deepfool(model, shifted, options, control);
        if (change) v = spread(low_pass(v + low_pass(*change)), options.peak);
      }
      control.report(BatchDone{
          .round = pass, .rounds = options.passes, .batch = i + 1, .batches = images.size()});
    }
    rates.push_back(changed_rate(model, evaluation, clean_evaluation, v, control));
    if (rates.back() >= options.enough || has_settled(rates, options.settled)) break;
  }
  const auto pattern = (v * 255).to(torch::kUInt8)[0].to(torch::kCPU).contiguous();
  return {pattern, rates.back(), static_cast<int64_t>(rates.size())};
}

}  // namespace sau

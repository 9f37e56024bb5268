#include "sau/defenses/trigger_inversion.h"

#include <algorithm>
#include <cmath>

#include "sau/train_epoch.h"

namespace sau {
namespace {

constexpr double kInversionEpsilon = 1e-7;  // keeps mask and pattern off 0 and 1
constexpr double kFallPower = 1.5;          // the weight falls faster than it rises
constexpr double kMaskBeta1 = 0.5, kMaskBeta2 = 0.9;

/// A variable's value in (0,1).
torch::Tensor squashed(const torch::Tensor& variable) {
  return variable.tanh() / (2 + kInversionEpsilon) + 0.5;
}

torch::Tensor ones_variable(at::IntArrayRef shape, const torch::Device& device) {
  return torch::ones(shape, torch::TensorOptions(device)).requires_grad_();
}

/// Channel constants [1,3,1,1] as the official tool applies them to a pattern: to its first three
/// rows, [1,1,H,1]; `others` for the other rows.
torch::Tensor in_rows(const torch::Tensor& constants, int64_t height, double others) {
  auto rows = torch::full({1, 1, height, 1}, others, constants.options());
  const int64_t count = std::min<int64_t>(3, height);
  rows.narrow(2, 0, count).copy_(constants.view({1, 1, 3, 1}).narrow(2, 0, count));
  return rows;
}

}  // namespace

TriggerSearch::TriggerSearch(const FrozenPixelClassifier& model, const Normalizer& normalizer,
                             int64_t height, int64_t width, const InversionOptions& options)
    : model_(model),
      shift_(options.row_constants ? in_rows(normalizer.mean(), height, 0) : normalizer.mean()),
      scale_(options.row_constants ? in_rows(normalizer.std(), height, 1) : normalizer.std()),
      mask_variable_(ones_variable({1, 1, height, width}, shift_.device())),
      pattern_variable_(ones_variable({1, 3, height, width}, shift_.device())),
      optimizer_({mask_variable_, pattern_variable_},
                 plain_adam(options.learning_rate, kMaskBeta1, kMaskBeta2)) {}

torch::Tensor TriggerSearch::mask() const { return squashed(mask_variable_).detach(); }

torch::Tensor TriggerSearch::pattern() const { return squashed(pattern_variable_).detach(); }

TriggerSearch::Outcome TriggerSearch::step(const torch::Tensor& input, int64_t target, double cost,
                                           int64_t chunk) {
  const int64_t count = input.size(0);
  const auto mask = squashed(mask_variable_);
  const auto pattern = (squashed(pattern_variable_) - shift_) / scale_;
  Outcome outcome{torch::zeros({}, input.options()), mask.detach().sum(),
                  torch::zeros({}, input.options())};
  // The networks' passes see the mask and the pattern alone, so that each piece of the batch adds
  // to two gradients of one image.
  auto by_mask = torch::full_like(mask, cost), by_pattern = torch::zeros_like(pattern);
  for (const auto& x : input.split(std::min(chunk, count))) {
    const auto m = mask.detach().requires_grad_(), p = pattern.detach().requires_grad_();
    const auto logits = model_.logits_of_input(x + m * (p - x));
    const auto labels = torch::full({x.size(0)}, target, input.options().dtype(torch::kInt64));
    const auto loss =
        at::cross_entropy_loss(logits, labels, {}, at::Reduction::Sum) / static_cast<double>(count);
    const auto gradients = torch::autograd::grad({loss}, {m, p});
    const torch::NoGradGuard no_grad;
    by_mask += gradients[0];
    by_pattern += gradients[1];
    outcome.cross_entropy += loss.detach();
    outcome.success += logits.argmax(1).eq(target).sum() / static_cast<double>(count);
  }
  optimizer_.zero_grad();
  torch::autograd::backward({mask, pattern}, {by_mask, by_pattern});
  optimizer_.step();
  return outcome;
}

CostControl::Verdict CostControl::end_epoch(double success, double norm) {
  const bool succeeded = success >= options_.success;
  Verdict verdict{succeeded && norm < best_norm_, false};
  if (verdict.keeps) best_norm_ = norm;
  verdict.ends = options_.early_stop && has_settled();
  if (!verdict.ends) change_cost(succeeded);
  if (!kept_) verdict.keeps = true;
  kept_ = true;
  return verdict;
}

/// Whether the best norm has not fallen for long, and its weight has been too large and too small.
bool CostControl::has_settled() {
  if (!std::isfinite(best_norm_)) return false;
  const bool stays = best_norm_ >= options_.early_stop_threshold * settled_norm_;
  settled_epochs_ = stays ? settled_epochs_ + 1 : 0;
  settled_norm_ = std::min(settled_norm_, best_norm_);
  return rose_ && fell_ && settled_epochs_ >= options_.early_stop_patience;
}

void CostControl::change_cost(bool succeeded) {
  successes_ = succeeded ? successes_ + 1 : 0;
  failures_ = succeeded ? 0 : failures_ + 1;
  if (successes_ == options_.patience) {
    successes_ = 0;
    cost_ *= options_.cost_multiplier;
    rose_ = true;
  } else if (failures_ == options_.patience) {
    failures_ = 0;
    cost_ /= std::pow(options_.cost_multiplier, kFallPower);
    fell_ = true;
  }
}

InvertedTrigger invert_trigger(const InversionScene& scene, int64_t target,
                               const InversionOptions& options,
                               const std::function<void(int64_t)>& epoch_done) {
  const auto& images = scene.images;
  TriggerSearch search(scene.model, scene.normalizer, images.images.size(2), images.images.size(3),
                       options);
  CostControl control(options);
  InvertedTrigger best{.target = target,
                       .mask = {},
                       .pattern = {},
                       .norm = 0,
                       .success = 0,
                       .epochs = 0,
                       .succeeded = false};
  for (bool ends = false; best.epochs < options.epochs && !ends;) {
    const auto order =
        torch::randperm(images.size(), scene.generator, torch::kInt64).to(images.images.device());
    auto success = torch::zeros({}, torch::TensorOptions(images.images.device()));
    auto norm = torch::zeros_like(success);
    const auto batches = order.split(options.batch_size);
    for (const auto& positions : batches) {
      scene.control.throw_if_cancelled();
      const auto drawn = augment(images.images.index_select(0, positions), options.crop_padding,
                                 options.flip, scene.generator);
      const auto outcome =
          search.step(scene.normalizer(to_pixels(drawn)), target, control.cost(), scene.chunk);
      success += outcome.success;
      norm += outcome.norm;
    }
    const auto count = static_cast<double>(batches.size());
    const double rate = success.item<double>() / count;
    const auto verdict = control.end_epoch(rate, norm.item<double>() / count);
    ends = verdict.ends;
    ++best.epochs;
    if (verdict.keeps) {
      best.mask = search.mask();
      best.pattern = search.pattern();
      best.success = rate;
      best.succeeded = rate >= options.success;
    }
    epoch_done(best.epochs);
  }
  best.norm = best.mask.sum().item<double>();
  return best;
}

}  // namespace sau

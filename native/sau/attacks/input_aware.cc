#include "sau/attacks/input_aware.h"

#include <algorithm>

#include "sau/error.h"
#include "sau/guards.h"
#include "sau/schedule.h"
#include "sau/stopwatch.h"
#include "sau/train_epoch.h"

namespace sau {
namespace {

/// Falls to a tenth at every milestone.
ScheduleOptions tenths(std::vector<int64_t> milestones) {
  return {.kind = ScheduleOptions::Kind::kMultiStep,
          .length = 0,
          .warmup_share = 0,
          .milestones = std::move(milestones),
          .gamma = 0.1};
}

ScheduleOptions mask_schedule() { return tenths({10, 20}); }
ScheduleOptions pattern_schedule() { return tenths({200, 300, 400, 500}); }
constexpr double kTiny = 1e-7;

/// Root of the mean square of each image. A pair of equal images gets a zero gradient: the gradient
/// of the plain root is infinite there, and makes the official tool's weights NaN.
torch::Tensor rms(const torch::Tensor& x) {
  constexpr double kSmallest = 1e-24;
  return x.square().flatten(1).mean(1).clamp_min(kSmallest).sqrt();
}

torch::Tensor stamp(const torch::Tensor& x, const torch::Tensor& pattern,
                    const torch::Tensor& mask) {
  return x + (pattern - x) * mask;
}

}  // namespace

torch::Tensor sharp_mask(const torch::Tensor& drawn) {
  return (drawn * 20 - 10).tanh() / (2 + kTiny) + 0.5;
}

torch::Tensor diversity_loss(const torch::Tensor& a, const torch::Tensor& b,
                             const torch::Tensor& drawn_a, const torch::Tensor& drawn_b) {
  return (rms(a - b) / (rms(drawn_a - drawn_b) + kTiny)).mean();
}

InputAware::InputAware(const InBatchAttackOptions& options, const InputAwareOptions& method,
                       const AttackScene& scene)
    : InBatchAttack(options, scene), method_(method) {
  if (scene.height % 8 != 0 || scene.width % 8 != 0) {
    throw Error("ERR_CONFIG",
                "Expected images whose sides are multiples of 8 for inputaware but "
                "received " +
                    std::to_string(scene.height) + "x" + std::to_string(scene.width) +
                    ". Use imageSize");
  }
  // Fresh weights come from LibTorch's own generator.
  const auto seed = at::randint(int64_t{1} << 62, {1}, scene.generator, torch::kInt64);
  torch::manual_seed(static_cast<uint64_t>(seed.item<int64_t>()));
  pattern_ = TriggerGenerator(3, method.width, method.double_tanh);
  mask_ = TriggerGenerator(1, method.width, method.double_tanh);
  pattern_->to(scene.device);
  mask_->to(scene.device);
  const auto optimizer = plain_adam(method_.learning_rate, 0.5, 0.9);
  pattern_optimizer_ = std::make_unique<Optimizer>(pattern_->parameters(), optimizer);
  mask_optimizer_ = std::make_unique<Optimizer>(mask_->parameters(), optimizer);
}

void InputAware::prepare(const ImageSet& train, int64_t first, int64_t stop,
                         const RunControl& control) {
  for (int64_t epoch = first; epoch < std::min(stop, method_.mask_epochs); ++epoch) {
    const Stopwatch watch;
    const double loss = train_masks(train, epoch, control);
    if (!std::isfinite(loss)) {
      throw Error("ERR_DIVERGED", "Expected a finite loss of the mask generator but it is " +
                                      std::to_string(loss) + " in epoch " +
                                      std::to_string(epoch + 1) + ". Lower generatorLearningRate");
    }
    control.report(RoundDone{.round = epoch,
                             .rounds = scene().training.epochs,
                             .seconds = watch.seconds(),
                             .figures = {{"loss", loss}, {"trainAcc", kNaN}}});
  }
  mask_->eval();
  for (auto& parameter : mask_->parameters()) parameter.set_requires_grad(false);
}

double InputAware::train_masks(const ImageSet& train, int64_t epoch, const RunControl& control) {
  const ModeGuard training(*mask_, true);
  mask_optimizer_->set_learning_rate(
      learning_rate_at(static_cast<double>(epoch), method_.learning_rate, mask_schedule()));
  const auto first = shuffled(train).split(scene().training.batch_size);
  const auto second = shuffled(train).split(scene().training.batch_size);
  auto sum = torch::zeros({}, scene().device);
  for (size_t i = 0; i < first.size(); ++i) {
    control.throw_if_cancelled();
    mask_optimizer_->zero_grad();
    const auto loss = mask_loss(augmented(train, first[i]), augmented(train, second[i]));
    loss.backward();
    mask_optimizer_->step();
    sum += loss.detach();
    control.report(BatchDone{.round = epoch,
                             .rounds = scene().training.epochs,
                             .batch = static_cast<int64_t>(i) + 1,
                             .batches = static_cast<int64_t>(first.size())});
  }
  return sum.item<double>() / static_cast<double>(first.size());
}

torch::Tensor InputAware::mask_loss(const torch::Tensor& x1, const torch::Tensor& x2) {
  {
    // The official tool passes x1 once more, which only updates the running statistics.
    const torch::NoGradGuard no_grad;
    mask_(x1);
  }
  const auto mask1 = masks(x1), mask2 = masks(x2);
  const auto excess = (mask1 - method_.mask_density).relu().mean();
  // The weight is applied twice.
  const double weight = method_.diversity_weight * method_.diversity_weight;
  return method_.mask_weight * excess + weight * diversity_loss(x1, x2, mask1, mask2);
}

void InputAware::start_epoch(const ImageSet& train, int64_t epoch) {
  pattern_->train();
  pattern_optimizer_->set_learning_rate(
      learning_rate_at(static_cast<double>(epoch), method_.learning_rate, pattern_schedule()));
  second_order_ = shuffled(train);
  taken_ = 0;
}

TrainingBatch InputAware::batch(const ImageSet& train, const torch::Tensor& positions) {
  const int64_t count = positions.size(0);
  const auto x1 = augmented(train, positions);
  const auto x2 = augmented(train, second_order_.slice(0, taken_, taken_ + count));
  taken_ += count;
  const auto labels = train.labels.index_select(0, positions);
  const auto shares = draw_shares(count);
  const auto [poisoned, crossed] = shares;
  if (poisoned == 0)
    return {.input = x1, .labels = labels, .true_labels = labels, .kinds = kinds_of(shares, count)};
  const auto own = x1.slice(0, 0, poisoned);
  const auto own_pattern = patterns(own);
  std::vector<torch::Tensor> images{stamp(own, own_pattern, masks(own))};
  torch::Tensor extra_loss;
  if (crossed > 0) {
    const auto other = x2.slice(0, poisoned, poisoned + crossed);
    const auto other_pattern = patterns(other);
    images.push_back(stamp(x1.slice(0, poisoned, poisoned + crossed), other_pattern, masks(other)));
    const int64_t pairs = std::min(poisoned, crossed);
    extra_loss = method_.diversity_weight *
                 diversity_loss(own.slice(0, 0, pairs), other.slice(0, 0, pairs),
                                own_pattern.slice(0, 0, pairs), other_pattern.slice(0, 0, pairs));
  }
  images.push_back(x1.slice(0, poisoned + crossed));
  return {
      .input = at::cat(images),
      .labels = at::cat({attack_labels(labels.slice(0, 0, poisoned)), labels.slice(0, poisoned)}),
      .true_labels = labels,
      .kinds = kinds_of(shares, count),
      .extra_loss = extra_loss};
}

void InputAware::step() {
  pattern_optimizer_->step();
  // Otherwise Adam sees the running sum of all gradients so far, as in the official tool.
  if (method_.clear_gradients) pattern_optimizer_->zero_grad();
}

std::vector<NamedTensor> InputAware::state() const {
  std::vector<NamedTensor> state;
  const auto add = [&](const std::string& prefix, const std::vector<NamedTensor>& tensors) {
    for (const auto& [name, value] : tensors) state.push_back({prefix + name, value});
  };
  add("mask.", state_dict(*mask_));
  add("mask_optimizer.", mask_optimizer_->state());
  add("pattern.", state_dict(*pattern_));
  add("pattern_optimizer.", pattern_optimizer_->state());
  const auto parameters = pattern_->parameters();
  for (size_t i = 0; i < parameters.size(); ++i)
    state.push_back({"pattern_gradient." + std::to_string(i), parameters[i].grad()});
  return state;
}

torch::Tensor InputAware::poison(const torch::Tensor& x) {
  const ModeGuard evaluation(*pattern_, false);
  return stamp(x, patterns(x), masks(x));
}

torch::Tensor InputAware::cross(const torch::Tensor& x, const ImageSet& source, Split) {
  const ModeGuard evaluation(*pattern_, false);
  const auto other = input_of(source, draw_others(x.size(0), source.size(), 1));
  return stamp(x, patterns(other), masks(other));
}

torch::Tensor InputAware::patterns(const torch::Tensor& x) {
  return scene().normalizer(pattern_(x));
}

torch::Tensor InputAware::masks(const torch::Tensor& x) { return sharp_mask(mask_(x)); }

torch::Tensor InputAware::augmented(const ImageSet& train, const torch::Tensor& positions) {
  auto generator = scene().generator;
  const auto& training = scene().training;
  return scene().normalizer(
      to_pixels(augment(train.select(positions), training.crop_padding, training.flip, generator)));
}

torch::Tensor InputAware::shuffled(const ImageSet& train) const {
  return torch::randperm(train.size(), scene().generator, torch::kInt64).to(scene().device);
}

}  // namespace sau

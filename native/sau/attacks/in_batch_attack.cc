#include "sau/attacks/in_batch_attack.h"

#include <algorithm>
#include <unordered_set>

#include "sau/attacks/batch_augment.h"
#include "sau/attacks/bpp.h"
#include "sau/attacks/input_aware.h"
#include "sau/attacks/wanet.h"

namespace sau {
namespace {

/// Truncates instead of rounding, as the official tool does: after the round trip through
/// normalized floats, 40 to 90 of the 256 gray levels come back one lower (specification B4.8).
/// Values out of range wrap.
torch::Tensor as_stored(const torch::Tensor& pixels) {
  return pixels.mul(255).to(torch::kInt32).bitwise_and(255).to(torch::kUInt8);
}

/// Collects changed images piece by piece.
class Collection {
 public:
  void add(const torch::Tensor& images, const torch::Tensor& labels, const torch::Tensor& positions,
           bool cross) {
    images_.push_back(images);
    labels_.push_back(labels);
    positions_.push_back(positions);
    cross_.push_back(at::full_like(positions, cross, torch::kBool));
  }
  PoisonedImages join(const ImageSet& source) const {
    if (images_.empty()) {
      const auto none = source.labels.slice(0, 0, 0);
      return {source.select(0, 0), none, none, none.to(torch::kBool)};
    }
    return {at::cat(images_), at::cat(labels_), at::cat(positions_), at::cat(cross_)};
  }

 private:
  std::vector<torch::Tensor> images_, labels_, positions_, cross_;
};

}  // namespace

TrainingBatch InBatchAttack::batch(const ImageSet& train, const torch::Tensor& positions) {
  const torch::NoGradGuard no_grad;
  const auto x = input_of(train, positions);
  const auto labels = train.labels.index_select(0, positions);
  const auto shares = draw_shares(x.size(0));
  const auto [poisoned, crossed] = shares;
  std::vector<torch::Tensor> images, attacked;
  if (poisoned > 0) images.push_back(poison(x.slice(0, 0, poisoned)));
  if (crossed > 0)
    images.push_back(cross(x.slice(0, poisoned, poisoned + crossed), train, Split::kTrain));
  images.push_back(x.slice(0, poisoned + crossed));
  const auto draw = draw_augmentation({.padding = scene_.training.crop_padding,
                                       .degrees = options_.rotation,
                                       .flip = scene_.training.flip},
                                      scene_.generator);
  return {
      .input = augment_batch(at::cat(images), draw).contiguous(at::MemoryFormat::ChannelsLast),
      .labels = at::cat({attack_labels(labels.slice(0, 0, poisoned)), labels.slice(0, poisoned)}),
      .true_labels = labels,
      .kinds = kinds_of(shares, x.size(0))};
}

PoisonedImages InBatchAttack::poison_test(const ImageSet& test, const RunControl& control) {
  const torch::NoGradGuard no_grad;
  const auto selection = options_.target_label
                             ? test.true_labels.ne(*options_.target_label).nonzero().squeeze(1)
                             : torch::arange(test.size(), test.labels.options());
  Collection result;
  for (const auto& positions : selection.split(scene_.training.batch_size)) {
    if (positions.size(0) == 0) continue;  // splitting an empty tensor gives one empty piece
    control.throw_if_cancelled();
    const auto labels = attack_labels(test.true_labels.index_select(0, positions));
    result.add(as_stored(scale().pixels(poison(input_of(test, positions)))), labels, positions,
               false);
  }
  return result.join(test);
}

PoisonedImages InBatchAttack::cross_test(const ImageSet& test, const RunControl& control) {
  const torch::NoGradGuard no_grad;
  Collection result;
  const auto all = torch::arange(test.size(), test.labels.options());
  for (const auto& positions : all.split(scene_.training.batch_size)) {
    control.throw_if_cancelled();
    const auto crossed = cross(input_of(test, positions), test, Split::kTest);
    result.add(as_stored(scale().pixels(crossed)), test.true_labels.index_select(0, positions),
               positions, true);
  }
  return result.join(test);
}

PoisonedImages InBatchAttack::poison_train(const ImageSet& train, const RunControl& control) {
  const torch::NoGradGuard no_grad;
  Collection result;
  const auto all = torch::arange(train.size(), train.labels.options());
  for (const auto& batch : all.split(scene_.training.batch_size)) {
    control.throw_if_cancelled();
    const auto [poisoned, crossed] = draw_shares(batch.size(0));
    if (poisoned > 0) {
      const auto positions = batch.slice(0, 0, poisoned);
      result.add(as_stored(scale().pixels(poison(input_of(train, positions)))),
                 attack_labels(train.labels.index_select(0, positions)), positions, false);
    }
    if (crossed > 0) {
      const auto positions = batch.slice(0, poisoned, poisoned + crossed);
      const auto images = cross(input_of(train, positions), train, Split::kTrain);
      result.add(as_stored(scale().pixels(images)), train.labels.index_select(0, positions),
                 positions, true);
    }
  }
  return result.join(train);
}

InBatchAttack::Shares InBatchAttack::draw_shares(int64_t batch) const {
  const double expected = options_.poison_rate * static_cast<double>(batch);
  int64_t poisoned = static_cast<int64_t>(expected);
  if (poisoned == 0) {
    const auto uniform = at::rand({1}, scene_.generator, torch::TensorOptions(torch::kFloat64));
    poisoned = uniform.item<double>() < expected ? 1 : 0;
  }
  poisoned = std::min(poisoned, batch);
  return {poisoned, std::min(cross_count(batch, poisoned), batch - poisoned)};
}

torch::Tensor InBatchAttack::kinds_of(const Shares& shares, int64_t batch) const {
  const auto options = torch::TensorOptions(scene_.device).dtype(torch::kUInt8);
  const auto some = [&](int64_t count, ImageKind kind) {
    return torch::full({count}, static_cast<int64_t>(kind), options);
  };
  const auto [poisoned, crossed] = shares;
  return at::cat({some(poisoned, ImageKind::kPoisoned), some(crossed, ImageKind::kCrossed),
                  some(batch - poisoned - crossed, ImageKind::kClean)});
}

torch::Tensor InBatchAttack::attack_labels(const torch::Tensor& labels) const {
  return options_.target_label ? at::full_like(labels, *options_.target_label)
                               : (labels + 1).remainder(scene_.num_classes);
}

torch::Tensor InBatchAttack::input_of(const ImageSet& set, const torch::Tensor& positions) const {
  return scene_.normalizer(set.pixels(positions));
}

torch::Tensor InBatchAttack::draw_others(int64_t count, int64_t set_size, int64_t repeats) const {
  const int64_t high = set_size * repeats;
  TORCH_CHECK(count <= high, "cannot draw ", count, " different ones of ", high);
  std::unordered_set<int64_t> seen;
  std::vector<int64_t> drawn;
  while (static_cast<int64_t>(drawn.size()) < count) {
    const auto wanted = count - static_cast<int64_t>(drawn.size());
    const auto draws = at::randint(high, {wanted}, scene_.generator, torch::kInt64);
    for (int64_t i = 0; i < wanted; ++i) {
      const int64_t draw = draws.data_ptr<int64_t>()[i];
      if (seen.insert(draw).second) drawn.push_back(draw % set_size);
    }
  }
  return torch::tensor(drawn, torch::kInt64).to(scene_.device);
}

std::unique_ptr<InBatchAttack> make_in_batch_attack(const InBatchAttackOptions& options,
                                                    const AttackScene& scene) {
  if (const auto* wanet = std::get_if<WaNetOptions>(&options.method))
    return std::make_unique<WaNet>(options, *wanet, scene);
  if (const auto* input_aware = std::get_if<InputAwareOptions>(&options.method))
    return std::make_unique<InputAware>(options, *input_aware, scene);
  return std::make_unique<Bpp>(options, std::get<BppOptions>(options.method), scene);
}

}  // namespace sau

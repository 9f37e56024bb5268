#include "sau/scan/latent.h"

#include <array>
#include <cmath>

#include "sau/predict.h"

namespace sau {
namespace {

constexpr double kFirstSize = 1.0 / 32;    // of a change, in standard deviations of the channels
constexpr double kGrowth = 1.41421356237;  // from one step to the next
constexpr double kStride = 0.6;            // of a step, as a share of the size that is allowed
constexpr double kLed = 0.5;               // the mean probability of the class that ends a search
constexpr std::array kNames = {"sizeAtHalf", "sizeAtThreeQuarters", "sizeAtEnd"};

/// What the search of one class at one place works on.
struct LatentScene {
  const ScanScene& scan;
  size_t place;
  torch::Tensor values;  ///< [n,...] of the images of other classes
  torch::Tensor scale;   ///< the channels' standard deviations, which broadcast to values
  int64_t target;
};

struct AtChange {
  double probability;      ///< of the class, the mean over the images
  torch::Tensor gradient;  ///< of minus the sum of its logarithms, by the change
};

AtChange at_change(const LatentScene& scene, const torch::Tensor& change) {
  const auto delta = change.detach().requires_grad_();
  AtChange at{0, torch::zeros_like(change)};
  auto sum = torch::zeros({}, change.options());
  for (const auto& piece : scene.values.split(scene.scan.chunk)) {
    scene.scan.control.throw_if_cancelled();
    const auto logits = scene.scan.model.logits_from(scene.place, piece + delta * scene.scale);
    const auto logarithms = logits.log_softmax(1).select(1, scene.target);
    at.gradient += torch::autograd::grad({-logarithms.sum()}, {delta})[0];
    sum += logarithms.detach().exp().sum();
  }
  at.probability = sum.item<double>() / static_cast<double>(scene.values.size(0));
  require_finite_logits(std::isfinite(at.probability));
  return at;
}

/// A step against the gradient, and back into the ball of a radius.
torch::Tensor stepped(const torch::Tensor& change, const torch::Tensor& gradient, double radius) {
  constexpr double kTiny = 1e-20;
  const auto next = change - kStride * radius * gradient / gradient.norm().clamp_min(kTiny);
  return next * (radius / next.norm().clamp_min(kTiny)).clamp_max(1);
}

/// The root mean square of the smallest change, in standard deviations, between two steps by the
/// probabilities there. NaN where no step leads to the class.
double smallest_change(const LatentScene& scene, int64_t steps) {
  if (scene.values.size(0) == 0) return kNaN;
  auto change = torch::zeros_like(scene.values[0]).unsqueeze(0);
  const double root = std::sqrt(static_cast<double>(change.numel()));
  auto at = at_change(scene, change);
  if (at.probability >= kLed) return kFirstSize;
  for (int64_t step = 0; step < steps; ++step) {
    const double size = kFirstSize * std::pow(kGrowth, step);
    change = stepped(change, at.gradient, size * root);
    auto next = at_change(scene, change);
    if (next.probability >= kLed) {
      if (step == 0) return kFirstSize;
      const double back = (next.probability - kLed) / (next.probability - at.probability);
      return size * std::pow(kGrowth, -back);
    }
    at = std::move(next);
  }
  return kNaN;
}

/// The standard deviation of each channel over images and positions, as [1,C,1,1] for maps.
torch::Tensor deviations(const torch::Tensor& values, int64_t channels_at) {
  std::vector<int64_t> others;
  for (int64_t d = 0; d < values.dim(); ++d) {
    if (d != channels_at) others.push_back(d);
  }
  return values.std(others, /*unbiased=*/true, /*keepdim=*/true);
}

}  // namespace

Taps InnerValues::taps() {
  Taps taps;
  for (const auto& place : places_) taps.nodes.push_back(place.node);
  taps.take = [this](size_t k, const torch::Tensor& value) { pieces_[k].push_back(value); };
  return taps;
}

ScanFindings scan_latent(const ScanScene& scene, const ImageSet& images, const InnerValues& values,
                         const LatentOptions& options) {
  for_each_logits(scene.model, images, scene.control,
                  [](int64_t, int64_t, const torch::Tensor&) {});
  const auto classes = static_cast<size_t>(scene.classes);
  const auto places = static_cast<int64_t>(values.places().size());
  std::vector<double> logarithms(classes);
  ScanFindings findings;
  findings.classes.resize(classes);
  for (int64_t k = 0; k < places; ++k) {
    const auto& place = values.places()[static_cast<size_t>(k)];
    const auto all = values.all(static_cast<size_t>(k));
    const auto scale = deviations(all, place.channels_at);
    for (int64_t target = 0; target < scene.classes; ++target) {
      const auto others = images.labels.ne(target).nonzero().squeeze(1);
      const LatentScene search{scene, static_cast<size_t>(k), all.index_select(0, others), scale,
                               target};
      const double size = smallest_change(search, options.steps);
      const auto label = static_cast<size_t>(target);
      findings.classes[label].push_back({kNames[static_cast<size_t>(place.quarters - 2)], size});
      logarithms[label] += std::log(size);
      scene.control.report(
          BatchDone{.round = k, .rounds = places, .batch = target + 1, .batches = scene.classes});
    }
  }
  for (size_t label = 0; label < classes; ++label) {
    const double mean = logarithms[label] / static_cast<double>(places);  // NaN without places
    findings.classes[label].push_back({"size", std::exp(mean)});
  }
  return findings;
}

}  // namespace sau

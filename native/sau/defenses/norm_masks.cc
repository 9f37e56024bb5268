#include "sau/defenses/norm_masks.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "sau/guards.h"

namespace sau {

MaskedPasses::MaskedPasses(const PixelClassifier& model, std::vector<NormSite> norms)
    : model_(model), norms_(std::move(norms)) {
  const auto& graph = model.model().graph();
  for (size_t i = 0; i < graph.weights.size(); ++i) {
    const auto weight = model.model().weight(i).detach();
    weights_.push_back(graph.weights[i].trains ? weight : weight.clone());
  }
  for (const auto& norm : norms_) {
    sizes_.push_back(norm.channels);
    channels_ += norm.channels;
  }
}

std::vector<torch::Tensor> MaskedPasses::by_norm(const torch::Tensor& values) const {
  return values.split_with_sizes(sizes_);
}

torch::Tensor MaskedPasses::logits(const torch::Tensor& input, const torch::Tensor& weight_factors,
                                   const torch::Tensor& bias_factors) const {
  const ModeGuard training(model_.model(), true);
  auto weights = weights_;
  const auto scale = [&](const torch::Tensor& factors, size_t NormSite::* position) {
    if (!factors.defined()) return;
    const auto parts = by_norm(factors);
    for (size_t k = 0; k < norms_.size(); ++k) {
      auto& weight = weights[norms_[k].*position];
      weight = weight * parts[k];
    }
  };
  scale(weight_factors, &NormSite::weight);
  scale(bias_factors, &NormSite::bias);
  return model_.logits_of_input(input, weights, {});
}

RankedMasks::RankedMasks(const torch::Tensor& masks, const std::vector<NormSite>& norms)
    : norms_(norms) {
  constexpr double kDecimals = 1e4;
  const auto host = masks.detach().to(torch::kCPU, torch::kFloat64).contiguous();
  masks_.assign(host.data_ptr<double>(), host.data_ptr<double>() + host.numel());
  for (const double mask : masks_) rounded_.push_back(std::nearbyint(mask * kDecimals) / kDecimals);
  order_.resize(masks_.size());
  std::iota(order_.begin(), order_.end(), 0);
  std::stable_sort(order_.begin(), order_.end(), [&](int64_t a, int64_t b) {
    return rounded_[static_cast<size_t>(a)] < rounded_[static_cast<size_t>(b)];
  });
  int64_t first = 0;
  for (const auto& norm : norms_) {
    first_.push_back(first);
    first += norm.channels;
  }
}

int64_t RankedMasks::at_most(double threshold) const {
  return std::count_if(rounded_.begin(), rounded_.end(),
                       [&](double mask) { return mask <= threshold; });
}

ByNorm RankedMasks::lowest(int64_t number) const {
  auto chosen = torch::zeros({count()}, torch::kBool);
  for (int64_t i = 0; i < std::min(number, count()); ++i)
    chosen[order_[static_cast<size_t>(i)]] = true;
  ByNorm by_norm;
  for (size_t k = 0; k < norms_.size(); ++k)
    by_norm.push_back(chosen.slice(0, first_[k], first_[k] + norms_[k].channels));
  return by_norm;
}

double RankedMasks::value(int64_t position) const {
  return position < count() ? rounded_[static_cast<size_t>(order_[static_cast<size_t>(position)])]
                            : kNaN;
}

void RankedMasks::report(const DefenseRun& run) const {
  for (size_t i = 0; i < order_.size(); ++i) {
    const int64_t at = order_[i];
    const auto next = std::upper_bound(first_.begin(), first_.end(), at);
    const auto k = static_cast<size_t>(next - first_.begin()) - 1;
    run.report({.table = "masks",
                .cells = {{"number", static_cast<double>(i)},
                          {"layer", norms_[k].key},
                          {"channel", static_cast<double>(at - first_[k])},
                          {"score", rounded_[static_cast<size_t>(at)]},
                          {"mask", masks_[static_cast<size_t>(at)]}}});
  }
}

}  // namespace sau

#include "sau/scan/margins.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace sau {
namespace {

constexpr double kFirstLoss = 1000;  // with which the first loss is compared

/// The searches that go on, and their images.
struct ActiveSearches {
  std::vector<size_t> positions;  ///< in the list of searches
  torch::Tensor images;           ///< [n*R,3,H,W]
  torch::Tensor labels;           ///< int64 [n*R]
};

/// Margin [N] of the labels over the largest other logit.
torch::Tensor margins_of(const torch::Tensor& logits, const torch::Tensor& labels) {
  const auto column = labels.unsqueeze(1);
  const auto others = logits.scatter(1, column, -std::numeric_limits<double>::infinity());
  return logits.gather(1, column).squeeze(1) - others.amax(1);
}

struct Evaluated {
  torch::Tensor margins;   ///< [N]
  torch::Tensor gradient;  ///< of minus their sum, by the images
};

Evaluated evaluate_margins(const ScanScene& scene, const ActiveSearches& active) {
  std::vector<torch::Tensor> margins, gradients;
  const auto pieces = active.images.split(scene.chunk);
  const auto labels = active.labels.split(scene.chunk);
  for (size_t i = 0; i < pieces.size(); ++i) {
    scene.control.throw_if_cancelled();
    const auto images = pieces[i].detach().requires_grad_();
    const auto margin = margins_of(scene.model.logits(images.clamp(0, 1)), labels[i]);
    gradients.push_back(torch::autograd::grad({-margin.sum()}, {images})[0]);
    margins.push_back(margin.detach());
  }
  return {torch::cat(margins), torch::cat(gradients)};
}

ActiveSearches all_searches(const ScanScene& scene, const std::vector<int64_t>& labels,
                            const std::vector<torch::Tensor>& starts) {
  ActiveSearches active;
  active.positions.resize(labels.size());
  std::iota(active.positions.begin(), active.positions.end(), 0);
  active.images = torch::cat(starts).to(scene.device).contiguous(at::MemoryFormat::ChannelsLast);
  active.labels = torch::tensor(labels, torch::kInt64)
                      .repeat_interleave(starts.front().size(0))
                      .to(scene.device);
  return active;
}

/// Those whose number in the list of active ones is given.
ActiveSearches part_of(const ActiveSearches& active, const std::vector<int64_t>& going) {
  const int64_t each = active.images.size(0) / static_cast<int64_t>(active.positions.size());
  const auto rows =
      (torch::tensor(going, torch::kInt64).unsqueeze(1) * each + torch::arange(each, torch::kInt64))
          .flatten()
          .to(active.images.device());
  ActiveSearches part{{}, active.images.index_select(0, rows), active.labels.index_select(0, rows)};
  for (const int64_t i : going) part.positions.push_back(active.positions[static_cast<size_t>(i)]);
  return part;
}

}  // namespace

std::vector<MarginSearch> maximize_margins(const ScanScene& scene,
                                           const std::vector<int64_t>& labels,
                                           const std::vector<torch::Tensor>& starts,
                                           const MarginOptions& options,
                                           const std::function<void(int64_t)>& iteration_done) {
  std::vector<MarginSearch> searches(labels.size());
  auto active = all_searches(scene, labels, starts);
  for (int64_t iteration = 0; iteration < options.iterations && !active.positions.empty();
       ++iteration) {
    const auto evaluated = evaluate_margins(scene, active);
    active.images = active.images - options.step_size * evaluated.gradient;
    const auto by_class =
        evaluated.margins.view({static_cast<int64_t>(active.positions.size()), -1})
            .to(torch::kCPU, torch::kFloat64);
    const auto losses = -by_class.sum(1), largest = by_class.amax(1);
    std::vector<int64_t> going;
    for (size_t i = 0; i < active.positions.size(); ++i) {
      const auto row = static_cast<int64_t>(i);
      auto& search = searches[active.positions[i]];
      const double before = search.losses.empty() ? kFirstLoss : search.losses.back();
      const double loss = losses[row].item<double>();
      require_finite_logits(std::isfinite(loss));
      search.losses.push_back(loss);
      search.margin = largest[row].item<double>();
      const bool settled = std::abs(before - loss) < options.tolerance * std::abs(before);
      if (!settled) going.push_back(row);
    }
    if (going.size() < active.positions.size()) {
      if (going.empty()) break;
      active = part_of(active, going);
    }
    iteration_done(iteration + 1);
  }
  return searches;
}

ScanFindings scan_margins(const ScanScene& scene, const MarginOptions& options) {
  // As many classes at a time as fill a pass.
  const int64_t together = std::max<int64_t>(1, scene.chunk / options.starts);
  const int64_t groups = (scene.classes + together - 1) / together;
  ScanFindings findings;
  for (int64_t group = 0; group < groups; ++group) {
    std::vector<int64_t> labels;
    std::vector<torch::Tensor> starts;
    const int64_t end = std::min(scene.classes, (group + 1) * together);
    for (int64_t label = group * together; label < end; ++label) {
      labels.push_back(label);
      starts.push_back(torch::rand({options.starts, 3, options.height, options.width},
                                   generator_of(scene.seed, label)));
    }
    const auto found = maximize_margins(scene, labels, starts, options, [&](int64_t iterations) {
      scene.control.report(BatchDone{
          .round = group, .rounds = groups, .batch = iterations, .batches = options.iterations});
    });
    for (const auto& [losses, margin] : found) {
      findings.classes.push_back(
          {{"margin", margin}, {"iterations", static_cast<double>(losses.size())}});
    }
  }
  return findings;
}

}  // namespace sau

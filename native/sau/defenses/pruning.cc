#include "sau/defenses/pruning.h"

namespace sau {
namespace {

/// 10, 9.5 ... 0: from the weakest cut to the strongest.
std::vector<double> steps_of_u() {
  constexpr int kSteps = 20;
  std::vector<double> steps;
  for (int step = kSteps; step >= 0; --step) steps.push_back(step / 2.0);
  return steps;
}

}  // namespace

ChannelPruner::ChannelPruner(const GraphModule& model, std::vector<NormSite> norms)
    : model_(model), norms_(std::move(norms)) {
  for (const auto& norm : norms_) {
    weights_.push_back(model.weight(norm.weight).detach().clone());
    biases_.push_back(model.weight(norm.bias).detach().clone());
    channels_ += norm.channels;
  }
}

int64_t ChannelPruner::cut(const ByNorm& chosen, bool biases) const {
  const torch::NoGradGuard no_grad;
  for (size_t k = 0; k < norms_.size(); ++k) {
    const auto mask = chosen[k].to(weights_[k].device());
    auto weight = model_.weight(norms_[k].weight).detach();
    weight.copy_(weights_[k].masked_fill(mask, 0));
    auto bias = model_.weight(norms_[k].bias).detach();
    bias.copy_(biases ? biases_[k].masked_fill(mask, 0) : biases_[k]);
  }
  return count_of(chosen);
}

std::vector<NormSite> require_norms(std::vector<NormSite> norms, const std::string& method,
                                    const std::string& kind) {
  if (!norms.empty()) return norms;
  throw Error("ERR_CONFIG", "Expected a model with " + kind + " for the method " + method +
                                ", which prunes their channels, but it has none. Choose another "
                                "method, such as ft or fp");
}

void require_rest(int64_t cut, int64_t channels, const std::string& option) {
  if (cut < channels) return;
  throw Error("ERR_CONFIG", "Expected a " + option + " that leaves some of the " +
                                std::to_string(channels) +
                                " channels but received one that cuts all of them. Choose a weaker "
                                "one");
}

int64_t count_of(const ByNorm& chosen) {
  int64_t count = 0;
  for (const auto& mask : chosen) count += mask.sum().item<int64_t>();
  return count;
}

double share_of(int64_t cut, int64_t channels) {
  return static_cast<double>(cut) / static_cast<double>(channels);
}

ByNorm far_above(const ByNorm& scores, double u) {
  ByNorm chosen;
  for (const auto& values : scores) {
    const auto finite = values.masked_select(values.isfinite());
    const auto limit = finite.mean() + u * finite.std(/*unbiased=*/true);
    chosen.push_back(values.gt(limit).logical_or(values.isinf()));
  }
  return chosen;
}

void report_scores(const std::vector<NormSite>& norms, const ByNorm& scores, const ByNorm& chosen,
                   const DefenseRun& run) {
  for (size_t k = 0; k < norms.size(); ++k) {
    for (int64_t channel = 0; channel < norms[k].channels; ++channel) {
      run.report({.table = "scores",
                  .cells = {{"layer", norms[k].key},
                            {"channel", static_cast<double>(channel)},
                            {"score", scores[k][channel].item<double>()},
                            {"cut", chosen[k][channel].item<bool>() ? 1.0 : 0.0}}});
    }
  }
}

OutlierPruning::OutlierPruning(Workspace& workspace, std::vector<NormSite> norms,
                               const OutlierOptions& options)
    : workspace_(workspace),
      options_(options),
      pruner_(workspace.model(ModelRole::kTrainee).model(), std::move(norms)) {
  if (const auto* clean = workspace.find_images(ImageRole::kCleanSubset)) all_clean_ = *clean;
  if (options.selection.select == Select::kClean)
    split_ = split_clean(workspace.images(ImageRole::kCleanSubset));
}

Ladder OutlierPruning::ladder(const ByNorm& scores, const std::vector<double>& steps) const {
  const auto cut = [this, &scores](double u) {
    return pruner_.cut(outliers(scores, u), options_.prune_bias);
  };
  return {.count = static_cast<int64_t>(steps.size()),
          .apply = [cut, &steps](int64_t index) { cut(steps[static_cast<size_t>(index)]); },
          .row =
              [this, &scores, &steps](int64_t index) {
                const double u = steps[static_cast<size_t>(index)];
                const auto pruned = count_of(outliers(scores, u));
                return TableRow{.table = "steps",
                                .cells = {{"u", u}, {"pruned", static_cast<double>(pruned)}}};
              }};
}

double OutlierPruning::choose(const ByNorm& scores, const DefenseRun& run) const {
  const auto steps = steps_of_u();
  if (!split_) {
    const std::vector<double> rising(steps.rbegin(), steps.rend());
    report_ladder(ladder(scores, rising), run);
    return options_.u;
  }
  const auto accuracy = [&] {
    return accuracy_on(workspace_.frozen(ModelRole::kTrainee, torch::kFloat32), split_->judge,
                       run.control());
  };
  const double before = accuracy();
  const auto choice =
      choose_by_clean(ladder(scores, steps), options_.selection.max_drop, before, accuracy, run);
  return steps[static_cast<size_t>(choice.kept)];
}

void OutlierPruning::run(const DefenseRun& run) {
  const auto scores = score(run.control());
  require_rest(count_of(outliers(scores, options_.u)), pruner_.channels(), "u");
  const double u = choose(scores, run);
  const auto chosen = outliers(scores, u);
  report_scores(norms(), scores, chosen, run);
  run.rounds([&](const Round&) {
    const int64_t cut = pruner_.cut(chosen, options_.prune_bias);
    return Figures{{"prunedShare", share_of(cut, pruner_.channels())}, {"u", u}};
  });
}

}  // namespace sau

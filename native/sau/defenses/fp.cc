#include "sau/defenses/fp.h"

#include <cmath>

#include "sau/defenses/tapped_passes.h"

namespace sau {
namespace {

/// Throws ERR_CONFIG for a network that does not end with linear layers.
size_t require_feature_layer(const Graph& graph) {
  if (const auto layer = feature_layer(graph)) return *layer;
  throw Error("ERR_CONFIG",
              "Expected a model that ends with a linear layer for the method fp, which prunes the "
              "features that it takes, but it ends otherwise. Choose another method, such as ft");
}

}  // namespace

FpDefense::FpDefense(Workspace& workspace, const FpOptions& options, const RunControl&)
    : workspace_(workspace),
      options_(options),
      model_(workspace.model(ModelRole::kTrainee)),
      layer_(require_feature_layer(model_.model().graph())),
      linear_(std::get<op::Linear>(model_.model().graph().nodes[layer_].op)),
      split_(options.selection.select == Select::kClean
                 ? std::optional(split_clean(workspace.images(ImageRole::kCleanSubset)))
                 : std::nullopt),
      learn_(split_ ? split_->learn : workspace.images(ImageRole::kCleanSubset)),
      weight_(model_.model().weight(linear_.weight).detach().clone()),
      optimizer_(model_.model().parameters(), options.optimizer),
      schedule_(options.optimizer.learning_rate, options.schedule) {
  if (options.selection.select == Select::kOracle) workspace.images(ImageRole::kCleanTest);
}

void FpDefense::visit(StateArchive& archive) {
  archive.part("optimizer", optimizer_);
  archive.part("schedule", schedule_);
  archive("columns", columns_);
}

void FpDefense::run(const DefenseRun& run) {
  // It comes first, so that what it refuses is refused before anything is reported.
  EpochTrainer trainer({model_, optimizer_, schedule_, workspace_.generator()}, learn_, options_,
                       {.after_step = [&] {
                         const torch::NoGradGuard no_grad;
                         model_.model().weight(linear_.weight).detach().index_fill_(1, columns_, 0);
                       }});
  run.steps(1, [&](int64_t) {
    run.begin_stage("pruning features");
    const auto order = feature_order(run);
    columns_ = order.slice(0, 0, choose(order, run));
    cut(columns_);
  });
  run.begin_stage("fine-tuning");
  run.rounds([&](const Round& round) {
    const auto sums = trainer.run_epoch(round, run.control());
    return Figures{{"loss", sums.mean_loss()}, {"trainAcc", sums.accuracy()}};
  });
}

torch::Tensor FpDefense::feature_order(const DefenseRun& run) {
  auto images = learn_;
  images.is_mapped = false;  // what is augmented is on the device
  images.images = augment(learn_.select(0, learn_.size()), options_.crop_padding, options_.flip,
                          workspace_.generator());
  auto sums = torch::zeros({linear_.in}, weight_.options().dtype(torch::kFloat64));
  const size_t features = model_.model().graph().nodes[layer_].inputs[0];
  pass_taps(workspace_, {features}, images, run.control(),
            [&](size_t, const torch::Tensor& value) { sums += value.to(torch::kFloat64).sum(0); });
  const auto means = sums / learn_.size();
  const auto order = means.argsort(/*stable=*/true, /*dim=*/0);
  const auto key = model_.model().graph().weights[linear_.weight].key;
  const auto host = means.to(torch::kCPU);
  for (int64_t i = 0; i < linear_.in; ++i) {
    run.report({.table = "scores",
                .cells = {{"layer", key.substr(0, key.rfind('.'))},
                          {"channel", static_cast<double>(i)},
                          {"score", host[i].item<double>()}}});
  }
  return order;
}

int64_t FpDefense::features_at(int64_t index) const {
  const auto step =
      static_cast<int64_t>(std::ceil(options_.prune_step * static_cast<double>(linear_.in)));
  return index * std::max<int64_t>(1, step);
}

int64_t FpDefense::columns_at(int64_t index) const {
  const int64_t features = features_at(index);
  // The official tool cuts one less than it says.
  const bool less = options_.compat == Compat::kReference && features > 0;
  return less ? features - 1 : features;
}

void FpDefense::cut(const torch::Tensor& columns) const {
  const torch::NoGradGuard no_grad;
  model_.model().weight(linear_.weight).detach().copy_(weight_.index_fill(1, columns, 0));
}

Ladder FpDefense::ladder(const torch::Tensor& order) const {
  int64_t count = 0;
  while (features_at(count) < linear_.in) ++count;
  return {.count = count,
          .number = [this](int64_t index) { return columns_at(index); },
          .apply = [this, order](int64_t index) { cut(order.slice(0, 0, columns_at(index))); },
          .row =
              [this](int64_t index) {
                return TableRow{.table = "pruning",
                                .cells = {{"pruned", static_cast<double>(features_at(index))},
                                          {"features", static_cast<double>(linear_.in)}}};
              }};
}

int64_t FpDefense::choose(const torch::Tensor& order, const DefenseRun& run) {
  const auto candidates = ladder(order);
  const auto choice =
      split_ ? choose_by_judges(candidates, run) : choose_by_test_accuracy(candidates, run);
  // The official tool goes on with the candidate that failed.
  const bool fails = options_.compat == Compat::kReference && choice.refused;
  return columns_at(fails ? *choice.refused : choice.kept);
}

/// By the images that are set aside. Where the pruned layer is the last, what it takes of them does
/// not change with the candidates.
Choice FpDefense::choose_by_judges(const Ladder& ladder, const DefenseRun& run) {
  const auto& judges = split_->judge;
  const auto& graph = model_.model().graph();
  std::vector<torch::Tensor> parts;
  const bool is_last = layer_ + 1 == graph.nodes.size();
  if (is_last) {
    pass_taps(workspace_, {graph.features()}, judges, run.control(),
              [&](size_t, const torch::Tensor& value) { parts.push_back(value); });
  }
  const auto features = is_last ? torch::cat(parts) : torch::Tensor();
  const auto accuracy = [&] {
    if (!is_last) {
      return accuracy_on(workspace_.frozen(ModelRole::kTrainee, torch::kFloat32), judges,
                         run.control());
    }
    const torch::NoGradGuard no_grad;
    const auto logits = at::linear(features, model_.model().weight(linear_.weight),
                                   model_.model().weight(linear_.bias));
    return logits.argmax(1).eq(judges.labels).to(torch::kFloat64).mean().item<double>();
  };
  const double before = accuracy();
  return choose_by_clean(ladder, options_.selection.max_drop, before, accuracy, run);
}

Choice FpDefense::choose_by_test_accuracy(const Ladder& ladder, const DefenseRun& run) const {
  Choice choice{0, {}};
  double before = kNaN;
  for (int64_t index = 0; index < ladder.count && !choice.refused; ++index) {
    run.control().throw_if_cancelled();
    const auto metrics = measure_candidate(ladder, index, run);
    if (index == 0) before = metrics.acc;
    if (std::abs(metrics.acc - before) < options_.selection.max_drop * before)
      choice.kept = index;
    else
      choice.refused = index;
  }
  return choice;
}

}  // namespace sau

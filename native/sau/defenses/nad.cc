#include "sau/defenses/nad.h"

#include <cmath>

#include "sau/defenses/attention.h"
#include "sau/net/taps.h"
#include "sau/precision.h"

namespace sau {
namespace {

constexpr size_t kDistilledStages = 2;

std::vector<size_t> last_stages(const Graph& graph, const ImageSet& images) {
  auto ends = stage_ends(graph, images.images.size(2), images.images.size(3));
  if (ends.empty()) {
    throw Error("ERR_CONFIG",
                "Expected a model with maps of more than one pixel for the method nad, which "
                "compares their attention, but it has none. Choose another method, such as ft");
  }
  if (ends.size() > kDistilledStages) ends.erase(ends.begin(), ends.end() - kDistilledStages);
  return ends;
}

/// How often the official tool's student updates the running statistics of a norm in one step: it
/// goes through each prefix of the network that ends at a map that it compares, and the whole.
int64_t official_updates(const std::string& architecture, const std::string& key) {
  if (!architecture.starts_with("preactresnet")) return 2;
  return key.starts_with("layer4") ? 3 : 4;
}

}  // namespace

NadDefense::NadDefense(Workspace& workspace, const NadOptions& options, const RunControl&)
    : workspace_(workspace),
      options_(options),
      model_(workspace.model(ModelRole::kTrainee)),
      clean_subset_(workspace.images(ImageRole::kCleanSubset)),
      ends_(last_stages(model_.model().graph(), clean_subset_)),
      betas_(ends_.size() == 1 ? std::vector<double>{options.beta2}
                               : std::vector<double>{options.beta1, options.beta2}),
      teacher_schedule_(options.optimizer.learning_rate, options.schedule),
      schedule_(options.optimizer.learning_rate, {.kind = ScheduleOptions::Kind::kConstant,
                                                  .length = 1,
                                                  .warmup_share = 0,
                                                  .milestones = {},
                                                  .gamma = 1}),
      attention_losses_(torch::zeros({}, workspace.device())) {}

void NadDefense::run(const DefenseRun& run) {
  train_teacher(run);
  run.begin_stage("distilling attention");
  optimizer_.emplace(model_.model().parameters(), options_.optimizer);
  EpochTrainer trainer({model_, *optimizer_, schedule_, workspace_.generator()}, clean_subset_,
                       options_,
                       {.step = [this](const TrainingBatch& batch) { return step(batch); }});
  const auto batches = std::ceil(static_cast<double>(clean_subset_.size()) /
                                 static_cast<double>(options_.batch_size));
  run.rounds([&](const Round& round) {
    attention_losses_.zero_();
    const auto sums = trainer.run_epoch(round, run.control());
    return Figures{{"loss", sums.mean_loss()},
                   {"attentionLoss", attention_losses_.item<double>() / batches},
                   {"trainAcc", sums.accuracy()}};
  });
}

/// Trains the trainee, keeps what it has become, and gives it its weights back.
void NadDefense::train_teacher(const DefenseRun& run) {
  auto& module = model_.model();
  std::vector<NamedTensor> before;
  for (const auto& [name, value] : state_dict(module))
    before.push_back({name, value.detach().clone()});
  {
    Optimizer optimizer(module.parameters(), options_.optimizer);
    EpochTrainer trainer({model_, optimizer, teacher_schedule_, workspace_.generator()},
                         clean_subset_, options_, {});
    run.part({.stage = "training the teacher",
              .table = "teacher",
              .rounds = options_.teacher_rounds,
              .measured = true},
             [&](const Round& round) {
               const auto sums = trainer.run_epoch(round, run.control());
               return Figures{{"loss", sums.mean_loss()}, {"trainAcc", sums.accuracy()}};
             });
  }
  teacher_ = std::make_shared<GraphModule>(module.graph());
  teacher_->to(workspace_.device());
  load_state_dict(*teacher_, state_dict(module));
  teacher_->eval();
  load_state_dict(module, before);
  const auto dtype = outer_dtype(workspace_.options().precision);
  frozen_teacher_.emplace(PixelClassifier(teacher_, model_.normalizer(), dtype, model_.passes()),
                          model_.normalizer(), dtype, workspace_.options().tuning.chunk,
                          taps_into(teacher_maps_));
}

Taps NadDefense::taps_into(Maps& maps) const {
  maps.resize(ends_.size());
  return {.nodes = ends_,
          .take = [&maps](size_t k, const torch::Tensor& value) { maps[k] = value; }};
}

StepOutcome NadDefense::step(const TrainingBatch& batch) {
  {
    const torch::NoGradGuard no_grad;
    frozen_teacher_->logits_of_input(batch.input);
  }
  auto& module = model_.model();
  const bool repeats = options_.compat == Compat::kReference;
  const auto before = repeats ? statistics() : Statistics{};
  optimizer_->zero_grad();
  Maps maps;
  const auto logits = model_.logits_of_input(batch.input, module.weights(), taps_into(maps));
  const auto attention = attention_loss(maps, teacher_maps_);
  const auto loss = torch::cross_entropy_loss(logits, batch.labels) + attention;
  loss.backward();
  if (repeats) repeat_statistics(before);
  optimizer_->step();
  attention_losses_ += attention.detach();
  return {loss, logits};
}

torch::Tensor NadDefense::attention_loss(const Maps& student, const Maps& teacher) const {
  auto loss = torch::zeros({}, student[0].options().dtype(torch::kFloat32));
  for (size_t k = 0; k < ends_.size(); ++k)
    loss = loss + betas_[k] * attention_distance(student[k], teacher[k], options_.power);
  return loss;
}

NadDefense::Statistics NadDefense::statistics() const {
  Statistics before;
  for (const auto& norm : batch_norms_of(model_.model().graph())) {
    for (const size_t position : {norm.batch->mean, norm.batch->variance})
      before.push_back(model_.model().weight(position).clone());
  }
  return before;
}

/// Updates the running statistics once more, or several times, with those of the batch behind the
/// update that they have had (defenses E3, quirk 1).
void NadDefense::repeat_statistics(const Statistics& before) const {
  const torch::NoGradGuard no_grad;
  auto& module = model_.model();
  size_t k = 0;
  for (const auto& norm : batch_norms_of(module.graph())) {
    const int64_t updates = official_updates(workspace_.options().model, norm.key);
    const double kept = std::pow(1 - norm.batch->momentum, static_cast<double>(updates));
    for (const size_t position : {norm.batch->mean, norm.batch->variance}) {
      auto running = module.weight(position);
      const auto of_batch = before[k] + (running - before[k]) / norm.batch->momentum;
      running.copy_(kept * before[k] + (1 - kept) * of_batch);
      ++k;
    }
    auto count = module.weight(norm.batch->count);
    count += updates - 1;
  }
}

std::vector<NamedTensor> NadDefense::state() const {
  std::vector<NamedTensor> state;
  if (optimizer_) state = optimizer_->state();
  if (!teacher_) return state;
  for (const auto& [name, value] : state_dict(*teacher_))
    state.push_back({"teacher." + name, value});
  return state;
}

}  // namespace sau

#include "sau/defenses/nad.h"

#include <cmath>

#include "sau/net/taps.h"
#include "sau/precision.h"

namespace sau {
namespace {

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
      sites_(last_stages(model_.model().graph(), clean_subset_.images.size(2),
                         clean_subset_.images.size(3), options.beta1, options.beta2,
                         options.power)),
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
    teacher_optimizer_.emplace(module.parameters(), options_.optimizer);
    EpochTrainer trainer({model_, *teacher_optimizer_, teacher_schedule_, workspace_.generator()},
                         clean_subset_, options_, {});
    run.part({.stage = "training the teacher",
              .table = "teacher",
              .rounds = options_.teacher_rounds,
              .measured = true},
             [&](const Round& round) {
               const auto sums = trainer.run_epoch(round, run.control());
               return Figures{{"loss", sums.mean_loss()}, {"trainAcc", sums.accuracy()}};
             });
    teacher_optimizer_.reset();
  }
  teacher_ = std::make_shared<GraphModule>(module.graph());
  teacher_->to(workspace_.device());
  load_state_dict(*teacher_, state_dict(module));
  teacher_->eval();
  load_state_dict(module, before);
  distiller_.emplace(model_, teacher_, sites_, outer_dtype(workspace_.options().precision));
}

StepOutcome NadDefense::step(const TrainingBatch& batch) {
  const bool repeats = options_.compat == Compat::kReference;
  const auto before = repeats ? statistics() : Statistics{};
  optimizer_->zero_grad();
  const auto distilled = (*distiller_)({batch.input, batch.labels});
  distilled.loss.backward();
  if (repeats) repeat_statistics(before);
  optimizer_->step();
  attention_losses_ += distilled.attention.detach();
  return {distilled.loss, distilled.logits};
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

void NadDefense::visit(StateArchive& archive) {
  if (teacher_optimizer_) archive.part("teacherOptimizer", *teacher_optimizer_);
  archive.part("teacherSchedule", teacher_schedule_);
  if (!optimizer_) return;
  archive.part("optimizer", *optimizer_);
  for (auto& [name, value] : state_dict(*teacher_)) archive("teacher." + name, value);
  if (archive.gives()) distiller_->refresh();
}

}  // namespace sau

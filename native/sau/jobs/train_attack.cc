#include "sau/jobs/train_attack.h"

#include <algorithm>

#include "sau/jobs/evaluate.h"
#include "sau/metrics.h"
#include "sau/precision.h"
#include "sau/victim_trainer.h"

namespace sau::jobs {
namespace {

/// Restores the generator at the end of a scope, as if nothing had been drawn.
class DrawGuard {
 public:
  explicit DrawGuard(torch::Generator generator)
      : generator_(std::move(generator)), state_(generator_.get_state()) {}
  ~DrawGuard() { generator_.set_state(state_); }
  DrawGuard(const DrawGuard&) = delete;
  DrawGuard& operator=(const DrawGuard&) = delete;

 private:
  torch::Generator generator_;
  torch::Tensor state_;
};

/// The attack of a new training, or of the training so far if goes_on is true.
std::unique_ptr<InBatchAttack> make_attack(Workspace& workspace, const TrainAttackOptions& options,
                                           bool goes_on) {
  const auto& train = workspace.images(ImageRole::kTrain);
  const auto make = [&] {
    return make_in_batch_attack(options.attack, {.training = options.training,
                                                 .normalizer = workspace.normalizer(),
                                                 .generator = workspace.generator(),
                                                 .device = workspace.device(),
                                                 .num_classes = workspace.options().num_classes,
                                                 .height = train.images.size(2),
                                                 .width = train.images.size(3)});
  };
  if (!goes_on) return make();
  const DrawGuard guard(
      workspace.generator());  // the first part of the training has drawn for the attack already
  auto made = make();
  made->load_state(workspace.training().require_epochs().attack);
  return made;
}

/// The clean test images, poisoned by the attack in its present state.
void renew_poisoned_test(Workspace& workspace, InBatchAttack& attack, const RunControl& control) {
  const auto* clean = workspace.find_images(ImageRole::kCleanTest);
  if (clean == nullptr) return;
  const auto made = attack.poison_test(*clean, control);
  if (made.labels.size(0) == 0) return;
  workspace.replace_images(
      ImageRole::kPoisonedTest,
      {made.images, made.labels, clean->true_labels.index_select(0, made.positions)});
}

/// ACC and loss on the clean test images with the attack's disturbance.
void measure_cross(Workspace& workspace, InBatchAttack& attack, RoundDone& report,
                   int64_t batch_size, const RunControl& control) {
  const auto* clean = workspace.find_images(ImageRole::kCleanTest);
  if (clean == nullptr) return;
  const DrawGuard guard(workspace.generator());  // measuring an epoch must not change the training
  const auto made = attack.cross_test(*clean, control);
  const ImageSet cross{made.images, made.labels, made.labels};
  const MeasuringGuard measuring(workspace.options());
  const auto model = workspace.frozen(ModelRole::kTrainee, measuring_dtype(workspace.options()));
  const auto metrics = measure(model, &cross, nullptr, batch_size, control);
  for (auto& [name, value] : report.figures) {
    if (name == "crossAcc") value = metrics.acc;
    if (name == "crossLoss") value = metrics.clean_loss;
  }
}

/// The epochs of the victim are told as those of the whole training, which begins with `before`
/// others.
RunControl shifted(const RunControl& control, int64_t before) {
  return {control.cancelled, [&control, before](Progress progress) {
            std::visit(
                [&](auto& event) {
                  if constexpr (requires { event.round; }) {
                    event.round += before;
                    event.rounds += before;
                  }
                },
                progress);
            control.report(progress);
          }};
}

}  // namespace

void train_attack(Workspace& workspace, const TrainAttackOptions& options,
                  const RunControl& control) {
  const auto& training = options.training;
  const bool goes_on = training.first_epoch > 0;
  workspace.training().attack = make_attack(workspace, options, goes_on);
  auto& attack = *workspace.training().attack;
  const int64_t before = attack.epochs_of_preparation();
  TORCH_CHECK(before < training.epochs, "expected more than ", before, " epochs, got ",
              training.epochs);
  attack.prepare(workspace.images(ImageRole::kTrain), training.first_epoch, training.stop_epoch,
                 control);
  auto own = training;
  own.epochs -= before;
  own.first_epoch = std::max<int64_t>(0, training.first_epoch - before);
  own.stop_epoch = std::max<int64_t>(0, training.stop_epoch - before);
  const auto measure = [&](RoundDone& report) {
    renew_poisoned_test(workspace, attack, control);
    report.metrics = evaluate(workspace, {ModelRole::kTrainee, own.eval_batch_size}, control);
    measure_cross(workspace, attack, report, own.eval_batch_size, control);
  };
  train_victim(workspace,
               {.options = own, .goes_on = goes_on, .attack = &attack, .measure = measure},
               shifted(control, before));
  if (training.eval_every == 0) renew_poisoned_test(workspace, attack, control);
}

}  // namespace sau::jobs

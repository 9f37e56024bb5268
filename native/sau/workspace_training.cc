// The jobs of a Workspace that train a victim.
#include <algorithm>

#include "sau/device.h"
#include "sau/error.h"
#include "sau/metrics.h"
#include "sau/optimizer.h"
#include "sau/victim_trainer.h"
#include "sau/workspace.h"

namespace sau {
namespace {

constexpr const char* kGenerator = "generator";
/// Begins the names of what an attack in the batches has left.
constexpr const char* kAttack = "attack.";

/// Takes back what is drawn within a scope.
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

}  // namespace

void Workspace::train(const TrainOptions& options, const RunControl& control) {
  prepare();
  run_epochs(options, options.first_epoch > 0, control, [&](Progress& report) {
    report.metrics = evaluate(ModelRole::kTrainee, options.eval_batch_size, control);
  });
}

void Workspace::train_attack(const TrainOptions& options, const InBatchAttackOptions& attack,
                             const RunControl& control) {
  prepare();
  const bool goes_on = options.first_epoch > 0;
  attack_ = make_attack(options, attack, goes_on);
  const int64_t first = attack_->epochs_of_preparation();
  TORCH_CHECK(first < options.epochs, "expected more than ", first, " epochs, got ",
              options.epochs);
  attack_->prepare(images(ImageRole::kTrain), options.first_epoch, options.stop_epoch, control);
  auto own = options;
  own.epochs -= first;
  own.first_epoch = std::max<int64_t>(0, options.first_epoch - first);
  own.stop_epoch = std::max<int64_t>(0, options.stop_epoch - first);
  // The epochs of the preparation count.
  const RunControl shifted{control.cancelled, [&](Progress progress) {
                             progress.round += first;
                             progress.rounds += first;
                             control.report(progress);
                           }};
  const auto measure_epoch = [&](Progress& report) {
    renew_poisoned_test(control);
    report.metrics = evaluate(ModelRole::kTrainee, options.eval_batch_size, control);
    measure_cross(report, options.eval_batch_size, control);
  };
  run_epochs(own, goes_on, shifted, measure_epoch, attack_.get());
  if (options.eval_every == 0) renew_poisoned_test(control);
}

std::unique_ptr<InBatchAttack> Workspace::make_attack(const TrainOptions& options,
                                                      const InBatchAttackOptions& attack,
                                                      bool goes_on) {
  const auto& train = images(ImageRole::kTrain);
  const auto make = [&] {
    return make_in_batch_attack(attack, {.training = options,
                                         .normalizer = *normalizer_,
                                         .generator = generator_,
                                         .device = *device_,
                                         .num_classes = options_.num_classes,
                                         .height = train.images.size(2),
                                         .width = train.images.size(3)});
  };
  if (!goes_on) return make();
  const DrawGuard guard(generator_);  // the first part has drawn for the attack
  auto made = make();
  made->load_state(training_state().attack);
  return made;
}

void Workspace::run_epochs(const TrainOptions& options, bool goes_on, const RunControl& control,
                           const std::function<void(Progress&)>& measure_epoch,
                           InBatchAttack* attack) {
  const auto& trainee = model(ModelRole::kTrainee);
  Optimizer optimizer(trainee.model().parameters(), options.optimizer);
  if (goes_on) optimizer.load_state(training_state().optimizer);
  training_state_.reset();  // a training that is cut off within an epoch cannot go on from there
  train_victim({trainee, optimizer, generator_}, images(ImageRole::kTrain), options, control,
               measure_epoch, attack);
  training_state_ = TrainingLeft{.optimizer = optimizer.state(), .attack = {}};
  if (attack) training_state_->attack = attack->state();
}

const Workspace::TrainingLeft& Workspace::training_state() const {
  if (training_state_) return *training_state_;
  throw Error(
      "ERR_CONFIG",
      "Expected a training to go on from but there is none. Call train or loadTraining first");
}

std::vector<NamedTensor> Workspace::export_training() {
  prepare();
  const auto& [optimizer, attack] = training_state();
  std::vector<NamedTensor> state{{kGenerator, generator_.get_state().clone()}};
  for (const auto& [name, value] : optimizer) state.push_back({name, to_host(value)});
  for (const auto& [name, value] : attack) state.push_back({kAttack + name, to_host(value)});
  return state;
}

void Workspace::load_training(const std::vector<NamedTensor>& state) {
  prepare();
  if (state.empty() || state[0].name != kGenerator) {
    throw Error("ERR_CHECKPOINT",
                std::string("Expected the state of a training that begins with '") + kGenerator +
                    "' but received another");
  }
  generator_.set_state(state[0].value.clone());
  TrainingLeft left;
  for (size_t i = 1; i < state.size(); ++i) {
    const auto& [name, value] = state[i];
    if (name.starts_with(kAttack))
      left.attack.push_back({name.substr(std::string(kAttack).size()), value.clone()});
    else
      left.optimizer.push_back({name, value.clone()});
  }
  training_state_ = std::move(left);
}

void Workspace::renew_poisoned_test(const RunControl& control) {
  const auto* clean = find_images(ImageRole::kCleanTest);
  if (clean == nullptr) return;
  const auto made = attack_->poison_test(*clean, control);
  if (made.labels.size(0) == 0) return;
  replace_images(ImageRole::kPoisonedTest,
                 {made.images, made.labels, clean->true_labels.index_select(0, made.positions)});
}

void Workspace::measure_cross(Progress& report, int64_t batch_size, const RunControl& control) {
  const auto* clean = find_images(ImageRole::kCleanTest);
  if (clean == nullptr || !report.attack) return;
  const DrawGuard guard(generator_);  // whether an epoch is measured changes no training
  const auto made = attack_->cross_test(*clean, control);
  const ImageSet cross{made.images, made.labels, made.labels};
  const auto metrics =
      measure(frozen(ModelRole::kTrainee, torch::kFloat32), &cross, nullptr, batch_size, control);
  report.attack->cross_acc = metrics.acc;
  report.attack->cross_loss = metrics.clean_loss;
}

PoisonedImages Workspace::poison_images(PoisonedRole role, const RunControl& control) {
  prepare();
  if (!attack_)
    throw Error(
        "ERR_CONFIG",
        "Expected an attack to poison images with but there is none. Call trainAttack first");
  const auto made = [&] {
    switch (role) {
      case PoisonedRole::kPoisonedTest:
        return attack_->poison_test(images(ImageRole::kCleanTest), control);
      case PoisonedRole::kCrossTest:
        return attack_->cross_test(images(ImageRole::kCleanTest), control);
      case PoisonedRole::kTrain:
        return attack_->poison_train(images(ImageRole::kTrain), control);
    }
    TORCH_CHECK(false, "unknown role");
  }();
  return {to_host(made.images), to_host(made.labels), to_host(made.positions), to_host(made.cross)};
}

}  // namespace sau

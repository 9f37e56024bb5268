#include "sau/victim_trainer.h"

#include "sau/optimizer.h"
#include "sau/rounds.h"
#include "sau/train_epoch.h"

namespace sau {
namespace {

/// The kinds of the images of a set, uint8 [N] on the device; undefined if it is unknown which
/// images have the trigger.
torch::Tensor kinds_of(const ImageSet& train, const std::vector<int64_t>& poisoned_positions) {
  if (poisoned_positions.empty()) return {};
  const auto positions = torch::tensor(poisoned_positions, torch::kInt64).to(train.device());
  return torch::zeros({train.size()}, torch::TensorOptions(train.device()).dtype(torch::kUInt8))
      .index_fill_(0, positions, static_cast<int64_t>(ImageKind::kPoisoned));
}

Figures figures_of(const EpochSums& sums, bool told_apart) {
  Figures figures{{"loss", sums.mean_loss()}, {"trainAcc", sums.accuracy()}};
  if (!told_apart) return figures;
  // The last two are of test images, where these are measured.
  for (const auto& [name, value] : Figures{{"trainCleanAcc", sums.clean_accuracy()},
                                           {"trainAsr", sums.attack_success()},
                                           {"trainRa", sums.robust_accuracy()},
                                           {"trainCrossAcc", sums.crossed_accuracy()},
                                           {"crossAcc", kNaN},
                                           {"crossLoss", kNaN}}) {
    figures.emplace_back(name, value);
  }
  return figures;
}

}  // namespace

void train_victim(Workspace& workspace, const VictimTraining& training, const RunControl& control) {
  const auto& options = training.options;
  const auto& trainee = workspace.model(ModelRole::kTrainee);
  const auto& train = workspace.images(ImageRole::kTrain);
  auto& left = workspace.training();
  Optimizer optimizer(trainee.model().parameters(), options.optimizer);
  Schedule schedule(options.optimizer.learning_rate, options.schedule);
  if (training.goes_on) {
    optimizer.load_state(left.require_epochs().optimizer);
    schedule.load_state(left.require_epochs().schedule);
  }
  left.epochs.reset();  // a training that is interrupted within an epoch cannot be continued
  const auto kinds = kinds_of(train, options.poisoned_positions);
  EpochTrainer trainer({trainee, optimizer, schedule, workspace.generator()}, train, options,
                       {options.drop_last, kinds, training.attack});
  const bool told_apart = training.attack != nullptr || kinds.defined();
  run_rounds(
      {.rounds = options.epochs,
       .first = options.first_epoch,
       .stop = options.stop_epoch,
       .eval_every = options.eval_every,
       .unit = "epoch",
       .seed = workspace.options().seed},
      [&](const Round& epoch) { return figures_of(trainer.run_epoch(epoch, control), told_apart); },
      training.measure, control);
  left.epochs = TrainingLeft::Epochs{
      .optimizer = optimizer.state(), .schedule = schedule.state(), .attack = {}};
  if (training.attack) left.epochs->attack = training.attack->state();
}

}  // namespace sau

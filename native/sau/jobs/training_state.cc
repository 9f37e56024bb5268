#include "sau/jobs/training_state.h"

#include "sau/device.h"
#include "sau/error.h"

namespace sau::jobs {
namespace {

constexpr const char* kGenerator = "generator";
// Begin the names of what a schedule, and an attack in the batches, have left.
constexpr const char* kSchedule = "schedule.";
constexpr const char* kAttack = "attack.";

}  // namespace

std::vector<NamedTensor> export_training(Workspace& workspace) {
  const auto& [optimizer, schedule, attack] = workspace.training().require_epochs();
  std::vector<NamedTensor> state{{kGenerator, workspace.generator().get_state().clone()}};
  for (const auto& [name, value] : optimizer) state.push_back({name, to_host(value)});
  for (const auto& [name, value] : schedule) state.push_back({kSchedule + name, to_host(value)});
  for (const auto& [name, value] : attack) state.push_back({kAttack + name, to_host(value)});
  return state;
}

void load_training(Workspace& workspace, const std::vector<NamedTensor>& state) {
  if (state.empty() || state[0].name != kGenerator) {
    throw Error("ERR_CHECKPOINT",
                std::string("Expected the state of a training that begins with '") + kGenerator +
                    "' but received another");
  }
  workspace.generator().set_state(state[0].value.clone());
  TrainingLeft::Epochs left;
  for (size_t i = 1; i < state.size(); ++i) {
    const auto& [name, value] = state[i];
    if (name.starts_with(kAttack))
      left.attack.push_back({name.substr(std::string(kAttack).size()), value.clone()});
    else if (name.starts_with(kSchedule))
      left.schedule.push_back({name.substr(std::string(kSchedule).size()), value.clone()});
    else
      left.optimizer.push_back({name, value.clone()});
  }
  workspace.training().epochs = std::move(left);
}

}  // namespace sau::jobs

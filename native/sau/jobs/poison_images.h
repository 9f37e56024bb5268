#pragma once
#include "sau/attacks/in_batch_attack.h"
#include "sau/names.h"
#include "sau/run_control.h"
#include "sau/workspace.h"

namespace sau::jobs {

/// The image sets that an attack on batches makes; see InBatchAttack.
enum class PoisonedRole { kPoisonedTest, kCrossTest, kTrain };

/// Poisons the images of kCleanTest or kTrain by the attack of the last train_attack. The result is
/// on the host. Throws ERR_CONFIG where there was none.
PoisonedImages poison_images(Workspace& workspace, PoisonedRole role, const RunControl& control);

}  // namespace sau::jobs

template <>
struct sau::Names<sau::jobs::PoisonedRole> {
  using Role = sau::jobs::PoisonedRole;
  static constexpr const char* kWhat = "set of poisoned images";
  static constexpr std::pair<const char*, Role> kAll[] = {{"poisonedTest", Role::kPoisonedTest},
                                                          {"crossTest", Role::kCrossTest},
                                                          {"train", Role::kTrain}};
};

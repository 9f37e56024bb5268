#include "sau/jobs/poison_images.h"

#include "sau/device.h"
#include "sau/error.h"

namespace sau::jobs {

PoisonedImages poison_images(Workspace& workspace, PoisonedRole role, const RunControl& control) {
  auto* attack = workspace.training().attack.get();
  if (attack == nullptr)
    throw Error(
        "ERR_CONFIG",
        "Expected an attack to poison images with but there is none. Call trainAttack first");
  const auto made = [&] {
    switch (role) {
      case PoisonedRole::kPoisonedTest:
        return attack->poison_test(workspace.images(ImageRole::kCleanTest), control);
      case PoisonedRole::kCrossTest:
        return attack->cross_test(workspace.images(ImageRole::kCleanTest), control);
      case PoisonedRole::kTrain:
        return attack->poison_train(workspace.images(ImageRole::kTrain), control);
    }
    TORCH_CHECK(false, "unknown role");
  }();
  return {to_host(made.images), to_host(made.labels), to_host(made.positions), to_host(made.cross)};
}

}  // namespace sau::jobs

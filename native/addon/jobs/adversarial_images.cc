#include "sau/jobs/adversarial_images.h"

#include "addon/fields.h"
#include "addon/jobs/jobs.h"
#include "addon/tensors.h"

namespace sau::addon::jobs {

PreparedJob adversarial_images(const Napi::CallbackInfo& info) {
  const auto options = read<AdversarialOptions>(info[0], "the options of adversarialImages");
  return job(
      [=](Workspace& workspace, const RunControl& control) {
        return sau::jobs::adversarial_images(workspace, options, control);
      },
      to_js_bytes);
}

}  // namespace sau::addon::jobs

#include "addon/fields.h"
#include "addon/jobs/jobs.h"
#include "addon/tensors.h"

namespace sau::addon::jobs {

PreparedJob set_images(const Napi::CallbackInfo& info) {
  const auto role = enum_of<ImageRole>(info[0]);
  const auto set = object_of(info[1], "the images");
  const int64_t count = integer_field(set, "count");
  const HostImages host{
      .images = uint8_tensor(field(set, "images"),
                             {count, 3, integer_field(set, "height"), integer_field(set, "width")}),
      .labels = int32_tensor(field(set, "labels"), {count}),
      .true_labels = int32_tensor(field(set, "trueLabels"), {count}),
      .is_mapped = boolean_field(set, "isMapped")};
  auto prepared =
      job([=](Workspace& workspace, const RunControl&) { workspace.set_images(role, host); });
  prepared.keep_alive = {field(set, "images"), field(set, "labels"), field(set, "trueLabels")};
  return prepared;
}

}  // namespace sau::addon::jobs

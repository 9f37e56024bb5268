#include "addon/jobs/scan.h"

#include "addon/fields.h"
#include "addon/jobs/jobs.h"
#include "addon/progress.h"
#include "sau/jobs/scan.h"

namespace sau::addon {

Napi::Value to_js(Napi::Env env, const ScanFindings& findings) {
  auto classes = Napi::Array::New(env, findings.classes.size());
  for (uint32_t i = 0; i < findings.classes.size(); ++i) {
    auto figures = Napi::Object::New(env);
    for (const auto& [name, value] : findings.classes[i]) figures.Set(name, value);
    classes[i] = figures;
  }
  auto pictures = Napi::Array::New(env, findings.pictures.size());
  for (uint32_t i = 0; i < findings.pictures.size(); ++i)
    pictures[i] = to_js(env, Progress{findings.pictures[i]});
  auto passes = Napi::Object::New(env);
  passes.Set("forward", static_cast<double>(findings.passes.forward));
  passes.Set("backward", static_cast<double>(findings.passes.backward));
  auto o = Napi::Object::New(env);
  o.Set("classes", classes);
  o.Set("pictures", pictures);
  o.Set("passes", passes);
  return o;
}

namespace jobs {

PreparedJob scan(const Napi::CallbackInfo& info) {
  const auto options = read<sau::jobs::ScanOptions>(info[0], "the options of scan");
  return job(
      [=](Workspace& workspace, const RunControl& control) {
        return sau::jobs::scan(workspace, options, control);
      },
      [](Napi::Env env, const ScanFindings& findings) { return to_js(env, findings); });
}

}  // namespace jobs
}  // namespace sau::addon

#include <napi.h>

#include "addon/convert_results.h"
#include "addon/functional.h"
#include "addon/job.h"
#include "addon/models.h"
#include "addon/session.h"
#include "sau/device.h"

namespace sau::addon {
namespace {

Napi::Value device_info_job(const Napi::CallbackInfo& info) {
  return start_job(info.Env(), {.work = [](const RunControl&) -> Conversion {
                     const auto device = device_info();
                     return [device](Napi::Env env) { return to_js(env, device); };
                   }});
}

void stop_jobs_on_exit(Napi::Env env) {
  const auto process = env.Global().Get("process").As<Napi::Object>();
  const auto listener = Napi::Function::New(env, [](const Napi::CallbackInfo&) { stop_jobs(); });
  process.Get("once").As<Napi::Function>().Call(process,
                                                {Napi::String::New(env, "exit"), listener});
}

}  // namespace
}  // namespace sau::addon

/// Called by the loader once LibTorch and this library are in the process. Returns the export list.
extern "C" __attribute__((visibility("default"))) napi_value sau_core_init(napi_env raw_env) {
  const Napi::Env env(raw_env);
  sau::default_threads();  // before a session sets another
  sau::addon::stop_jobs_on_exit(env);
  auto exports = Napi::Object::New(env);
  exports.Set("libtorchVersion", SAU_LIBTORCH_VERSION);
  exports.Set("Session", sau::addon::Session::define(env));
  exports.Set("models", Napi::Function::New(env, sau::addon::list_models));
  exports.Set("describeModel", Napi::Function::New(env, sau::addon::describe_by_name));
  exports.Set("deviceInfo", Napi::Function::New(env, sau::addon::device_info_job));
  exports.Set("functional", sau::addon::define_functional(env));
  return exports;
}

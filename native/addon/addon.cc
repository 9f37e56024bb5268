#include <napi.h>

#include "addon/functional.h"
#include "addon/job.h"
#include "addon/models.h"
#include "addon/session.h"
#include "platform/export.h"
#include "sau/device.h"
#include "sau/page_allocator.h"

namespace sau::addon {
namespace {

Napi::Value device_object(Napi::Env env, const DeviceInfo& info) {
  auto o = Napi::Object::New(env);
  o.Set("libtorchVersion", info.libtorch_version);
  o.Set("cpuCapability", info.cpu_capability);
  o.Set("threads", static_cast<double>(info.threads));
  o.Set("cpuBf16", info.cpu_bf16);
  o.Set("cudaBuilt", info.cuda_built);
  o.Set("cudaLibrary", info.cuda_library);
  o.Set("cudaAvailable", info.cuda_available);
  auto devices = Napi::Array::New(env, info.cuda_devices.size());
  for (uint32_t i = 0; i < info.cuda_devices.size(); ++i) {
    const auto& device = info.cuda_devices[i];
    auto d = Napi::Object::New(env);
    d.Set("index", static_cast<double>(device.index));
    d.Set("name", device.name);
    d.Set("memoryBytes", static_cast<double>(device.memory_bytes));
    d.Set("capability", device.capability);
    devices[i] = d;
  }
  o.Set("cudaDevices", devices);
  return o;
}

Napi::Value device_info_job(const Napi::CallbackInfo& info) {
  return start_job(info.Env(), {.work = [](const RunControl&) -> Conversion {
                     const auto device = device_info();
                     return [device](Napi::Env env) { return device_object(env, device); };
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

/// The loader calls this once LibTorch and this library are in the process. Returns the export
/// list.
SAU_EXPORT napi_value sau_core_init(napi_env raw_env) {
  const Napi::Env env(raw_env);
  sau::use_page_allocator();
  sau::default_threads();  // must be read before a session changes it
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

#include <dlfcn.h>
#include <napi.h>

#include <string>
#include <vector>

// What `require` loads. It needs no LibTorch: help, doctor and inspect work without one. load()
// brings LibTorch into the process by absolute path and then the core, whose NEEDED entries are
// satisfied by what is loaded already; opening LibTorch takes long enough to be done off the JS
// thread.
namespace {

using CoreInit = napi_value (*)(napi_env);

class LoadWorker : public Napi::AsyncWorker {
 public:
  LoadWorker(Napi::Env env, std::vector<std::string> preload, std::string core)
      : Napi::AsyncWorker(env),
        preload_(std::move(preload)),
        core_(std::move(core)),
        deferred_(Napi::Promise::Deferred::New(env)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override {
    for (const auto& library : preload_) {
      if (dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL) == nullptr) return SetError(dlerror());
    }
    void* core = dlopen(core_.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (core == nullptr) return SetError(dlerror());
    init_ = reinterpret_cast<CoreInit>(dlsym(core, "sau_core_init"));
    if (init_ == nullptr) SetError(core_ + " has no sau_core_init");
  }

  void OnOK() override {
    const Napi::HandleScope scope(Env());
    try {
      deferred_.Resolve(Napi::Value(Env(), init_(Env())));
    } catch (const Napi::Error& error) {
      deferred_.Reject(error.Value());
    }
  }

  void OnError(const Napi::Error& error) override { deferred_.Reject(error.Value()); }

 private:
  std::vector<std::string> preload_;
  std::string core_;
  Napi::Promise::Deferred deferred_;
  CoreInit init_ = nullptr;
};

/// load(preload: string[], core: string): Promise<core exports>
Napi::Value load(const Napi::CallbackInfo& info) {
  std::vector<std::string> preload;
  const auto paths = info[0].As<Napi::Array>();
  for (uint32_t i = 0; i < paths.Length(); ++i) preload.push_back(paths.Get(i).ToString());
  auto* worker = new LoadWorker(info.Env(), std::move(preload), info[1].ToString());
  worker->Queue();
  return worker->promise();
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("load", Napi::Function::New(env, load));
  return exports;
}

NODE_API_MODULE(sau_native, init)

}  // namespace

#include <napi.h>

#include <mutex>
#include <string>
#include <vector>

#include "addon/images.h"
#include "addon/sandbox.h"
#include "platform/system.h"

// What `require` loads. It needs no LibTorch, so help, doctor and inspect work without one. load()
// first opens LibTorch by absolute path and then the core, whose NEEDED entries are then already
// satisfied. Opening LibTorch is slow, so it happens off the JS thread.
namespace sau::addon {
namespace {

using CoreInit = napi_value (*)(napi_env);

/// Opens LibTorch's libraries in order. Returns what is wrong, or nothing. Sonames carry no
/// version, so a second LibTorch in one process would use the libraries of the first. It is
/// therefore refused, on all threads, once a library of the first is open.
std::string open_libtorch(const std::vector<std::string>& libraries, std::string* code) {
  static auto& mutex = *new std::mutex;
  static auto& opened = *new std::string;
  const std::lock_guard<std::mutex> lock(mutex);
  for (const auto& library : libraries) {
    const auto path = platform::real_path(library);
    const bool is_first = &library == &libraries.front();
    if (is_first && !opened.empty() && opened != path) {
      *code = "ERR_LIBTORCH_VERSION";
      return "Expected LibTorch's " + opened + ", which this process has opened, but received " +
             path + ". Two LibTorch cannot share a process: start another one for the second.";
    }
    std::string problem;
    if (platform::open_library(library, &problem) == nullptr) return problem;
    if (opened.empty()) opened = path;
  }
  return "";
}

class LoadWorker : public Napi::AsyncWorker {
 public:
  LoadWorker(Napi::Env env, std::vector<std::string> preload, std::string core)
      : Napi::AsyncWorker(env),
        preload_(std::move(preload)),
        core_(std::move(core)),
        deferred_(Napi::Promise::Deferred::New(env)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

  void Execute() override {
    auto problem = open_libtorch(preload_, &code_);
    if (!problem.empty()) return SetError(problem);
    auto* core = platform::open_library(core_, &problem);
    if (core == nullptr) return SetError(problem);
    init_ = reinterpret_cast<CoreInit>(platform::find_symbol(core, "sau_core_init"));
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

  void OnError(const Napi::Error& error) override {
    if (!code_.empty()) error.Set("code", Napi::String::New(Env(), code_));
    deferred_.Reject(error.Value());
  }

 private:
  std::vector<std::string> preload_;
  std::string core_;
  Napi::Promise::Deferred deferred_;
  CoreInit init_ = nullptr;
  std::string code_;
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
  // LibTorch stays open when the worker thread that opened it ends, so the memory of which one it
  // is must stay too.
  platform::keep_open(reinterpret_cast<const void*>(&load));
  exports.Set("load", Napi::Function::New(env, load));
  define_images(env, exports);
  define_sandbox(env, exports);
  return exports;
}

}  // namespace

NODE_API_MODULE(sau_native, init)

}  // namespace sau::addon

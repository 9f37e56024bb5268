#include "addon/sandbox.h"

#include <string>
#include <system_error>
#include <vector>

#include "sandbox/enter.h"
#include "sandbox/system_calls.h"

namespace sau::addon {
namespace {

/// sandboxSupport(): what the kernel has; see lib/sandbox/kernel.ts.
Napi::Value sandbox_support(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  int error = 0;
  const int version = sandbox::landlock_version(&error);
  auto support = Napi::Object::New(env);
  support.Set("landlock", version);
  support.Set("leastLandlock", sandbox::kLeastLandlock);
  support.Set("landlockErrno", error);
  support.Set("systemCalls", sandbox::can_filter_system_calls());
  return support;
}

std::vector<std::string> texts(const Napi::Value& value) {
  std::vector<std::string> all;
  const auto list = value.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) all.push_back(list.Get(i).ToString());
  return all;
}

sandbox::Access access_of(Napi::Env env, const std::string& name) {
  if (name == "read") return sandbox::Access::kRead;
  if (name == "run") return sandbox::Access::kRun;
  if (name == "write") return sandbox::Access::kWrite;
  if (name == "device") return sandbox::Access::kDevice;
  if (name == "removeFolders") return sandbox::Access::kRemoveFolders;
  throw Napi::TypeError::New(env, "expected a kind of access, got " + name);
}

std::vector<sandbox::Rule> rules_of(Napi::Env env, const Napi::Value& value) {
  std::vector<sandbox::Rule> rules;
  const auto list = value.As<Napi::Array>();
  for (uint32_t i = 0; i < list.Length(); ++i) {
    const auto rule = list.Get(i).As<Napi::Object>();
    rules.push_back({rule.Get("path").ToString(), access_of(env, rule.Get("access").ToString())});
  }
  return rules;
}

/// enterSandbox(confinement, program): never returns. An error says which call the system refused.
Napi::Value enter_sandbox(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto confinement = info[0].As<Napi::Object>();
  const auto program = info[1].As<Napi::Object>();
  try {
    sandbox::enter({.files = confinement.Get("files").ToBoolean(),
                    .rules = rules_of(env, confinement.Get("rules")),
                    .system_calls = confinement.Get("systemCalls").ToBoolean()},
                   {.file = program.Get("file").ToString(),
                    .arguments = texts(program.Get("arguments")),
                    .environment = texts(program.Get("environment"))});
  } catch (const std::system_error& error) {
    throw Napi::Error::New(env, error.what());
  }
}

}  // namespace

void define_sandbox(Napi::Env env, Napi::Object exports) {
  exports.Set("sandboxSupport", Napi::Function::New(env, sandbox_support));
  exports.Set("enterSandbox", Napi::Function::New(env, enter_sandbox));
}

}  // namespace sau::addon

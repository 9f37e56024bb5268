#pragma once
#include <napi.h>

namespace sau::addon {

/// Adds `sandboxSupport` and `enterSandbox` to the exports. They need no LibTorch.
void define_sandbox(Napi::Env env, Napi::Object exports);

}  // namespace sau::addon

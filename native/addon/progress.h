#pragma once
#include <napi.h>

#include "sau/run_control.h"

// What jobs report, as plain objects: lib/native/contract.ts.
namespace sau::addon {

Napi::Value to_js(Napi::Env env, const Metrics& metrics);
/// A union on `kind`.
Napi::Value to_js(Napi::Env env, const Progress& progress);

}  // namespace sau::addon

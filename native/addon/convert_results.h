#pragma once
#include <napi.h>

#include "sau/device.h"
#include "sau/run_control.h"

// As convert.h, for what jobs report: flat objects of numbers.
// lib/native/contract.ts.
namespace sau::addon {

Napi::Value to_js(Napi::Env env, const Metrics& metrics);
Napi::Value to_js(Napi::Env env, const AttackShares& shares);
Napi::Value to_js(Napi::Env env, const Progress& progress);
Napi::Value to_js(Napi::Env env, const DeviceInfo& info);

}  // namespace sau::addon

#pragma once
#include <napi.h>

#include "sau/scan/scene.h"

namespace sau::addon {

/// {classes, pictures, passes}: NativeScanFindings of lib/native/scan_contract.ts.
Napi::Value to_js(Napi::Env env, const ScanFindings& findings);

}  // namespace sau::addon

#pragma once
#include <napi.h>

namespace sau::addon {

/// The object `functional.scan` of the addon: statistics of a network that may be no architecture.
Napi::Object define_scan_functions(Napi::Env env);

}  // namespace sau::addon

#pragma once
#include <napi.h>

namespace sau::addon {

/// The object `functional.net` of the addon: networks that are no architecture, and what a network
/// costs.
Napi::Object define_net_functions(Napi::Env env);

}  // namespace sau::addon

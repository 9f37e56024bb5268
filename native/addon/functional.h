#pragma once
#include <napi.h>

namespace sau::addon {

/// The object `functional` of the addon: the method's pure functions on host arrays.
Napi::Object define_functional(Napi::Env env);

}  // namespace sau::addon

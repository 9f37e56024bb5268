#pragma once
#include <napi.h>

namespace sau::addon {

/// The object `functional.attacks` of the addon: pure functions of the attacks that poison batches.
Napi::Object define_attack_functions(Napi::Env env);

}  // namespace sau::addon

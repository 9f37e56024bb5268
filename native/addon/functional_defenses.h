#pragma once
#include <napi.h>

namespace sau::addon {

/// The object `functional.defenses` of the addon: single steps of defenses, on any network and on
/// float images.
Napi::Object define_defense_functions(Napi::Env env);

}  // namespace sau::addon

#pragma once
#include <napi.h>

namespace sau::addon {

/// The function `functional.defend` of the addon: a defense of a network that may be no
/// architecture, on images of any values.
Napi::Value defend_network(const Napi::CallbackInfo& info);

}  // namespace sau::addon

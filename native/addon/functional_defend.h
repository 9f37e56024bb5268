#pragma once
#include <napi.h>

#include <memory>

#include "sau/workspace.h"

namespace sau::addon {

/// A workspace on the CPU with a network that may be no architecture, and images of any values.
std::unique_ptr<Workspace> workspace_of(const Napi::Object& o);

/// The function `functional.defend` of the addon: a defense of such a network.
Napi::Value defend_network(const Napi::CallbackInfo& info);

}  // namespace sau::addon

#pragma once
#include <napi.h>

namespace sau::addon {

/// `models()`: the names of all architectures.
Napi::Value list_models(const Napi::CallbackInfo& info);
/// `describeModel(name, numClasses)`: the state dict, head and cost of a network, before anything
/// is allocated.
Napi::Value describe_by_name(const Napi::CallbackInfo& info);

}  // namespace sau::addon

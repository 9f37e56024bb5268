#pragma once
#include <napi.h>

#include "sau/attacks/in_batch_attack.h"
#include "sau/workspace.h"

// As convert.h, for the attacks that poison training batches.
namespace sau::addon {

InBatchAttackOptions in_batch_attack_options(const Napi::Value& value);
WaNetOptions wanet_options(const Napi::Object& o);
PoisonedRole poisoned_role(const Napi::Value& value);
Napi::Value to_js(Napi::Env env, const PoisonedImages& images);

}  // namespace sau::addon

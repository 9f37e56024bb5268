#pragma once
#include <napi.h>

#include "sau/net/graph.h"

namespace sau::addon {

/// The network of an object: one that is described node by node, a program, or that of a known
/// name.
Graph network_of(const Napi::Object& o);
/// Float images [count,3,height,width] of an object. They do not own their memory.
torch::Tensor net_images_of(const Napi::Object& o);

/// The object `functional.net` of the addon: networks that are no architecture, and what a network
/// costs.
Napi::Object define_net_functions(Napi::Env env);

}  // namespace sau::addon

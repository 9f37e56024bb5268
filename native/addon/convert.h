#pragma once
#include <napi.h>

#include <vector>

#include "addon/fields.h"
#include "sau/generators/generator_options.h"
#include "sau/losses.h"
#include "sau/options.h"
#include "sau/workspace.h"

// The one place that knows both JS values and the method's structs. A missing or misshapen field is
// an error here, never a default: defaults live in lib/config.ts. Tensors made from JS memory do
// not own it.
namespace sau::addon {

WorkspaceOptions workspace_options(const Napi::Value& value);
PgdOptions pgd_options(const Napi::Value& value);
SauLossOptions sau_loss_options(const Napi::Value& value);
UnlearnOptions unlearn_options(const Napi::Value& value);
TrainOptions train_options(const Napi::Value& value);
TrojanOptions trojan_options(const Napi::Object& o);
LfOptions lf_options(const Napi::Object& o);
AdversarialOptions adversarial_options(const Napi::Object& o);
StegaOptions stega_options(const Napi::Object& o);
Norm norm(const Napi::Value& value);
ImageRole image_role(const Napi::Value& value);
ModelRole model_role(const Napi::Value& value);

/// Typed arrays -> host tensors over the same memory. The number of elements must fit the shape.
torch::Tensor float_tensor(const Napi::Value& value, at::IntArrayRef shape);
torch::Tensor int32_tensor(const Napi::Value& value, at::IntArrayRef shape);
torch::Tensor uint8_tensor(const Napi::Value& value, at::IntArrayRef shape);
/// Int32Array of any length -> int64 [n], a copy.
torch::Tensor index_tensor(const Napi::Value& value);
std::vector<NamedTensor> named_tensors(const Napi::Value& value);

/// Host tensors -> JS, copying.
Napi::Value to_js_int32(Napi::Env env, const torch::Tensor& t);
Napi::Value to_js_float(Napi::Env env, const torch::Tensor& t);
/// The memory itself where the runtime allows it, as a Buffer.
Napi::Value to_js_bytes(Napi::Env env, const torch::Tensor& t);
/// with_data: as `{name, dtype, shape, data}`; else without `data`.
Napi::Value to_js(Napi::Env env, const std::vector<NamedTensor>& tensors, bool with_data);

}  // namespace sau::addon

#pragma once
#include <napi.h>

#include <string>
#include <vector>

#include "sau/state_dict.h"

// Typed arrays and tensors. Tensors made from JS memory do not own it: a job that reads them keeps
// the arrays alive.
namespace sau::addon {

/// By its name, such as "float32". Throws ERR_CONFIG.
torch::ScalarType dtype_of(const std::string& name);
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

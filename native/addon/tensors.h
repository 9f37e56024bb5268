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
/// Typed arrays -> host tensors over their memory. The number of elements must match the shape.
torch::Tensor float_tensor(const Napi::Value& value, at::IntArrayRef shape);
torch::Tensor int32_tensor(const Napi::Value& value, at::IntArrayRef shape);
torch::Tensor uint8_tensor(const Napi::Value& value, at::IntArrayRef shape);
/// Int32Array of any length -> int64 [n], a copy.
torch::Tensor index_tensor(const Napi::Value& value);
std::vector<NamedTensor> named_tensors(const Napi::Value& value);

/// Host tensors -> JS, copying.
Napi::Value to_js_int32(Napi::Env env, const torch::Tensor& t);
Napi::Value to_js_double(Napi::Env env, const torch::Tensor& t);
Napi::Value to_js_float(Napi::Env env, const torch::Tensor& t);
/// A Buffer over the tensor's memory if the runtime allows it, else over a copy.
Napi::Value to_js_bytes(Napi::Env env, const torch::Tensor& t);
/// Gives `{name, dtype, shape, data}`, or without `data` if with_data is false.
Napi::Value to_js(Napi::Env env, const std::vector<NamedTensor>& tensors, bool with_data);

}  // namespace sau::addon

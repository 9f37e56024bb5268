#include "addon/tensors.h"

#include <array>
#include <cstring>
#include <string>
#include <utility>

#include "addon/fields.h"

namespace sau::addon {
namespace {

template <typename Array>
torch::Tensor view_of(const Napi::Value& value, at::IntArrayRef shape, napi_typedarray_type type,
                      torch::ScalarType dtype, const char* what) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    refuse(std::string("a ") + what);
  }
  auto array = value.As<Array>();
  const int64_t expected = c10::multiply_integers(shape);
  TORCH_CHECK(static_cast<int64_t>(array.ElementLength()) == expected, "expected a ", what, " of ",
              expected, " elements for the shape ", shape, ", got ", array.ElementLength());
  return torch::from_blob(array.Data(), shape, dtype);
}

constexpr std::array<std::pair<const char*, torch::ScalarType>, 10> kDtypes{
    {{"float32", torch::kFloat32},
     {"float64", torch::kFloat64},
     {"float16", torch::kFloat16},
     {"bfloat16", torch::kBFloat16},
     {"int64", torch::kInt64},
     {"int32", torch::kInt32},
     {"int16", torch::kInt16},
     {"int8", torch::kInt8},
     {"uint8", torch::kUInt8},
     {"bool", torch::kBool}}};

const char* name_of(torch::ScalarType dtype) {
  for (const auto& [name, known] : kDtypes) {
    if (dtype == known) return name;
  }
  TORCH_CHECK(false, "no name for the dtype ", dtype);
}

template <typename Array>
Napi::Value copy_to_js(Napi::Env env, const torch::Tensor& t) {
  const auto source = t.contiguous();
  auto array = Array::New(env, static_cast<size_t>(source.numel()));
  if (source.numel() > 0) std::memcpy(array.Data(), source.data_ptr(), source.nbytes());
  return array;
}

}  // namespace

torch::ScalarType dtype_of(const std::string& name) {
  for (const auto& [known, dtype] : kDtypes) {
    if (name == known) return dtype;
  }
  refuse("a known dtype but received '" + name + "'");
}

torch::Tensor float_tensor(const Napi::Value& value, at::IntArrayRef shape) {
  return view_of<Napi::Float32Array>(value, shape, napi_float32_array, torch::kFloat32,
                                     "Float32Array");
}

torch::Tensor int32_tensor(const Napi::Value& value, at::IntArrayRef shape) {
  return view_of<Napi::Int32Array>(value, shape, napi_int32_array, torch::kInt32, "Int32Array");
}

torch::Tensor uint8_tensor(const Napi::Value& value, at::IntArrayRef shape) {
  return view_of<Napi::Uint8Array>(value, shape, napi_uint8_array, torch::kUInt8, "Uint8Array");
}

torch::Tensor index_tensor(const Napi::Value& value) {
  if (!value.IsTypedArray()) refuse("an Int32Array");
  const auto count = static_cast<int64_t>(value.As<Napi::TypedArray>().ElementLength());
  return int32_tensor(value, {count}).to(torch::kInt64);
}

std::vector<NamedTensor> named_tensors(const Napi::Value& value) {
  if (!value.IsArray()) refuse("the tensors as an array");
  const auto array = value.As<Napi::Array>();
  std::vector<NamedTensor> tensors;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const auto o = object_of(array.Get(i), "each tensor");
    std::vector<int64_t> shape;
    for (const double size : numbers_field(o, "shape")) shape.push_back(static_cast<int64_t>(size));
    const auto dtype = dtype_of(string_field(o, "dtype"));
    const auto bytes =
        c10::multiply_integers(shape) * static_cast<int64_t>(c10::elementSize(dtype));
    const auto raw = uint8_tensor(field(o, "data"), {bytes});
    const bool aligned = reinterpret_cast<uintptr_t>(raw.data_ptr()) % c10::elementSize(dtype) == 0;
    tensors.push_back(
        {string_field(o, "name"), (aligned ? raw : raw.clone()).view(dtype).view(shape)});
  }
  return tensors;
}

Napi::Value to_js_int32(Napi::Env env, const torch::Tensor& t) {
  return copy_to_js<Napi::Int32Array>(env, t.to(torch::kInt32));
}

Napi::Value to_js_float(Napi::Env env, const torch::Tensor& t) {
  return copy_to_js<Napi::Float32Array>(env, t.to(torch::kFloat32));
}

Napi::Value to_js_double(Napi::Env env, const torch::Tensor& t) {
  return copy_to_js<Napi::Float64Array>(env, t.to(torch::kFloat64));
}

/// The bytes of a host tensor. Not copied if the runtime allows it, because copying a whole model
/// would block the JS thread.
Napi::Value to_js_bytes(Napi::Env env, const torch::Tensor& t) {
  auto* kept = new torch::Tensor(t.contiguous());
  const auto release = [](Napi::Env, uint8_t*, torch::Tensor* tensor) { delete tensor; };
  return Napi::Buffer<uint8_t>::NewOrCopy(env, static_cast<uint8_t*>(kept->data_ptr()),
                                          kept->nbytes(), release, kept);
}

Napi::Value to_js(Napi::Env env, const std::vector<NamedTensor>& tensors, bool with_data) {
  auto array = Napi::Array::New(env, tensors.size());
  for (uint32_t i = 0; i < tensors.size(); ++i) {
    const auto& value = tensors[i].value;
    auto shape = Napi::Array::New(env, static_cast<size_t>(value.dim()));
    for (uint32_t d = 0; d < value.dim(); ++d)
      shape[d] = Napi::Number::New(env, static_cast<double>(value.size(d)));
    auto o = Napi::Object::New(env);
    o.Set("name", tensors[i].name);
    o.Set("dtype", name_of(value.scalar_type()));
    o.Set("shape", shape);
    if (with_data) o.Set("data", to_js_bytes(env, value));
    array[i] = o;
  }
  return array;
}

}  // namespace sau::addon

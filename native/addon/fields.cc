#include "addon/fields.h"

#include "sau/error.h"

namespace sau::addon {
namespace {

int64_t to_integer(double number, const char* key) {
  const auto integer = static_cast<int64_t>(number);
  if (static_cast<double>(integer) != number) refuse(std::string(key) + " as an integer");
  return integer;
}

}  // namespace

void refuse(const std::string& expected) {
  throw Error("ERR_CONFIG", "The native core expected " + expected);
}

void refuse_name(const char* what, const std::string& name) {
  refuse("a known " + std::string(what) + " but received '" + name + "'");
}

std::string string_of(const Napi::Value& value, const char* what) {
  if (!value.IsString()) refuse(std::string(what) + " as a string");
  return value.As<Napi::String>();
}

std::string string_field(const Napi::Object& object, const char* key) {
  return string_of(object.Get(key), key);
}

bool boolean_field(const Napi::Object& object, const char* key) {
  const auto value = object.Get(key);
  if (!value.IsBoolean()) refuse(std::string(key) + " as a boolean");
  return value.As<Napi::Boolean>();
}

Napi::Object object_of(const Napi::Value& value, const char* what) {
  if (!value.IsObject()) refuse(std::string(what) + " as an object");
  return value.As<Napi::Object>();
}

std::vector<double> numbers_field(const Napi::Object& object, const char* key) {
  const auto value = object.Get(key);
  if (!value.IsArray()) refuse(std::string(key) + " as an array of numbers");
  const auto array = value.As<Napi::Array>();
  std::vector<double> numbers;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::Value item = array[i];
    if (!item.IsNumber()) refuse(std::string(key) + " as an array of numbers");
    numbers.push_back(item.As<Napi::Number>().DoubleValue());
  }
  return numbers;
}

std::vector<int64_t> integers_field(const Napi::Object& object, const char* key) {
  const auto value = object.Get(key);
  if (value.IsTypedArray() && value.As<Napi::TypedArray>().TypedArrayType() == napi_int32_array) {
    auto array = value.As<Napi::Int32Array>();
    return {array.Data(), array.Data() + array.ElementLength()};
  }
  if (!value.IsArray()) refuse(std::string(key) + " as an Int32Array or an array of integers");
  std::vector<int64_t> integers;
  for (const double number : numbers_field(object, key))
    integers.push_back(to_integer(number, key));
  return integers;
}

Napi::Value field(const Napi::Object& object, const char* key) {
  const auto value = object.Get(key);
  if (value.IsUndefined()) refuse(std::string("the field ") + key);
  return value;
}

double number_field(const Napi::Object& object, const char* key) {
  const auto value = object.Get(key);
  if (!value.IsNumber()) refuse(std::string(key) + " as a number");
  return value.As<Napi::Number>().DoubleValue();
}

int64_t integer_field(const Napi::Object& object, const char* key) {
  return to_integer(number_field(object, key), key);
}

}  // namespace sau::addon

#include "addon/fields.h"

#include "sau/error.h"

namespace sau::addon {

void refuse(const std::string& expected) {
  throw Error("ERR_CONFIG", "The native core expected " + expected);
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
  std::vector<int64_t> integers;
  for (const double number : numbers_field(object, key))
    integers.push_back(static_cast<int64_t>(number));
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
  const double number = number_field(object, key);
  const auto integer = static_cast<int64_t>(number);
  if (static_cast<double>(integer) != number) refuse(std::string(key) + " as an integer");
  return integer;
}

}  // namespace sau::addon

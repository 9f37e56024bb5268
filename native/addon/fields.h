#pragma once
#include <napi.h>

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "sau/names.h"

// Fields of plain JS objects. A missing field or one of another type throws ERR_CONFIG: defaults
// live in TypeScript.
namespace sau::addon {

/// Throws ERR_CONFIG: "The native core expected ...".
[[noreturn]] void refuse(const std::string& expected);
/// Throws ERR_CONFIG for a name that is not among those of an enum.
[[noreturn]] void refuse_name(const char* what, const std::string& name);

std::string string_of(const Napi::Value& value, const char* what);
Napi::Object object_of(const Napi::Value& value, const char* what);
/// The value of an enum by its name.
template <typename Enum>
Enum enum_of(const Napi::Value& value) {
  using Known = Names<Enum>;
  const auto text = string_of(value, Known::kWhat);
  for (const auto& [name, choice] : Known::kAll) {
    if (text == name) return choice;
  }
  refuse_name(Known::kWhat, text);
}

Napi::Value field(const Napi::Object& object, const char* key);
double number_field(const Napi::Object& object, const char* key);
int64_t integer_field(const Napi::Object& object, const char* key);
bool boolean_field(const Napi::Object& object, const char* key);
std::string string_field(const Napi::Object& object, const char* key);
std::vector<double> numbers_field(const Napi::Object& object, const char* key);
/// Of an Int32Array or an array of integers.
std::vector<int64_t> integers_field(const Napi::Object& object, const char* key);

/// The visitor of the method's structs that fills one from a plain JS object: it goes to the
/// struct's own `fields`, the only place that names them.
class Reader {
 public:
  explicit Reader(const Napi::Object& object) : object_(object) {}

  void operator()(const char* key, double& value) const { value = number_field(object_, key); }
  void operator()(const char* key, int64_t& value) const { value = integer_field(object_, key); }
  void operator()(const char* key, uint64_t& value) const {
    value = static_cast<uint64_t>(integer_field(object_, key));
  }
  void operator()(const char* key, bool& value) const { value = boolean_field(object_, key); }
  void operator()(const char* key, std::string& value) const { value = string_field(object_, key); }
  void operator()(const char* key, std::vector<double>& value) const {
    value = numbers_field(object_, key);
  }
  void operator()(const char* key, std::vector<int64_t>& value) const {
    value = integers_field(object_, key);
  }
  /// A name of an enum, or an object of a struct.
  template <typename Value>
  void operator()(const char* key, Value& value) const {
    if constexpr (std::is_enum_v<Value>) {
      value = enum_of<Value>(object_.Get(key));
    } else {
      Reader nested(object_of(object_.Get(key), key));
      fields(nested, value);
    }
  }

 private:
  Napi::Object object_;
};

/// A struct of the method from a plain object; `what` names it in an error.
template <typename Struct>
Struct read(const Napi::Value& value, const char* what) {
  Reader reader(object_of(value, what));
  Struct result{};
  fields(reader, result);
  return result;
}

}  // namespace sau::addon

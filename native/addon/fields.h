#pragma once
#include <napi.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

// Fields of plain JS objects. A missing field or one of another type throws ERR_CONFIG.
namespace sau::addon {

/// Throws ERR_CONFIG: "The native core expected ...".
[[noreturn]] void refuse(const std::string& expected);

std::string string_of(const Napi::Value& value, const char* what);
Napi::Object object_of(const Napi::Value& value, const char* what);

Napi::Value field(const Napi::Object& object, const char* key);
double number_field(const Napi::Object& object, const char* key);
int64_t integer_field(const Napi::Object& object, const char* key);
bool boolean_field(const Napi::Object& object, const char* key);
std::string string_field(const Napi::Object& object, const char* key);
std::vector<double> numbers_field(const Napi::Object& object, const char* key);
std::vector<int64_t> integers_field(const Napi::Object& object, const char* key);

/// The value of a name among choices.
template <typename Enum>
Enum choose(const Napi::Value& value, const char* what,
            std::initializer_list<std::pair<const char*, Enum>> choices) {
  const auto text = string_of(value, what);
  for (const auto& [name, choice] : choices) {
    if (text == name) return choice;
  }
  refuse(std::string("a known ") + what + " but received '" + text + "'");
}

}  // namespace sau::addon

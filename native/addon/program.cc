#include "addon/program.h"

#include <string>
#include <vector>

#include "addon/fields.h"
#include "addon/tensors.h"

namespace sau::addon {
namespace {

template <typename Convert>
auto items_of(const Napi::Object& object, const char* key, Convert&& convert) {
  const auto value = field(object, key);
  if (!value.IsArray()) refuse(std::string(key) + " as an array");
  const auto array = value.As<Napi::Array>();
  std::vector<decltype(convert(Napi::Value()))> items;
  for (uint32_t i = 0; i < array.Length(); ++i) items.push_back(convert(array.Get(i)));
  return items;
}

std::vector<std::string> names_field(const Napi::Object& object, const char* key) {
  return items_of(object, key, [&](const Napi::Value& name) { return string_of(name, key); });
}

/// A number, or a BigInt where a number would lose bits.
int64_t exact_integer(const Napi::Object& object) {
  const auto value = object.Get("value");
  if (!value.IsBigInt()) return integer_field(object, "value");
  bool lossless = false;
  const auto integer = value.As<Napi::BigInt>().Int64Value(&lossless);
  if (!lossless) refuse("an integer of 64 bits");
  return integer;
}

at::MemoryFormat memory_format_of(const std::string& name) {
  if (name == "contiguous") return at::MemoryFormat::Contiguous;
  if (name == "channelsLast") return at::MemoryFormat::ChannelsLast;
  if (name == "channelsLast3d") return at::MemoryFormat::ChannelsLast3d;
  if (name == "preserve") return at::MemoryFormat::Preserve;
  refuse_name("memory format", name);
}

ProgramArgument argument_of(const Napi::Value& value) {
  const auto o = object_of(value, "each argument");
  const auto kind = string_field(o, "kind");
  if (kind == "none") return {ProgramArgument::None{}};
  if (kind == "value") return {ProgramArgument::Value{string_field(o, "name")}};
  if (kind == "int") return {exact_integer(o)};
  if (kind == "float") return {number_field(o, "value")};
  if (kind == "bool") return {boolean_field(o, "value")};
  if (kind == "string") return {string_field(o, "value")};
  if (kind == "dtype") return {dtype_of(string_field(o, "value"))};
  if (kind == "memoryFormat") return {memory_format_of(string_field(o, "value"))};
  if (kind == "layout") return {ProgramArgument::Layout{}};
  if (kind == "device") return {ProgramArgument::Device{}};
  if (kind == "list") return {items_of(o, "items", argument_of)};
  refuse_name("kind of argument", kind);
}

ProgramNode node_of(const Napi::Value& value) {
  const auto o = object_of(value, "each node");
  return {.op = string_field(o, "op"),
          .overload = string_field(o, "overload"),
          .arguments = items_of(o, "arguments",
                                [](const Napi::Value& item) {
                                  const auto argument = object_of(item, "each argument");
                                  return std::pair{string_field(argument, "name"),
                                                   argument_of(field(argument, "is"))};
                                }),
          .outputs = names_field(o, "outputs"),
          .gives_list = boolean_field(o, "givesList")};
}

ProgramWeight weight_of(const Napi::Value& value) {
  const auto o = object_of(value, "each weight");
  return {.key = string_field(o, "key"),
          .values = names_field(o, "values"),
          .shape = integers_field(o, "shape"),
          .dtype = dtype_of(string_field(o, "dtype")),
          .trains = boolean_field(o, "trains")};
}

}  // namespace

Program program_of(const Napi::Value& value) {
  const auto o = object_of(value, "the program");
  Program program{.weights = items_of(o, "weights", weight_of),
                  .constants = {},
                  .nodes = items_of(o, "nodes", node_of),
                  .input = string_field(o, "input"),
                  .output = string_field(o, "output"),
                  .height = integer_field(o, "height"),
                  .width = integer_field(o, "width"),
                  .num_classes = integer_field(o, "numClasses")};
  for (auto& [name, tensor] : named_tensors(field(o, "constants")))
    program.constants.push_back({name, tensor.clone()});
  return program;
}

}  // namespace sau::addon

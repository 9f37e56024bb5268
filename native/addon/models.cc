#include "addon/models.h"

#include <string>
#include <vector>

#include "addon/error.h"
#include "addon/fields.h"
#include "sau/models/architectures.h"
#include "sau/net/cost.h"

namespace sau::addon {
namespace {

Napi::Value weight_to_js(Napi::Env env, const Weight& weight) {
  auto shape = Napi::Array::New(env, weight.shape.size());
  for (uint32_t i = 0; i < weight.shape.size(); ++i)
    shape[i] = static_cast<double>(weight.shape[i]);
  auto o = Napi::Object::New(env);
  o.Set("key", weight.key);
  o.Set("shape", shape);
  o.Set("dtype", weight.dtype == torch::kInt64 ? "int64" : "float32");
  o.Set("kind", weight.trains ? "parameter" : "buffer");
  return o;
}

Napi::Value description_to_js(Napi::Env env, const std::string& name, const DescribedModel& model) {
  const auto& [architecture, graph] = model;
  auto layers = Napi::Array::New(env, graph.weights.size());
  double parameters = 0;
  for (uint32_t i = 0; i < graph.weights.size(); ++i) {
    const auto& weight = graph.weights[i];
    layers[i] = weight_to_js(env, weight);
    if (weight.trains) parameters += static_cast<double>(c10::multiply_integers(weight.shape));
  }
  auto head = Napi::Object::New(env);
  head.Set("weight", graph.weights[graph.head().weight].key);
  head.Set("bias", graph.weights[graph.head().bias].key);
  auto o = Napi::Object::New(env);
  o.Set("name", name);
  o.Set("inputSize", static_cast<double>(architecture.input_size));
  o.Set("width", static_cast<double>(architecture.width));
  o.Set("parameters", parameters);
  o.Set("layers", layers);
  o.Set("head", head);
  o.Set("macs",
        static_cast<double>(cost_of(graph, architecture.input_size, architecture.input_size).macs));
  return o;
}

}  // namespace

Napi::Value list_models(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    auto names = Napi::Array::New(info.Env());
    for (const auto& architecture : architectures()) names[names.Length()] = architecture.name;
    return names;
  });
}

Napi::Value describe_by_name(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto name = string_of(info[0], "the model's name");
    if (!info[1].IsNumber()) refuse("the number of classes");
    return description_to_js(info.Env(), name,
                             sau::describe_model(name, info[1].ToNumber().Int64Value()));
  });
}

}  // namespace sau::addon

#include "addon/functional.h"

#include "addon/error.h"
#include "addon/fields.h"
#include "addon/functional_attacks.h"
#include "addon/functional_defend.h"
#include "addon/functional_defenses.h"
#include "addon/functional_net.h"
#include "addon/functional_scan.h"
#include "addon/tensors.h"
#include "sau/generators/lf_pattern.h"
#include "sau/losses.h"
#include "sau/projection.h"

namespace sau::addon {
namespace {

struct Logits {
  Napi::Object input;
  int64_t count, num_classes;

  explicit Logits(const Napi::Value& value)
      : input(value.ToObject()),
        count(integer_field(input, "count")),
        num_classes(integer_field(input, "numClasses")) {}
  torch::Tensor logits(const char* key) const {
    return float_tensor(field(input, key), {count, num_classes});
  }
  torch::Tensor classes(const char* key) const {
    return int32_tensor(field(input, key), {count}).to(torch::kInt64);
  }
};

std::vector<int64_t> shape_of(const Napi::Value& value) {
  std::vector<int64_t> shape;
  const auto sizes = value.As<Napi::Array>();
  for (uint32_t i = 0; i < sizes.Length(); ++i)
    shape.push_back(sizes.Get(i).ToNumber().Int64Value());
  return shape;
}

Napi::Value low_pass_images(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    return to_js_float(info.Env(), low_pass(float_tensor(info[0], shape_of(info[1]))));
  });
}

Napi::Value project_delta(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto shape = shape_of(info[1]);
    const NormBall ball{.norm = enum_of<Norm>(info[2]), .bound = info[3].ToNumber().DoubleValue()};
    return to_js_float(info.Env(), project(float_tensor(info[0], shape), ball));
  });
}

Napi::Value inner(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Logits in(info[0]);
    PgdOptions options{};
    options.beta1 = number_field(in.input, "beta1");
    options.beta2 = number_field(in.input, "beta2");
    const auto loss =
        inner_loss(in.logits("traineeLogits"), in.logits("referenceLogits"), in.classes("labels"),
                   {in.classes("traineeClean"), in.classes("referenceClean")}, in.count, options);
    auto result = Napi::Object::New(info.Env());
    result.Set("adversarialLoss", loss.adversarial.item<double>());
    result.Set("sharedLoss", loss.shared.item<double>());
    result.Set("loss", loss.total.item<double>());
    result.Set("shared", to_js_int32(info.Env(), loss.is_shared));
    return result;
  });
}

Napi::Value outer(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const Logits in(info[0]);
    const auto reference_perturbed = in.classes("referencePerturbed");
    const auto is_suspect =
        suspects(reference_perturbed, in.classes("referenceClean"), in.classes("labels"));
    auto result = Napi::Object::New(info.Env());
    result.Set("loss",
               shared_risk(in.logits("traineeLogits"), reference_perturbed, is_suspect, in.count)
                   .item<double>());
    result.Set("suspects", to_js_int32(info.Env(), is_suspect));
    return result;
  });
}

}  // namespace

Napi::Object define_functional(Napi::Env env) {
  auto functional = Napi::Object::New(env);
  functional.Set("project", Napi::Function::New(env, project_delta));
  functional.Set("lowPass", Napi::Function::New(env, low_pass_images));
  functional.Set("innerLoss", Napi::Function::New(env, inner));
  functional.Set("sharedRisk", Napi::Function::New(env, outer));
  functional.Set("attacks", define_attack_functions(env));
  functional.Set("defenses", define_defense_functions(env));
  functional.Set("defend", Napi::Function::New(env, defend_network));
  functional.Set("net", define_net_functions(env));
  functional.Set("scan", define_scan_functions(env));
  return functional;
}

}  // namespace sau::addon

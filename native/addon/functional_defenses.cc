#include "addon/functional_defenses.h"

#include <memory>

#include "addon/error.h"
#include "addon/fields.h"
#include "addon/functional_net.h"
#include "addon/tensors.h"
#include "sau/defenses/outliers.h"
#include "sau/defenses/single_step.h"

namespace sau::addon {
namespace {

std::shared_ptr<GraphModule> module_of(const Napi::Object& o) {
  auto module = std::make_shared<GraphModule>(network_of(o));
  load_state_dict(*module, named_tensors(field(o, "tensors")));
  return module;
}

torch::Tensor integers_of(const Napi::Object& o, const char* key) {
  return int32_tensor(field(o, key), {integer_field(o, "count")}).to(torch::kInt64);
}

/// float32 [1,3,H,W]
torch::Tensor perturbation_of(const Napi::Object& o) {
  return float_tensor(field(o, "perturbation"),
                      {1, 3, integer_field(o, "height"), integer_field(o, "width")});
}

StepSubject subject_of(const Napi::Object& o) {
  return {.module = module_of(o),
          .batch = {net_images_of(o), integers_of(o, "labels")},
          .optimizer = read<OptimizerOptions>(field(o, "optimizer"), "the optimizer")};
}

Napi::Value step_to_js(Napi::Env env, const SingleStep& step) {
  auto figures = Napi::Object::New(env);
  for (const auto& [name, value] : step.figures) figures.Set(name, value);
  auto result = Napi::Object::New(env);
  result.Set("figures", figures);
  result.Set("gradient", to_js(env, step.gradient, true));
  result.Set("weights", to_js(env, step.weights, true));
  return result;
}

Napi::Value take_sam_step(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the network and its images");
    return step_to_js(info.Env(),
                      single_sam_step(subject_of(o), read<SamOptions>(field(o, "sam"), "sam")));
  });
}

Napi::Value universal_objective(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the network and its images");
    const auto found = objective_of(subject_of(o), perturbation_of(o),
                                    number_field(o, "normWeight"), integer_field(o, "chunk"));
    auto result = Napi::Object::New(info.Env());
    result.Set("value", found.value.item<double>());
    result.Set("gradient", to_js_float(info.Env(), found.gradient));
    return result;
  });
}

Napi::Value take_hypergradient_step(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the network and its images");
    return step_to_js(
        info.Env(),
        single_hypergradient_step(
            subject_of(o), integers_of(o, "patched"), perturbation_of(o),
            read<HypergradientOptions>(field(o, "hypergradient"), "hypergradient"),
            {.chunk = integer_field(o, "chunk"), .memory_bytes = integer_field(o, "memoryBytes")}));
  });
}

Napi::Value take_distillation_step(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the network and its images");
    return step_to_js(info.Env(),
                      single_distillation_step(subject_of(o), named_tensors(field(o, "teacher")),
                                               number_field(o, "beta1"), number_field(o, "beta2"),
                                               number_field(o, "power")));
  });
}

Napi::Array numbers_to_js(Napi::Env env, const std::vector<double>& numbers) {
  auto array = Napi::Array::New(env, numbers.size());
  for (uint32_t i = 0; i < numbers.size(); ++i) array[i] = Napi::Number::New(env, numbers[i]);
  return array;
}

Napi::Value take_inversion_steps(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the network and its images");
    const auto found = inversion_steps(subject_of(o),
                                       {.mean = numbers_field(o, "mean"),
                                        .std = numbers_field(o, "std"),
                                        .cost = number_field(o, "cost"),
                                        .target = integer_field(o, "target"),
                                        .steps = integer_field(o, "steps"),
                                        .chunk = integer_field(o, "chunk")},
                                       read<InversionOptions>(field(o, "inversion"), "inversion"));
    auto result = Napi::Object::New(info.Env());
    result.Set("crossEntropies", numbers_to_js(info.Env(), found.cross_entropies));
    result.Set("norms", numbers_to_js(info.Env(), found.norms));
    result.Set("mask", to_js_float(info.Env(), found.mask));
    result.Set("pattern", to_js_float(info.Env(), found.pattern));
    return result;
  });
}

Napi::Value take_polarizing_step(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the network and its images");
    const auto found = polarizing_step(
        subject_of(o), read<PolarizingOptions>(field(o, "polarizing"), "polarizing"),
        integer_field(o, "chunk"));
    const auto& outcome = found.outcome;
    std::vector<double> searched;
    for (const auto& loss : outcome.searched) searched.push_back(loss.item<double>());
    auto losses = Napi::Object::New(info.Env());
    losses.Set("total", outcome.total.item<double>());
    losses.Set("clean", outcome.clean.item<double>());
    losses.Set("kept", outcome.kept.item<double>());
    losses.Set("top", outcome.top.item<double>());
    losses.Set("target", outcome.target.item<double>());
    auto result = Napi::Object::New(info.Env());
    result.Set("losses", losses);
    result.Set("searched", numbers_to_js(info.Env(), searched));
    result.Set("targets", to_js_int32(info.Env(), outcome.targets));
    result.Set("perturbed", to_js_float(info.Env(), found.perturbed));
    result.Set("gradient", to_js(info.Env(), found.gradient, true));
    return result;
  });
}

Napi::Value control_costs(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the epochs");
    const auto found = cost_steps(numbers_field(o, "successes"), numbers_field(o, "norms"),
                                  read<InversionOptions>(field(o, "inversion"), "inversion"));
    auto result = Napi::Object::New(info.Env());
    result.Set("costs", numbers_to_js(info.Env(), found.costs));
    result.Set("kept", numbers_to_js(info.Env(), found.kept));
    return result;
  });
}

Napi::Value find_outliers(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the values");
    const auto kind = boolean_field(o, "lowerMedian") ? Median::kLower : Median::kMean;
    const auto found = small_outliers(numbers_field(o, "values"), kind, number_field(o, "most"));
    auto result = Napi::Object::New(info.Env());
    result.Set("median", found.median);
    result.Set("deviation", found.deviation);
    result.Set("index", found.index);
    result.Set("found", numbers_to_js(info.Env(), {found.found.begin(), found.found.end()}));
    return result;
  });
}

}  // namespace

Napi::Object define_defense_functions(Napi::Env env) {
  auto functions = Napi::Object::New(env);
  functions.Set("samStep", Napi::Function::New(env, take_sam_step));
  functions.Set("universalObjective", Napi::Function::New(env, universal_objective));
  functions.Set("hypergradientStep", Napi::Function::New(env, take_hypergradient_step));
  functions.Set("distillationStep", Napi::Function::New(env, take_distillation_step));
  functions.Set("inversionSteps", Napi::Function::New(env, take_inversion_steps));
  functions.Set("polarizingStep", Napi::Function::New(env, take_polarizing_step));
  functions.Set("costs", Napi::Function::New(env, control_costs));
  functions.Set("smallOutliers", Napi::Function::New(env, find_outliers));
  return functions;
}

}  // namespace sau::addon

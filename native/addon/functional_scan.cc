#include "addon/functional_scan.h"

#include "addon/error.h"
#include "addon/fields.h"
#include "addon/functional_defend.h"
#include "addon/jobs/scan.h"
#include "addon/tensors.h"
#include "sau/jobs/scan.h"
#include "sau/scan/single_searches.h"

namespace sau::addon {
namespace {

Napi::Array losses_to_js(Napi::Env env, const std::vector<double>& losses) {
  auto array = Napi::Array::New(env, losses.size());
  for (uint32_t i = 0; i < losses.size(); ++i) array[i] = Napi::Number::New(env, losses[i]);
  return array;
}

Napi::Value take_statistic(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the network and its images");
    const auto options = read<sau::jobs::ScanOptions>(field(o, "scan"), "the options of scan");
    const auto workspace = workspace_of(o);
    const std::atomic<bool> cancelled = false;
    const RunControl control{cancelled, [](const Progress&) {}};
    return to_js(info.Env(), sau::jobs::scan(*workspace, options, control));
  });
}

Napi::Value search_margin(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the network and its starts");
    const auto options = read<MarginOptions>(field(o, "options"), "the options");
    const auto starts =
        float_tensor(field(o, "starts"), {options.starts, 3, options.height, options.width});
    const auto found = margin_search(*workspace_of(o), integer_field(o, "label"), starts, options);
    auto result = Napi::Object::New(info.Env());
    result.Set("losses", losses_to_js(info.Env(), found.losses));
    result.Set("margin", found.margin);
    return result;
  });
}

Napi::Value search_universal(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the network and its images");
    const auto options = read<UniversalOptions>(field(o, "options"), "the options");
    const auto [found, after] =
        universal_search(*workspace_of(o), integer_field(o, "label"), options);
    auto result = Napi::Object::New(info.Env());
    result.Set("losses", losses_to_js(info.Env(), found.losses));
    result.Set("lossAfter", after.loss);
    result.Set("rateAfter", after.rate);
    return result;
  });
}

}  // namespace

Napi::Object define_scan_functions(Napi::Env env) {
  auto functions = Napi::Object::New(env);
  functions.Set("statistic", Napi::Function::New(env, take_statistic));
  functions.Set("marginSearch", Napi::Function::New(env, search_margin));
  functions.Set("universalSearch", Napi::Function::New(env, search_universal));
  return functions;
}

}  // namespace sau::addon

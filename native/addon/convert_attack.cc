#include "addon/convert_attack.h"

#include "addon/convert.h"

namespace sau::addon {
namespace {

enum class AttackKind { kWaNet, kInputAware, kBpp };

InputAwareOptions input_aware_options(const Napi::Object& o) {
  return {.mask_epochs = integer_field(o, "maskEpochs"),
          .mask_density = number_field(o, "maskDensity"),
          .mask_weight = number_field(o, "maskWeight"),
          .diversity_weight = number_field(o, "diversityWeight"),
          .cross_ratio = number_field(o, "crossRatio"),
          .learning_rate = number_field(o, "generatorLearningRate"),
          .width = integer_field(o, "generatorWidth"),
          .double_tanh = boolean_field(o, "doubleTanh"),
          .clear_gradients = boolean_field(o, "clearGradients")};
}

BppOptions bpp_options(const Napi::Object& o) {
  return {.levels = integer_field(o, "levels"),
          .dither = boolean_field(o, "dithering"),
          .negative_ratio = number_field(o, "negativeRatio"),
          .mean = numbers_field(o, "mean"),
          .std = numbers_field(o, "std")};
}

}  // namespace

WaNetOptions wanet_options(const Napi::Object& o) {
  return {.grid_size = integer_field(o, "gridSize"),
          .strength = number_field(o, "warpStrength"),
          .grid_rescale = number_field(o, "gridRescale"),
          .cross_ratio = number_field(o, "crossRatio")};
}

InBatchAttackOptions in_batch_attack_options(const Napi::Value& value) {
  const auto o = object_of(value, "the attack");
  const bool all2all =
      choose<bool>(o.Get("labelMode"), "label mode", {{"all2one", false}, {"all2all", true}});
  InBatchAttackOptions options{.poison_rate = number_field(o, "poisonRate"),
                               .target_label = std::nullopt,
                               .rotation = 0,
                               .method = {}};
  if (!all2all) options.target_label = integer_field(o, "targetLabel");
  switch (choose<AttackKind>(o.Get("kind"), "attack",
                             {{"wanet", AttackKind::kWaNet},
                              {"inputaware", AttackKind::kInputAware},
                              {"bpp", AttackKind::kBpp}})) {
    case AttackKind::kWaNet:
      options.method = wanet_options(o);
      options.rotation = number_field(o, "rotation");
      break;
    case AttackKind::kInputAware:
      options.method = input_aware_options(o);
      break;
    case AttackKind::kBpp:
      options.method = bpp_options(o);
      options.rotation = number_field(o, "rotation");
      break;
  }
  return options;
}

PoisonedRole poisoned_role(const Napi::Value& value) {
  return choose<PoisonedRole>(value, "set of poisoned images",
                              {{"poisonedTest", PoisonedRole::kPoisonedTest},
                               {"crossTest", PoisonedRole::kCrossTest},
                               {"train", PoisonedRole::kTrain}});
}

Napi::Value to_js(Napi::Env env, const PoisonedImages& images) {
  auto o = Napi::Object::New(env);
  o.Set("images", to_js_bytes(env, images.images));
  o.Set("labels", to_js_int32(env, images.labels));
  o.Set("positions", to_js_int32(env, images.positions));
  o.Set("cross", to_js_int32(env, images.cross));
  return o;
}

}  // namespace sau::addon

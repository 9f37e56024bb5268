#include "addon/functional_attacks.h"

#include "addon/error.h"
#include "addon/fields.h"
#include "addon/tensors.h"
#include "sau/attacks/batch_augment.h"
#include "sau/attacks/bpp.h"
#include "sau/attacks/input_aware.h"
#include "sau/attacks/trigger_generator.h"
#include "sau/attacks/wanet.h"

namespace sau::addon {
namespace {

/// Float images [n,3,H,W] of `{images, count, height, width}`.
torch::Tensor images_of(const Napi::Object& o, const char* key = "images") {
  return float_tensor(field(o, key), {integer_field(o, "count"), 3, integer_field(o, "height"),
                                      integer_field(o, "width")});
}

Napi::Value warp_grid(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the grid's options");
    const auto options = read<WaNetOptions>(o, "the grid's options");
    const auto control =
        float_tensor(field(o, "control"), {1, 2, options.grid_size, options.grid_size});
    return to_js_float(info.Env(), make_warp_grid(control, options, integer_field(o, "size")));
  });
}

Napi::Value warp_images(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the images to warp");
    const auto images = images_of(o);
    const int64_t size = images.size(2);
    auto grid = float_tensor(field(o, "grid"), {1, size, size, 2});
    const auto noise = field(o, "noise");
    if (!noise.IsNull())
      grid = noisy_warp_grid(grid, float_tensor(noise, {images.size(0), size, size, 2}));
    return to_js_float(info.Env(), warp(images, grid));
  });
}

Napi::Value quantize_images(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the images to quantize");
    const auto images = images_of(o);
    const int64_t levels = integer_field(o, "levels");
    const bool dither = boolean_field(o, "dithering");
    return to_js_float(info.Env(),
                       dither ? quantize_dithered(images, levels) : quantize(images, levels));
  });
}

Napi::Value augment_images(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the images to augment");
    const BatchAugmentation draw{.padding = integer_field(o, "padding"),
                                 .top = integer_field(o, "top"),
                                 .left = integer_field(o, "left"),
                                 .degrees = number_field(o, "degrees"),
                                 .flip = boolean_field(o, "flip")};
    return to_js_float(info.Env(), augment_batch(images_of(o), draw));
  });
}

Napi::Value generator_layout(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the generator");
    TriggerGenerator generator(integer_field(o, "outChannels"), integer_field(o, "generatorWidth"),
                               true);
    return to_js(info.Env(), state_dict(*generator), false);
  });
}

Napi::Value draw_trigger(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the generator");
    TriggerGenerator generator(integer_field(o, "outChannels"), integer_field(o, "generatorWidth"),
                               boolean_field(o, "doubleTanh"));
    load_state_dict(*generator, named_tensors(field(o, "tensors")));
    return to_js_float(info.Env(), draw(generator, images_of(o), boolean_field(o, "trainMode")));
  });
}

Napi::Value mask_of(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto count = static_cast<int64_t>(info[0].As<Napi::TypedArray>().ElementLength());
    return to_js_float(info.Env(), sharp_mask(float_tensor(info[0], {count})));
  });
}

Napi::Value diversity(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const auto o = object_of(info[0], "the images and what was drawn for them");
    const auto loss = diversity_loss(images_of(o, "a"), images_of(o, "b"), images_of(o, "drawnA"),
                                     images_of(o, "drawnB"));
    return Napi::Number::New(info.Env(), loss.item<double>());
  });
}

}  // namespace

Napi::Object define_attack_functions(Napi::Env env) {
  auto functions = Napi::Object::New(env);
  functions.Set("warpGrid", Napi::Function::New(env, warp_grid));
  functions.Set("warp", Napi::Function::New(env, warp_images));
  functions.Set("quantize", Napi::Function::New(env, quantize_images));
  functions.Set("augment", Napi::Function::New(env, augment_images));
  functions.Set("generatorLayout", Napi::Function::New(env, generator_layout));
  functions.Set("drawTrigger", Napi::Function::New(env, draw_trigger));
  functions.Set("sharpMask", Napi::Function::New(env, mask_of));
  functions.Set("diversityLoss", Napi::Function::New(env, diversity));
  return functions;
}

}  // namespace sau::addon

// The jobs of a Session that make data for attacks, and the conversion of their options.
#include "addon/convert.h"
#include "addon/error.h"
#include "addon/session.h"

namespace sau::addon {

TrojanOptions trojan_options(const Napi::Object& o) {
  return {.neurons = integer_field(o, "neurons"),
          .steps = integer_field(o, "steps"),
          .target = number_field(o, "target"),
          .step_size = number_field(o, "stepSize"),
          .bound = number_field(o, "bound"),
          .stop_below = number_field(o, "stopBelow"),
          .normalize = boolean_field(o, "normalize")};
}

LfOptions lf_options(const Napi::Object& o) {
  return {.target_label = integer_field(o, "targetLabel"),
          .passes = integer_field(o, "passes"),
          .peak = number_field(o, "peak"),
          .search_steps = integer_field(o, "searchSteps"),
          .overshoot = number_field(o, "overshoot"),
          .enough = number_field(o, "enough"),
          .settled = number_field(o, "settled"),
          .normalize = boolean_field(o, "normalize")};
}

AdversarialOptions adversarial_options(const Napi::Object& o) {
  return {.step_size = number_field(o, "stepSize"),
          .bound = number_field(o, "bound"),
          .steps = integer_field(o, "steps"),
          .normalize = boolean_field(o, "normalize")};
}

StegaOptions stega_options(const Napi::Object& o) {
  return {.epochs = integer_field(o, "epochs"),
          .batch_size = integer_field(o, "batchSize"),
          .learning_rate = number_field(o, "learningRate"),
          .accuracy_goal = number_field(o, "accuracyGoal"),
          .wait_steps = integer_field(o, "waitSteps"),
          .ramp_steps = integer_field(o, "rampSteps"),
          .image_weight = number_field(o, "imageWeight")};
}

Napi::Value Session::trojan_trigger(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const auto picture = object_of(info[0], "the start picture");
    const auto start_picture =
        uint8_tensor(field(picture, "planes"),
                     {3, integer_field(picture, "height"), integer_field(picture, "width")})
            .clone();
    const auto options = trojan_options(object_of(info[1], "the options of trojanTrigger"));
    return start(
        info.Env(),
        [=](Workspace& workspace, const RunControl& control) -> Conversion {
          const auto result = workspace.trojan_trigger(start_picture, options, control);
          return [result](Napi::Env env) {
            auto o = Napi::Object::New(env);
            o.Set("trigger", to_js_bytes(env, result.trigger));
            o.Set("neurons", to_js_int32(env, result.neurons));
            o.Set("firstCost", result.first_cost);
            o.Set("lastCost", result.last_cost);
            o.Set("steps", static_cast<double>(result.steps));
            return o;
          };
        },
        info[2]);
  });
}

Napi::Value Session::lf_pattern(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const auto options = lf_options(object_of(info[0], "the options of lfPattern"));
    return start(
        info.Env(),
        [=](Workspace& workspace, const RunControl& control) -> Conversion {
          const auto result = workspace.lf_pattern(options, control);
          return [result](Napi::Env env) {
            auto o = Napi::Object::New(env);
            o.Set("pattern", to_js_bytes(env, result.pattern));
            o.Set("rate", result.rate);
            o.Set("passes", static_cast<double>(result.passes));
            return o;
          };
        },
        info[1]);
  });
}

Napi::Value Session::adversarial_images(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const auto options =
        adversarial_options(object_of(info[0], "the options of adversarialImages"));
    return start(
        info.Env(),
        [=](Workspace& workspace, const RunControl& control) -> Conversion {
          const auto images = workspace.adversarial_images(options, control);
          return [images](Napi::Env env) { return to_js_bytes(env, images); };
        },
        info[1]);
  });
}

Napi::Value Session::stega_images(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    if (!info[0].IsTypedArray()) refuse("the secret as a Uint8Array");
    const auto bits = static_cast<int64_t>(info[0].As<Napi::TypedArray>().ElementLength());
    const auto secret = uint8_tensor(info[0], {bits}).clone();
    const auto options = stega_options(object_of(info[1], "the options of stegaImages"));
    return start(
        info.Env(),
        [=](Workspace& workspace, const RunControl& control) -> Conversion {
          const auto result = workspace.stega_images(secret, options, control);
          return [result](Napi::Env env) {
            auto o = Napi::Object::New(env);
            o.Set("train", to_js_bytes(env, result.train));
            o.Set("test", to_js_bytes(env, result.test));
            o.Set("bitAccuracy", result.bit_accuracy);
            o.Set("imageError", result.image_error);
            o.Set("firstLoss", result.first_loss);
            o.Set("lastLoss", result.last_loss);
            o.Set("parameters", static_cast<double>(result.parameters));
            return o;
          };
        },
        info[2]);
  });
}

}  // namespace sau::addon

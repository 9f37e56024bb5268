#include "addon/session.h"

#include <utility>

#include "addon/convert.h"
#include "addon/convert_attack.h"
#include "addon/convert_results.h"
#include "addon/error.h"
#include "sau/error.h"

namespace sau::addon {
namespace {

Conversion undefined_result() {
  return [](Napi::Env env) { return env.Undefined(); };
}

Conversion tensors_result(std::vector<NamedTensor> tensors, bool with_data) {
  return [tensors = std::move(tensors), with_data](Napi::Env env) {
    return to_js(env, tensors, with_data);
  };
}

}  // namespace

Napi::Function Session::define(Napi::Env env) {
  return DefineClass(env, "Session",
                     {InstanceAccessor<&Session::busy>("busy"),
                      InstanceMethod<&Session::layout>("layout"),
                      InstanceMethod<&Session::load_state_dict>("loadStateDict"),
                      InstanceMethod<&Session::initialize>("initialize"),
                      InstanceMethod<&Session::set_images>("setImages"),
                      InstanceMethod<&Session::unlearn>("unlearn"),
                      InstanceMethod<&Session::train>("train"),
                      InstanceMethod<&Session::export_training>("exportTraining"),
                      InstanceMethod<&Session::load_training>("loadTraining"),
                      InstanceMethod<&Session::train_attack>("trainAttack"),
                      InstanceMethod<&Session::poison_images>("poisonImages"),
                      InstanceMethod<&Session::evaluate>("evaluate"),
                      InstanceMethod<&Session::predict>("predict"),
                      InstanceMethod<&Session::perturb>("perturb"),
                      InstanceMethod<&Session::outer_gradient>("outerGradient"),
                      InstanceMethod<&Session::trojan_trigger>("trojanTrigger"),
                      InstanceMethod<&Session::lf_pattern>("lfPattern"),
                      InstanceMethod<&Session::adversarial_images>("adversarialImages"),
                      InstanceMethod<&Session::stega_images>("stegaImages"),
                      InstanceMethod<&Session::export_state_dict>("exportStateDict"),
                      InstanceMethod<&Session::cancel>("cancel"),
                      InstanceMethod<&Session::dispose>("dispose")});
}

Session::Session(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Session>(info) {
  guarded(info.Env(),
          [&] { workspace_ = std::make_shared<Workspace>(workspace_options(info[0])); });
  cancelled_ = std::make_shared<std::atomic<bool>>(false);
  busy_ = std::make_shared<bool>(false);
}

Session::~Session() {
  if (cancelled_) *cancelled_ = true;
}

Napi::Value Session::start(Napi::Env env, WorkspaceWork work, const Napi::Value& on_progress,
                           std::vector<Napi::Value> keep_alive) {
  if (!workspace_) throw Error("ERR_DISPOSED", "Expected an open session but it was disposed");
  if (*busy_) {
    throw Error(
        "ERR_BUSY",
        "Expected an idle session but it has a running job. Await it, or use another session");
  }
  *busy_ = true;
  cancelled_ = std::make_shared<std::atomic<bool>>(false);
  return start_job(
      env, {.work = [workspace = workspace_, work = std::move(work)](
                        const RunControl& control) { return work(*workspace, control); },
            .on_progress =
                on_progress.IsFunction() ? on_progress.As<Napi::Function>() : Napi::Function(),
            .cancelled = cancelled_,
            .on_end = [busy = busy_] { *busy = false; },
            .keep_alive = std::move(keep_alive)});
}

Napi::Value Session::layout(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return start(info.Env(), [](Workspace& workspace, const RunControl&) {
      return tensors_result(workspace.layout(), false);
    });
  });
}

Napi::Value Session::load_state_dict(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const bool both = info[1].IsString() && info[1].As<Napi::String>().Utf8Value() == "both";
    const auto role = both ? std::nullopt : std::optional(model_role(info[1]));
    return start(info.Env(),
                 [tensors = named_tensors(info[0]), role](Workspace& workspace, const RunControl&) {
                   workspace.load(tensors, role);
                   return undefined_result();
                 },
                 {}, {info[0]});
  });
}

Napi::Value Session::initialize(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return start(info.Env(), [](Workspace& workspace, const RunControl&) {
      workspace.initialize();
      return undefined_result();
    });
  });
}

Napi::Value Session::set_images(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const auto role = image_role(info[0]);
    const auto set = info[1].ToObject();
    const int64_t count = integer_field(set, "count");
    const auto images = uint8_tensor(field(set, "images"), {count, 3, integer_field(set, "height"),
                                                            integer_field(set, "width")});
    const auto labels = int32_tensor(field(set, "labels"), {count});
    const auto true_labels = int32_tensor(field(set, "trueLabels"), {count});
    return start(info.Env(),
                 [=](Workspace& workspace, const RunControl&) {
                   workspace.set_images(role, images, labels, true_labels);
                   return undefined_result();
                 },
                 {}, {field(set, "images"), field(set, "labels"), field(set, "trueLabels")});
  });
}

Napi::Value Session::unlearn(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return start(
        info.Env(),
        [options = unlearn_options(info[0])](Workspace& workspace, const RunControl& control) {
          workspace.unlearn(options, control);
          return undefined_result();
        },
        info[1]);
  });
}

Napi::Value Session::train(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return start(
        info.Env(),
        [options = train_options(info[0])](Workspace& workspace, const RunControl& control) {
          workspace.train(options, control);
          return undefined_result();
        },
        info[1]);
  });
}

Napi::Value Session::export_training(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return start(info.Env(), [](Workspace& workspace, const RunControl&) {
      return tensors_result(workspace.export_training(), true);
    });
  });
}

Napi::Value Session::load_training(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return start(info.Env(),
                 [tensors = named_tensors(info[0])](Workspace& workspace, const RunControl&) {
                   workspace.load_training(tensors);
                   return undefined_result();
                 },
                 {}, {info[0]});
  });
}

Napi::Value Session::train_attack(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    return start(
        info.Env(),
        [options = train_options(info[0]), attack = in_batch_attack_options(info[1])](
            Workspace& workspace, const RunControl& control) {
          workspace.train_attack(options, attack, control);
          return undefined_result();
        },
        info[2]);
  });
}

Napi::Value Session::poison_images(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const auto role = poisoned_role(info[0]);
    return start(info.Env(), [role](Workspace& workspace, const RunControl& control) -> Conversion {
      const auto images = workspace.poison_images(role, control);
      return [images](Napi::Env env) { return to_js(env, images); };
    });
  });
}

Napi::Value Session::evaluate(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const auto options = info[0].ToObject();
    const auto role = model_role(field(options, "model"));
    const int64_t batch_size = integer_field(options, "batchSize");
    return start(
        info.Env(),
        [role, batch_size](Workspace& workspace, const RunControl& control) -> Conversion {
          const auto metrics = workspace.evaluate(role, batch_size, control);
          return [metrics](Napi::Env env) { return to_js(env, metrics); };
        },
        info[1]);
  });
}

Napi::Value Session::predict(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const auto model = model_role(info[0]);
    const auto role = image_role(info[1]);
    return start(info.Env(), [=](Workspace& workspace, const RunControl& control) -> Conversion {
      const auto predictions = workspace.predictions(model, role, control);
      return [predictions](Napi::Env env) { return to_js_int32(env, predictions); };
    });
  });
}

Napi::Value Session::perturb(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const auto role = image_role(info[0]);
    const auto indices = index_tensor(info[1]);
    const auto options = pgd_options(info[2]);
    return start(info.Env(), [=](Workspace& workspace, const RunControl& control) -> Conversion {
      const auto delta = workspace.perturb(role, indices, options, control);
      return [delta](Napi::Env env) { return to_js_float(env, delta); };
    });
  });
}

Napi::Value Session::outer_gradient(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const auto role = image_role(info[0]);
    const auto indices = index_tensor(info[1]);
    if (!info[2].IsTypedArray())
      throw Error("ERR_CONFIG", "The native core expected delta as a Float32Array");
    const auto length = static_cast<int64_t>(info[2].As<Napi::TypedArray>().ElementLength());
    const auto delta = float_tensor(info[2], {length}).clone();
    const auto options = sau_loss_options(info[3]);
    return start(info.Env(), [=](Workspace& workspace, const RunControl& control) -> Conversion {
      const auto result = workspace.outer_gradient(role, indices, delta, options, control);
      return [result](Napi::Env env) {
        auto o = Napi::Object::New(env);
        o.Set("loss", result.total);
        o.Set("cleanLoss", result.clean);
        o.Set("adversarialLoss", result.adversarial);
        o.Set("sharedLoss", result.shared);
        o.Set("suspects", to_js_int32(env, result.suspects));
        o.Set("gradient", to_js(env, result.gradient, true));
        return o;
      };
    });
  });
}

Napi::Value Session::export_state_dict(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const auto role = model_role(info[0]);
    return start(info.Env(), [role](Workspace& workspace, const RunControl&) {
      return tensors_result(workspace.export_state(role), true);
    });
  });
}

Napi::Value Session::busy(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), *busy_);
}

void Session::cancel(const Napi::CallbackInfo&) { *cancelled_ = true; }

void Session::dispose(const Napi::CallbackInfo&) {
  *cancelled_ = true;
  workspace_.reset();
}

}  // namespace sau::addon

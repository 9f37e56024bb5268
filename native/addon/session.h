#pragma once
#include <napi.h>

#include <atomic>
#include <memory>

#include "addon/job.h"
#include "sau/workspace.h"

namespace sau::addon {

/// The JS class Session over a Workspace: unwrap, convert, require that it is neither disposed nor
/// busy, start a job.
class Session : public Napi::ObjectWrap<Session> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Session(const Napi::CallbackInfo& info);
  ~Session() override;

 private:
  using WorkspaceWork = std::function<Conversion(Workspace&, const RunControl&)>;

  Napi::Value layout(const Napi::CallbackInfo& info);
  Napi::Value load_state_dict(const Napi::CallbackInfo& info);
  Napi::Value initialize(const Napi::CallbackInfo& info);
  Napi::Value set_images(const Napi::CallbackInfo& info);
  Napi::Value unlearn(const Napi::CallbackInfo& info);
  Napi::Value train(const Napi::CallbackInfo& info);
  Napi::Value export_training(const Napi::CallbackInfo& info);
  Napi::Value load_training(const Napi::CallbackInfo& info);
  Napi::Value train_attack(const Napi::CallbackInfo& info);
  Napi::Value poison_images(const Napi::CallbackInfo& info);
  Napi::Value evaluate(const Napi::CallbackInfo& info);
  Napi::Value predict(const Napi::CallbackInfo& info);
  Napi::Value perturb(const Napi::CallbackInfo& info);
  Napi::Value outer_gradient(const Napi::CallbackInfo& info);
  Napi::Value trojan_trigger(const Napi::CallbackInfo& info);
  Napi::Value lf_pattern(const Napi::CallbackInfo& info);
  Napi::Value adversarial_images(const Napi::CallbackInfo& info);
  Napi::Value stega_images(const Napi::CallbackInfo& info);
  Napi::Value export_state_dict(const Napi::CallbackInfo& info);
  Napi::Value busy(const Napi::CallbackInfo& info);
  void cancel(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info);

  Napi::Value start(Napi::Env env, WorkspaceWork work, const Napi::Value& on_progress = {},
                    std::vector<Napi::Value> keep_alive = {});

  std::shared_ptr<Workspace> workspace_;  ///< null once disposed; a running job holds its own share
  std::shared_ptr<std::atomic<bool>> cancelled_;
  std::shared_ptr<bool> busy_;
};

}  // namespace sau::addon

#pragma once
#include <napi.h>

#include <memory>

#include "addon/job.h"
#include "addon/jobs/jobs.h"
#include "sau/workspace.h"

namespace sau::addon {

/// The JS class Session over a Workspace, with a method for each entry of kSessionJobs: require
/// that it is neither disposed nor busy, let the entry convert its arguments, start the job.
class Session : public Napi::ObjectWrap<Session> {
 public:
  static Napi::Function define(Napi::Env env);
  explicit Session(const Napi::CallbackInfo& info);
  ~Session() override;

 private:
  /// The method of the entry that is its data.
  Napi::Value start(const Napi::CallbackInfo& info);
  Napi::Value busy(const Napi::CallbackInfo& info);
  void cancel(const Napi::CallbackInfo& info);
  void request_state(const Napi::CallbackInfo& info);
  void dispose(const Napi::CallbackInfo& info);

  std::shared_ptr<Workspace>
      workspace_;  ///< null once disposed; a running job keeps its own reference
  std::shared_ptr<Cancellation> cancellation_;
  std::shared_ptr<bool> busy_;
};

}  // namespace sau::addon

#include "addon/session.h"

#include <utility>

#include "addon/error.h"
#include "addon/fields.h"
#include "addon/program.h"
#include "sau/error.h"

namespace sau::addon {

Napi::Function Session::define(Napi::Env env) {
  std::vector<PropertyDescriptor> properties{
      InstanceAccessor<&Session::busy>("busy"), InstanceMethod<&Session::cancel>("cancel"),
      InstanceMethod<&Session::request_state>("requestState"),
      InstanceMethod<&Session::dispose>("dispose")};
  for (const auto& job : kSessionJobs) {
    properties.push_back(
        InstanceMethod(job.name, &Session::start, napi_default, const_cast<SessionJob*>(&job)));
  }
  return DefineClass(env, "Session", properties);
}

Session::Session(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Session>(info) {
  guarded(info.Env(), [&] {
    std::shared_ptr<const Program> program;
    if (!info[1].IsUndefined()) program = std::make_shared<Program>(program_of(info[1]));
    workspace_ = std::make_shared<Workspace>(
        read<WorkspaceOptions>(info[0], "the session's options"), std::move(program));
  });
  cancellation_ = std::make_shared<Cancellation>();
  busy_ = std::make_shared<bool>(false);
}

Session::~Session() {
  if (cancellation_) cancellation_->cancel();
}

Napi::Value Session::start(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&] {
    const auto& entry = *static_cast<const SessionJob*>(info.Data());
    auto job = entry.prepare(info);
    if (!workspace_) throw Error("ERR_DISPOSED", "Expected an open session but it was disposed");
    if (*busy_) {
      throw Error(
          "ERR_BUSY",
          "Expected an idle session but it has a running job. Await it, or use another session");
    }
    *busy_ = true;
    cancellation_ = std::make_shared<Cancellation>();
    const auto last = info.Length() == 0 ? info.Env().Undefined() : info[info.Length() - 1];
    return start_job(
        info.Env(),
        {.work =
             [workspace = workspace_, work = std::move(job.work)](const RunControl& control) {
               workspace->prepare();
               return work(*workspace, control);
             },
         .on_progress = last.IsFunction() ? last.As<Napi::Function>() : Napi::Function(),
         .cancellation = cancellation_,
         .on_end = [busy = busy_] { *busy = false; },
         .keep_alive = std::move(job.keep_alive)});
  });
}

Napi::Value Session::busy(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), *busy_);
}

void Session::cancel(const Napi::CallbackInfo&) { cancellation_->cancel(); }

void Session::request_state(const Napi::CallbackInfo&) {
  if (workspace_) workspace_->request_state();
}

void Session::dispose(const Napi::CallbackInfo&) {
  cancellation_->cancel();
  workspace_.reset();
}

}  // namespace sau::addon

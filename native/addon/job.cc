#include "addon/job.h"

#include <unordered_set>

#include "addon/error.h"
#include "addon/progress.h"
#include "addon/worker.h"

namespace sau::addon {
namespace {

class Job;

/// The jobs of this JS thread that have not settled.
std::unordered_set<Job*>& unsettled_jobs() {
  thread_local std::unordered_set<Job*> jobs;
  return jobs;
}

class Job final : public Task {
 public:
  Job(Napi::Env env, JobRequest request)
      : deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(request.work)),
        cancellation_(std::move(request.cancellation)),
        on_end_(std::move(request.on_end)) {
    for (const auto& value : request.keep_alive) {
      keep_alive_.push_back(Napi::Persistent(value.As<Napi::Object>()));
    }
    if (!request.on_progress.IsEmpty()) on_progress_ = Napi::Persistent(request.on_progress);
    const auto ignore = Napi::Function::New(env, [](const Napi::CallbackInfo&) {});
    to_js_ = Napi::ThreadSafeFunction::New(env, ignore, "sau job", 0, 1);
    // Registered after the thread-safe function, so it runs before that function is torn down.
    napi_add_env_cleanup_hook(env, &Job::stop_at_exit, this);
    unsettled_jobs().insert(this);
  }

  Napi::Promise promise() const { return deferred_.Promise(); }

  /// Cancels the work and waits for its end. The promise settles later, or never if the process
  /// exits.
  void stop() {
    cancellation_->cancel();
    Worker::of_process().wait_for_end(this);
  }

  bool cancelled() const override { return cancellation_->flag(); }

  void run() override {
    const RunControl control{cancellation_->flag(),
                             [this](const Progress& progress) { send(progress); }};
    try {
      control.throw_if_cancelled();
      end(work_(control), nullptr);
    } catch (...) {
      end({}, std::current_exception());
    }
  }

  void drop() override { run(); }  // which throws at once

 private:
  static void stop_at_exit(void* self) { static_cast<Job*>(self)->stop(); }

  void end(Conversion conversion, const std::exception_ptr& error) {
    work_ = nullptr;
    to_js_.BlockingCall([this, conversion = std::move(conversion), error](
                            Napi::Env env, Napi::Function) { settle(env, conversion, error); });
    to_js_.Release();
  }

  void send(const Progress& progress) {
    if (on_progress_.IsEmpty()) return;
    to_js_.NonBlockingCall([this, progress](Napi::Env env, Napi::Function) {
      const Napi::HandleScope scope(env);
      on_progress_.Call({to_js(env, progress)});
    });
  }

  void settle(Napi::Env env, const Conversion& conversion, const std::exception_ptr& error) {
    Worker::of_process().wait_for_end(this);
    unsettled_jobs().erase(this);
    napi_remove_env_cleanup_hook(env, &Job::stop_at_exit, this);
    on_end_();
    const Napi::HandleScope scope(env);
    try {
      if (error) throw to_js_error(env, error);
      deferred_.Resolve(conversion(env));
    } catch (const Napi::Error& e) {
      deferred_.Reject(e.Value());
    } catch (...) {
      deferred_.Reject(to_js_error(env, std::current_exception()).Value());
    }
    delete this;
  }

  Napi::Promise::Deferred deferred_;
  Work work_;
  std::shared_ptr<Cancellation> cancellation_;
  std::function<void()> on_end_;
  std::vector<Napi::ObjectReference> keep_alive_;
  Napi::FunctionReference on_progress_;
  Napi::ThreadSafeFunction to_js_;
};

}  // namespace

void Cancellation::cancel() {
  flag_ = true;
  Worker::of_process().drop_cancelled();
}

Napi::Promise start_job(Napi::Env env, JobRequest request) {
  auto* job = new Job(env, std::move(request));  // deletes itself once it has settled
  const auto promise = job->promise();
  Worker::of_process().enqueue(job);
  return promise;
}

void stop_jobs() {
  for (auto* job : unsettled_jobs()) job->stop();
}

}  // namespace sau::addon

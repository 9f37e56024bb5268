#include "addon/job.h"

#include <chrono>
#include <mutex>
#include <thread>
#include <unordered_set>

#include "addon/convert_results.h"
#include "addon/error.h"

namespace sau::addon {
namespace {

/// Waits for the process's turn, or for the cancellation of the job that waits.
std::unique_lock<std::timed_mutex> take_turn(const RunControl& control) {
  static std::timed_mutex turn;
  std::unique_lock<std::timed_mutex> lock(turn, std::defer_lock);
  while (!lock.try_lock_for(std::chrono::milliseconds(20))) control.throw_if_cancelled();
  return lock;
}

class Job;

/// The jobs of this JS thread that have not settled.
std::unordered_set<Job*>& unsettled_jobs() {
  thread_local std::unordered_set<Job*> jobs;
  return jobs;
}

class Job {
 public:
  Job(Napi::Env env, JobRequest request)
      : env_(env),
        deferred_(Napi::Promise::Deferred::New(env)),
        work_(std::move(request.work)),
        cancelled_(std::move(request.cancelled)),
        on_end_(std::move(request.on_end)) {
    for (const auto& value : request.keep_alive) {
      keep_alive_.push_back(Napi::Persistent(value.As<Napi::Object>()));
    }
    if (!request.on_progress.IsEmpty()) on_progress_ = Napi::Persistent(request.on_progress);
    const auto ignore = Napi::Function::New(env, [](const Napi::CallbackInfo&) {});
    to_js_ = Napi::ThreadSafeFunction::New(env, ignore, "sau job", 0, 1);
    // Registered after the thread-safe function, hence run before its teardown.
    napi_add_env_cleanup_hook(env, &Job::stop_at_exit, this);
    unsettled_jobs().insert(this);
  }

  Napi::Promise promise() const { return deferred_.Promise(); }

  void start() {
    thread_ = std::thread([this] { run(); });
  }

  /// Cancels the work and waits for its end; the promise settles later, or never at exit.
  void stop() {
    *cancelled_ = true;
    if (thread_.joinable()) thread_.join();
  }

 private:
  static void stop_at_exit(void* self) { static_cast<Job*>(self)->stop(); }

  void run() {
    const RunControl control{*cancelled_, [this](const Progress& progress) { send(progress); }};
    Conversion conversion;
    std::exception_ptr error;
    try {
      const auto turn = take_turn(control);
      control.throw_if_cancelled();
      conversion = work_(control);
    } catch (...) {
      error = std::current_exception();
    }
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
    if (thread_.joinable()) thread_.join();
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

  Napi::Env env_;
  Napi::Promise::Deferred deferred_;
  Work work_;
  std::shared_ptr<std::atomic<bool>> cancelled_;
  std::function<void()> on_end_;
  std::vector<Napi::ObjectReference> keep_alive_;
  Napi::FunctionReference on_progress_;
  Napi::ThreadSafeFunction to_js_;
  std::thread thread_;
};

}  // namespace

Napi::Promise start_job(Napi::Env env, JobRequest request) {
  auto* job = new Job(env, std::move(request));  // deletes itself when it has settled
  const auto promise = job->promise();
  job->start();
  return promise;
}

void stop_jobs() {
  for (auto* job : unsettled_jobs()) job->stop();
}

}  // namespace sau::addon

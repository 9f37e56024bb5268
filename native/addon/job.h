#pragma once
#include <napi.h>

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "sau/run_control.h"

namespace sau::addon {

/// Turns the result of a job into a JS value, on the JS thread.
using Conversion = std::function<Napi::Value(Napi::Env)>;
/// The work of a job, on the thread of the jobs.
using Work = std::function<Conversion(const RunControl&)>;

/// Whether a job shall stop. Whoever holds it may cancel, on any thread.
class Cancellation {
 public:
  /// Asks the job to stop; one that waits for its turn ends at once.
  void cancel();
  const std::atomic<bool>& flag() const { return flag_; }

 private:
  std::atomic<bool> flag_ = false;
};

struct JobRequest {
  Work work;
  /// Called with each Progress; may be empty.
  Napi::Function on_progress = {};
  std::shared_ptr<Cancellation> cancellation = std::make_shared<Cancellation>();
  /// Called on the JS thread once the job has ended, before its promise settles.
  std::function<void()> on_end = [] {};
  /// JS values that must stay alive because the work reads their memory.
  std::vector<Napi::Value> keep_alive = {};
};

/// Queues work for the one thread of the process that does jobs, and returns the promise of its
/// result. When the JS environment goes away the job is cancelled and its end awaited.
Napi::Promise start_job(Napi::Env env, JobRequest request);

/// Cancels all jobs of this JS thread and waits for their end. Needed for process.exit(), which
/// runs no cleanup hooks and destroys LibTorch's statics while a job still runs.
void stop_jobs();

}  // namespace sau::addon

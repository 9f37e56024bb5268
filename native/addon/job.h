#pragma once
#include <napi.h>

#include <atomic>
#include <functional>
#include <memory>

#include "sau/run_control.h"

namespace sau::addon {

/// Turns the result of a job into a JS value, on the JS thread.
using Conversion = std::function<Napi::Value(Napi::Env)>;
/// The work of a job, on the job's own thread.
using Work = std::function<Conversion(const RunControl&)>;

struct JobRequest {
  Work work;
  /// Called with each Progress; may be empty.
  Napi::Function on_progress = {};
  /// Set by whoever wants the job to stop.
  std::shared_ptr<std::atomic<bool>> cancelled = std::make_shared<std::atomic<bool>>(false);
  /// Called on the JS thread once the job has ended, before its promise settles.
  std::function<void()> on_end = [] {};
  /// JS values whose memory the work reads.
  std::vector<Napi::Value> keep_alive = {};
};

/// Runs work on a thread of its own and returns the promise of its result. Jobs of a process take
/// turns: LibTorch's random generator and thread count are process-wide. When the JS environment
/// goes away the job is cancelled and joined.
Napi::Promise start_job(Napi::Env env, JobRequest request);

/// Cancels all jobs of this JS thread and waits for their end. For process.exit(), which runs no
/// cleanup hooks and destroys LibTorch's statics under a job that still runs.
void stop_jobs();

}  // namespace sau::addon

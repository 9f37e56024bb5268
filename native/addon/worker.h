#pragma once
#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

namespace sau::addon {

/// Something that the worker does. It ends once, by run() or by drop(), both on no particular
/// thread; the worker does not touch it after that.
class Task {
 public:
  virtual ~Task() = default;
  virtual bool cancelled() const = 0;
  virtual void run() = 0;
  /// In the place of run() where it was cancelled before its turn.
  virtual void drop() = 0;
};

/// The one thread of the process that does jobs, in turn: LibTorch's random generator and thread
/// count are process-wide, and the caches that it keeps for a thread (cuDNN's choice of algorithms,
/// cuBLAS's workspaces) live as long as that thread.
class Worker {
 public:
  /// Starts the thread at the first call. It is never destroyed: at the end of the process the
  /// thread is idle, see stop_jobs().
  static Worker& of_process();

  void enqueue(Task* task);
  /// Ends the waiting tasks that have been cancelled.
  void drop_cancelled();
  /// Returns once the task has ended.
  void wait_for_end(const Task* task);

 private:
  Worker();
  [[noreturn]] void loop();
  void end(const Task* task);
  bool has(const Task* task) const;
  /// Waits until something has changed so that the condition holds. Not with the condition
  /// variable's wait, a function of a newer libstdc++ than LibTorch needs, nor with wait_for, which
  /// asks for glibc 2.30.
  template <typename Condition>
  void wait(std::unique_lock<std::mutex>& lock, Condition condition) {
    const auto in_an_hour = [] { return std::chrono::system_clock::now() + std::chrono::hours(1); };
    while (!changed_.wait_until(lock, in_an_hour(), condition)) {
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Task*> waiting_;
  std::deque<Task*> ending_;  ///< tasks that are being run or dropped
};

}  // namespace sau::addon

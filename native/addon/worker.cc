#include "addon/worker.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "platform/system.h"
#include "sau/page_allocator.h"

namespace sau::addon {

Worker& Worker::of_process() {
  static auto* worker = new Worker;
  return *worker;
}

Worker::Worker() {
  std::thread([this] { loop(); }).detach();
}

void Worker::enqueue(Task* task) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    waiting_.push_back(task);
  }
  changed_.notify_all();
}

void Worker::drop_cancelled() {
  std::vector<Task*> dropped;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    for (auto* task : waiting_) {
      if (task->cancelled()) dropped.push_back(task);
    }
    for (auto* task : dropped) {
      std::erase(waiting_, task);
      ending_.push_back(task);
    }
  }
  for (auto* task : dropped) {
    task->drop();
    end(task);
  }
}

void Worker::wait_for_end(const Task* task) {
  std::unique_lock<std::mutex> lock(mutex_);
  wait(lock, [&] { return !has(task); });
}

void Worker::loop() {
  platform::name_thread("sau jobs");  // those of its kernels inherit the name
  for (;;) {
    Task* task = nullptr;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      wait(lock, [&] { return !waiting_.empty(); });
      task = waiting_.front();
      waiting_.pop_front();
      ending_.push_back(task);
    }
    task->run();
    PageAllocator::of_process().release_kept();
    end(task);
  }
}

void Worker::end(const Task* task) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::erase(ending_, task);
  }
  changed_.notify_all();
}

bool Worker::has(const Task* task) const {
  const auto in = [&](const std::deque<Task*>& tasks) {
    return std::find(tasks.begin(), tasks.end(), task) != tasks.end();
  };
  return in(waiting_) || in(ending_);
}

}  // namespace sau::addon

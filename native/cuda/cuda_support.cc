#include <ATen/core/CachingHostAllocator.h>
#include <ATen/cuda/CUDAContextLight.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/AutogradState.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>
#include <torch/version.h>

#include <map>
#include <mutex>

#include "platform/export.h"
#include "sau/device.h"
#include "sau/guards.h"

namespace sau {
namespace {

/// Runs backward passes on the calling thread, which recording requires.
class OneThread {
 public:
  OneThread() { c10::AutogradState::get_tls_state().set_multithreading_enabled(false); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;
  ~OneThread() { c10::AutogradState::get_tls_state().set_multithreading_enabled(before_); }

 private:
  bool before_ = c10::AutogradState::get_tls_state().get_multithreading_enabled();
};

/// Does what may have been done already, or never begun.
void attempt(const std::function<void()>& action) {
  try {
    action();
  } catch (...) {
  }
}

class GraphRecording final : public Recording {
 public:
  explicit GraphRecording(const std::function<void()>& work) {
    try {
      // Other threads of the process may use CUDA while this one records.
      graph_.capture_begin(pool_, cudaStreamCaptureModeThreadLocal);
      work();
      graph_.capture_end();
    } catch (...) {
      abandon();
      throw;
    }
  }
  void replay() override { graph_.replay(); }

 private:
  /// Brings stream and allocators out of the capture, so that work can go on without a record.
  void abandon() {
    attempt([&] { graph_.capture_end(); });  // fails where the error has broken the capture
#if TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR < 14
    // From 2.14 on a graph whose capture has failed does this itself.
    if (!has_ended()) {
      auto* host = at::getHostAllocator(at::kCUDA);
      attempt([&] { c10::cuda::CUDACachingAllocator::endAllocateToPool(device_, pool_); });
      attempt([&] { host->end_allocate_to_pool(pool_); });
      attempt([&] { c10::cuda::CUDACachingAllocator::releasePool(device_, pool_); });
      attempt([&] { host->release_pool(pool_); });
    }
#endif
    (void)cudaGetLastError();  // else the next call of CUDA would report it once more
  }

#if TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR < 14
  /// The capture has come to its end, after which the graph's destructor releases the pool.
  bool has_ended() {
    try {
      graph_.pool();
      return true;
    } catch (const c10::Error&) {
      return false;
    }
  }

  c10::DeviceIndex device_ = c10::cuda::current_device();
#endif
  at::cuda::MempoolId_t pool_ = at::cuda::graph_pool_handle();
  at::cuda::CUDAGraph graph_;
};

class LibTorchCuda final : public CudaSupport {
 public:
  std::vector<CudaDevice> devices() const override {
    std::vector<CudaDevice> devices;
    for (int64_t i = 0; i < c10::cuda::device_count(); ++i) {
      const auto* properties = at::cuda::getDeviceProperties(static_cast<c10::DeviceIndex>(i));
      devices.push_back(
          {i, properties->name, static_cast<int64_t>(properties->totalGlobalMem),
           std::to_string(properties->major) + "." + std::to_string(properties->minor)});
    }
    return devices;
  }

  void on_own_stream(const torch::Device& device,
                     const std::function<void()>& work) const override {
    const OneThread one_thread;
    const c10::cuda::CUDAGuard guard(device);
    c10::cuda::device_synchronize();
    // Whoever reads next, be it the weights of work that was cancelled, does so on another stream.
    do_and_finish(
        [&] {
          const c10::cuda::CUDAStreamGuard stream(stream_of(device));
          work();
        },
        [] { c10::cuda::device_synchronize(); });
  }

  std::unique_ptr<Recording> record(const std::function<void()>& work) const override {
    return std::make_unique<GraphRecording>(work);
  }

 private:
  /// One for each device, kept: the allocator and cuDNN keep memory for every stream they have
  /// seen.
  c10::cuda::CUDAStream stream_of(const torch::Device& device) const {
    const std::lock_guard lock(streams_lock_);
    const auto found = streams_.find(device.index());
    if (found != streams_.end()) return found->second;
    const auto stream = c10::cuda::getStreamFromPool(/*isHighPriority=*/true, device.index());
    return streams_.emplace(device.index(), stream).first->second;
  }

  mutable std::mutex streams_lock_;
  mutable std::map<c10::DeviceIndex, c10::cuda::CUDAStream> streams_;
};

}  // namespace
}  // namespace sau

SAU_EXPORT const sau::CudaSupport* sau_cuda_support() {
  static const sau::LibTorchCuda support;
  return &support;
}

/// The CUDA version that this library was compiled for, such as 13000.
SAU_EXPORT int sau_cuda_toolkit() { return CUDART_VERSION; }

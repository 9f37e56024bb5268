#include <ATen/cuda/CUDAContextLight.h>
#include <ATen/cuda/CUDAGraph.h>
#include <c10/core/AutogradState.h>
#include <c10/cuda/CUDAFunctions.h>
#include <c10/cuda/CUDAGuard.h>
#include <cuda_runtime_api.h>

#include "sau/device.h"

namespace sau {
namespace {

/// Backward passes on the calling thread, as recording needs them.
class OneThread {
 public:
  OneThread() { c10::AutogradState::get_tls_state().set_multithreading_enabled(false); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;
  ~OneThread() { c10::AutogradState::get_tls_state().set_multithreading_enabled(before_); }

 private:
  bool before_ = c10::AutogradState::get_tls_state().get_multithreading_enabled();
};

class GraphRecording final : public Recording {
 public:
  explicit GraphRecording(const std::function<void()>& work) {
    // Other threads of the process may use CUDA while this one records.
    graph_.capture_begin(at::cuda::graph_pool_handle(), cudaStreamCaptureModeThreadLocal);
    try {
      work();
    } catch (...) {
      try {
        graph_.capture_end();
      } catch (...) {  // What broke the work also broke the record: its error is the one to tell.
      }
      throw;
    }
    graph_.capture_end();
  }
  void replay() override { graph_.replay(); }

 private:
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
    {
      const c10::cuda::CUDAStreamGuard stream(
          c10::cuda::getStreamFromPool(/*isHighPriority=*/true, device.index()));
      work();
    }
    c10::cuda::device_synchronize();
  }

  std::unique_ptr<Recording> record(const std::function<void()>& work) const override {
    return std::make_unique<GraphRecording>(work);
  }
};

}  // namespace
}  // namespace sau

extern "C" __attribute__((visibility("default"))) const sau::CudaSupport* sau_cuda_support() {
  static const sau::LibTorchCuda support;
  return &support;
}

/// The CUDA version that this library was compiled for, such as 13000.
extern "C" __attribute__((visibility("default"))) int sau_cuda_toolkit() { return CUDART_VERSION; }

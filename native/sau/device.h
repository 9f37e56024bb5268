#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sau/torch.h"

namespace sau {

struct CudaDevice {
  int64_t index;
  std::string name;
  int64_t memory_bytes;
  std::string capability;  ///< such as "9.0"
};

/// Work that was recorded and can be repeated on the same memory.
class Recording {
 public:
  virtual ~Recording() = default;
  virtual void replay() = 0;
};

/// What only a CUDA LibTorch can do; implemented by the optional library sau_cuda.so.
class CudaSupport {
 public:
  virtual ~CudaSupport() = default;
  virtual std::vector<CudaDevice> devices() const = 0;
  /// Does work on the stream that is kept for a device's jobs, which recording needs, and waits for
  /// its end, also where the work throws.
  virtual void on_own_stream(const torch::Device& device,
                             const std::function<void()>& work) const = 0;
  /// Records work, without doing it. Only inside of on_own_stream, and only work that was done
  /// there before, asks the device nothing and allocates the same each time. Where it throws, the
  /// device is as before.
  virtual std::unique_ptr<Recording> record(const std::function<void()>& work) const = 0;
};

struct DeviceInfo {
  std::string libtorch_version;
  std::string cpu_capability;  ///< such as "AVX512"
  bool cpu_bf16;               ///< the CPU computes bfloat16 in hardware
  int64_t threads;
  bool cuda_built;    ///< this LibTorch has CUDA
  bool cuda_library;  ///< and sau_cuda.so was loaded
  bool cuda_available;
  std::vector<CudaDevice> cuda_devices;
};

DeviceInfo device_info();

/// The thread count that LibTorch chooses for this process by itself. Asked when the core is
/// loaded: what a session sets later would be the answer otherwise.
int64_t default_threads();

/// "cpu", "cuda" or "cuda:N". Throws ERR_DEVICE where it is unknown or cannot be had.
torch::Device parse_device(const std::string& text);

/// The optional CUDA library, loaded on first use from the folder of this one; null where it cannot
/// be.
const CudaSupport* cuda_support();

/// A contiguous copy on the host.
torch::Tensor to_host(const torch::Tensor& t);

/// Images per pass: on the CPU few enough that a layer's activations stay in the cache; elsewhere
/// all. Batch norm in evaluation mode couples nothing, so the split changes no result.
int64_t chunk_size(const torch::Device& device, int64_t count);

}  // namespace sau

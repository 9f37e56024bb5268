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

/// Recorded work that can be repeated on the memory that it was recorded with.
class Recording {
 public:
  virtual ~Recording() = default;
  virtual void replay() = 0;
};

/// Functions that need a CUDA LibTorch; the optional library sau_cuda.so implements them.
class CudaSupport {
 public:
  virtual ~CudaSupport() = default;
  virtual std::vector<CudaDevice> devices() const = 0;
  /// Does work on the stream that is kept for a device's jobs, which recording needs, and waits for
  /// its end, also where the work throws.
  virtual void on_own_stream(const torch::Device& device,
                             const std::function<void()>& work) const = 0;
  /// Records work without doing it. Must be called inside on_own_stream. The work must have run
  /// there before, must not read from the device and must allocate the same memory each time. Where
  /// it throws, the device is as before.
  virtual std::unique_ptr<Recording> record(const std::function<void()>& work) const = 0;
};

struct DeviceInfo {
  std::string libtorch_version;
  std::string cpu_capability;  ///< such as "AVX512"
  bool cpu_bf16;               ///< the CPU computes bfloat16 in hardware
  int64_t threads;
  bool cuda_built;    ///< this LibTorch has CUDA
  bool cuda_library;  ///< sau_cuda.so was loaded
  bool cuda_available;
  std::vector<CudaDevice> cuda_devices;
};

DeviceInfo device_info();

/// The thread count that LibTorch chooses for this process. Read when the core is loaded, because
/// later LibTorch returns what a session has set.
int64_t default_threads();

/// "cpu", "cuda" or "cuda:N". Throws ERR_DEVICE if the name is unknown or the device is not
/// available.
torch::Device parse_device(const std::string& text);

/// The optional CUDA library, loaded on first use from the folder of this library; null if it
/// cannot be loaded.
const CudaSupport* cuda_support();

/// A contiguous copy on the host.
torch::Tensor to_host(const torch::Tensor& t);

/// Images per pass. On the CPU a pass is small enough that a layer's activations stay in the cache;
/// elsewhere it takes all images. Batch norm in evaluation mode treats each image apart, so the
/// split changes no result.
int64_t chunk_size(const torch::Device& device, int64_t count);

}  // namespace sau

#include <ATen/cuda/CUDAContextLight.h>
#include <c10/cuda/CUDAFunctions.h>

#include "sau/device.h"

namespace sau {
namespace {

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
};

}  // namespace
}  // namespace sau

extern "C" __attribute__((visibility("default"))) const sau::CudaSupport* sau_cuda_support() {
  static const sau::LibTorchCuda support;
  return &support;
}

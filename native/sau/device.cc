#include "sau/device.h"

#include <ATen/Version.h>

#include <algorithm>
#include <mutex>
#include <regex>

#include "platform/cpu.h"
#include "platform/system.h"
#include "sau/error.h"

namespace sau {
namespace {

using CudaSupportFactory = const CudaSupport* (*)();
using CudaToolkit = int (*)();

/// Whether the library was compiled for the CUDA generation of this LibTorch: structures differ
/// between CUDA generations, and one LibTorch version is built for several.
bool fits_libtorch(platform::Library library) {
  constexpr int64_t kGeneration = 1000;  // 13000 is CUDA 13.0
  const auto toolkit =
      reinterpret_cast<CudaToolkit>(platform::find_symbol(library, "sau_cuda_toolkit"));
  return toolkit != nullptr &&
         toolkit() / kGeneration == at::detail::getCUDAHooks().versionCUDART() / kGeneration;
}

const CudaSupport* load_cuda_support() {
  const auto own = platform::library_of(reinterpret_cast<const void*>(&load_cuda_support));
  if (own.empty()) return nullptr;
  const auto folder = own.substr(0, own.find_last_of("/\\") + 1);
  std::string problem;  // why there is none: doctor looks for it
  auto* library = platform::open_library(folder + "sau_cuda" + platform::kLibraryEnding, &problem);
  if (library == nullptr || !fits_libtorch(library)) return nullptr;
  const auto factory =
      reinterpret_cast<CudaSupportFactory>(platform::find_symbol(library, "sau_cuda_support"));
  return factory == nullptr ? nullptr : factory();
}

}  // namespace

const CudaSupport* cuda_support() {
  static const CudaSupport* const support =
      at::detail::getCUDAHooks().hasCUDART() ? load_cuda_support() : nullptr;
  return support;
}

int64_t default_threads() {
  static const int64_t threads = at::get_num_threads();
  return threads;
}

DeviceInfo device_info() {
  DeviceInfo info{};
  info.libtorch_version = SAU_LIBTORCH_VERSION;
  info.cpu_capability = at::get_cpu_capability();
  info.cpu_bf16 = platform::has_avx512_bf16();
  info.threads = default_threads();
  info.cuda_built = at::detail::getCUDAHooks().hasCUDART();
  info.cuda_library = cuda_support() != nullptr;
  info.cuda_available = torch::cuda::is_available();
  if (!info.cuda_available) return info;
  if (const auto* support = cuda_support()) {
    info.cuda_devices = support->devices();
  } else {
    for (int64_t i = 0; i < static_cast<int64_t>(torch::cuda::device_count()); ++i) {
      info.cuda_devices.push_back(
          {i, std::string("unknown (sau_cuda") + platform::kLibraryEnding + " is not loaded)", 0,
           ""});
    }
  }
  return info;
}

torch::Device parse_device(const std::string& text) {
  static const auto& kDevice = *new std::regex("cpu|cuda(:[0-9]{1,3})?");
  if (!std::regex_match(text, kDevice)) {
    throw Error("ERR_DEVICE", "Expected a device cpu, cuda or cuda:N but received '" + text + "'");
  }
  if (text == "cpu") return torch::Device(torch::kCPU);
  if (!torch::cuda::is_available()) {
    throw Error("ERR_DEVICE",
                "Expected a CUDA device for '" + text +
                    "' but LibTorch finds none. Run `sau-native doctor`, or use cpu for device");
  }
  const torch::Device device(text == "cuda" ? "cuda:0" : text);
  const auto count = static_cast<int64_t>(torch::cuda::device_count());
  if (device.index() >= count) {
    throw Error("ERR_DEVICE", "Expected a device below cuda:" + std::to_string(count) +
                                  " but received '" + text +
                                  "'. Use one that `sau-native doctor` lists");
  }
  return device;
}

torch::Tensor to_host(const torch::Tensor& t) {
  return t.detach().to(torch::kCPU, t.scalar_type(), /*non_blocking=*/false, /*copy=*/true,
                       at::MemoryFormat::Contiguous);
}

int64_t chunk_size(const torch::Device& device, int64_t count) {
  constexpr int64_t kCpuChunk = 64;
  return std::max<int64_t>(1, device.is_cpu() ? std::min(kCpuChunk, count) : count);
}

}  // namespace sau

#include "sau/device.h"

#include <ATen/Version.h>
#include <dlfcn.h>

#include <algorithm>
#include <filesystem>
#include <mutex>
#include <regex>

#include "sau/error.h"

namespace sau {
namespace {

using CudaSupportFactory = const CudaSupport* (*)();
using CudaToolkit = int (*)();

/// Whether the library was compiled for the CUDA generation of this LibTorch: structures differ
/// between CUDA generations, and one LibTorch version is built for several.
bool fits_libtorch(void* library) {
  constexpr int64_t kGeneration = 1000;  // 13000 is CUDA 13.0
  const auto toolkit = reinterpret_cast<CudaToolkit>(dlsym(library, "sau_cuda_toolkit"));
  return toolkit != nullptr &&
         toolkit() / kGeneration == at::detail::getCUDAHooks().versionCUDART() / kGeneration;
}

const CudaSupport* load_cuda_support() {
  Dl_info self{};
  if (dladdr(reinterpret_cast<void*>(&load_cuda_support), &self) == 0) return nullptr;
  const auto path = std::filesystem::path(self.dli_fname).parent_path() / "sau_cuda.so";
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr || !fits_libtorch(library)) return nullptr;
  const auto factory = reinterpret_cast<CudaSupportFactory>(dlsym(library, "sau_cuda_support"));
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
#if defined(__x86_64__)
  info.cpu_bf16 = __builtin_cpu_supports("avx512bf16") != 0;
#endif
  info.threads = default_threads();
  info.cuda_built = at::detail::getCUDAHooks().hasCUDART();
  info.cuda_library = cuda_support() != nullptr;
  info.cuda_available = torch::cuda::is_available();
  if (!info.cuda_available) return info;
  if (const auto* support = cuda_support()) {
    info.cuda_devices = support->devices();
  } else {
    for (int64_t i = 0; i < static_cast<int64_t>(torch::cuda::device_count()); ++i) {
      info.cuda_devices.push_back({i, "unknown (sau_cuda.so is not loaded)", 0, ""});
    }
  }
  return info;
}

torch::Device parse_device(const std::string& text) {
  static const std::regex kDevice("cpu|cuda(:[0-9]{1,3})?");
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

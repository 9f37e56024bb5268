#include "sau/precision.h"

#include <c10/util/env.h>

namespace sau {
namespace {

/// TF32 where a precision computes in float32. By default as PyTorch does: in convolutions and not
/// in products of matrices. Only CUDA has it.
void allow_tf32(Precision precision) {
  const bool everywhere = precision == Precision::kTf32 || precision == Precision::kFp16;
  at::globalContext().setAllowTF32CuDNN(everywhere || precision == Precision::kDefault);
  at::globalContext().setAllowTF32CuBLAS(everywhere);
}

/// Equal seeds give equal runs on a device, or an operator says that it cannot promise that.
void choose_deterministic(bool deterministic, bool on_cuda) {
  auto& context = at::globalContext();
  context.setDeterministicAlgorithms(deterministic, /*warn_only=*/false);
  context.setDeterministicCuDNN(deterministic);
  // Shapes are few and come again in every round; but which algorithm wins depends on the moment.
  context.setBenchmarkCuDNN(!deterministic);
  // No tensor here is read before it is written, so that filling it would be for nothing.
  context.setDeterministicFillUninitializedMemory(false);
  // Read by cuBLAS when it is first used. A user's own choice stays.
  if (deterministic && on_cuda)
    c10::utils::set_env("CUBLAS_WORKSPACE_CONFIG", ":4096:8", /*overwrite=*/false);
}

}  // namespace

torch::ScalarType attack_dtype(Precision precision) {
  switch (precision) {
    case Precision::kDefault:
    case Precision::kFp32:
    case Precision::kTf32:
      return torch::kFloat32;
    case Precision::kBf16:
      return torch::kBFloat16;
    case Precision::kFp16:
      return torch::kFloat16;
  }
  TORCH_CHECK(false, "unknown precision");
}

torch::ScalarType outer_dtype(Precision precision) {
  return precision == Precision::kBf16 ? torch::kBFloat16 : torch::kFloat32;
}

torch::ScalarType measuring_dtype(const WorkspaceOptions& options) {
  return attack_dtype(options.eval_precision);
}

void set_arithmetic(const WorkspaceOptions& options) {
  allow_tf32(options.precision);
  choose_deterministic(options.deterministic, options.device != "cpu");
}

MeasuringGuard::MeasuringGuard(const WorkspaceOptions& options) : before_(options.precision) {
  allow_tf32(options.eval_precision);
}

MeasuringGuard::~MeasuringGuard() { allow_tf32(before_); }

}  // namespace sau

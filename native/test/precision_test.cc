#include "sau/precision.h"

#include <cstdlib>

#include "test/cases.h"

namespace sau::test {
namespace {

WorkspaceOptions options_of(Precision precision, Precision eval_precision,
                            const std::string& device = "cuda:0", bool deterministic = false) {
  WorkspaceOptions options{};
  options.device = device;
  options.precision = precision;
  options.eval_precision = eval_precision;
  options.deterministic = deterministic;
  return options;
}

void expect_tf32(bool convolutions, bool products) {
  auto& context = at::globalContext();
  TORCH_CHECK(context.allowTF32CuDNN() == convolutions, "TF32 convolutions");
  TORCH_CHECK(context.allowTF32CuBLAS() == products, "TF32 products of matrices");
}

void allows_tf32_as_pytorch() {
  set_arithmetic(options_of(Precision::kTf32, Precision::kTf32));
  expect_tf32(true, true);
  set_arithmetic(options_of(Precision::kDefault, Precision::kDefault));
  expect_tf32(true, false);
  set_arithmetic(options_of(Precision::kFp32, Precision::kFp32));
  expect_tf32(false, false);
}

void measures_in_its_own_precision() {
  const auto options = options_of(Precision::kDefault, Precision::kFp32);
  set_arithmetic(options);
  {
    const MeasuringGuard measuring(options);
    expect_tf32(false, false);
  }
  expect_tf32(true, false);
  TORCH_CHECK(measuring_dtype(options) == torch::kFloat32);
  TORCH_CHECK(measuring_dtype(options_of(Precision::kFp32, Precision::kBf16)) == torch::kBFloat16);
}

void expect_deterministic(bool expected) {
  const auto& context = at::globalContext();
  TORCH_CHECK(context.deterministicAlgorithms() == expected, "deterministic algorithms");
  TORCH_CHECK(!context.deterministicAlgorithmsWarnOnly(), "an operator without one must fail");
  TORCH_CHECK(context.deterministicCuDNN() == expected, "deterministic cuDNN");
  TORCH_CHECK(context.benchmarkCuDNN() != expected, "cuDNN's choice by time");
}

void is_deterministic_both_ways() {
  const auto set = [](bool deterministic) {
    set_arithmetic(options_of(Precision::kFp32, Precision::kFp32, "cpu", deterministic));
  };
  set(true);
  expect_deterministic(true);
  set(false);
  expect_deterministic(false);
}

void sets_the_workspace_of_cublas() {
  constexpr const char* kName = "CUBLAS_WORKSPACE_CONFIG";
  const auto value_after = [](const std::string& device) {
    set_arithmetic(options_of(Precision::kFp32, Precision::kFp32, device, true));
    const char* value = std::getenv(kName);
    return std::string(value == nullptr ? "none" : value);
  };
  unsetenv(kName);
  TORCH_CHECK(value_after("cpu") == "none");
  TORCH_CHECK(value_after("cuda:0") == ":4096:8");
  setenv(kName, ":16:8", 1);
  TORCH_CHECK(value_after("cuda:0") == ":16:8");
  set_arithmetic(options_of(Precision::kFp32, Precision::kFp32));
}

}  // namespace

std::vector<Case> precision_cases() {
  return {
      {"the default precision allows TF32 in convolutions alone, fp32 nowhere, tf32 everywhere",
       allows_tf32_as_pytorch},
      {"a measurement has its own precision and gives the run's back",
       measures_in_its_own_precision},
      {"a deterministic session and the next one set every switch", is_deterministic_both_ways},
      {"a deterministic session on CUDA chooses cuBLAS's workspace, unless the user has",
       sets_the_workspace_of_cublas},
  };
}

}  // namespace sau::test

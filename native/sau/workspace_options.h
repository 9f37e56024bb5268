#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "sau/names.h"
#include "sau/tuning.h"

namespace sau {

/// Arithmetic of the attack and of the outer step; weights and optimizer are float32 always.
/// kDefault: as PyTorch by default, which is float32 with TF32 convolutions on CUDA. kFp32: float32
/// alone. kTf32: TF32 in products of matrices as well (CUDA). kBf16: both in bfloat16. kFp16: the
/// attack in float16, the outer step as kTf32.
enum class Precision { kDefault, kFp32, kTf32, kBf16, kFp16 };

template <>
struct Names<Precision> {
  static constexpr const char* kWhat = "precision";
  static constexpr std::pair<const char*, Precision> kAll[] = {{"default", Precision::kDefault},
                                                               {"fp32", Precision::kFp32},
                                                               {"tf32", Precision::kTf32},
                                                               {"bf16", Precision::kBf16},
                                                               {"fp16", Precision::kFp16}};
};

struct WorkspaceOptions {
  std::string device;  ///< "cpu", "cuda" or "cuda:N"
  uint64_t seed;
  int64_t threads;  ///< CPU threads of a job; 0: LibTorch's choice
  std::string model;
  int64_t num_classes;
  std::vector<double> mean, std;  ///< [3], pixels in [0,1]
  Precision precision;
  Precision eval_precision;  ///< of passes that measure a model
  bool deterministic;        ///< equal seeds give equal runs on a device, or an error
  Tuning tuning;
};

template <class V>
void fields(V& v, WorkspaceOptions& o) {
  v("device", o.device);
  v("seed", o.seed);
  v("threads", o.threads);
  v("model", o.model);
  v("numClasses", o.num_classes);
  v("mean", o.mean);
  v("std", o.std);
  v("precision", o.precision);
  v("evalPrecision", o.eval_precision);
  v("deterministic", o.deterministic);
  v("tuning", o.tuning);
}

}  // namespace sau

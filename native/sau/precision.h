#pragma once
#include "sau/torch.h"
#include "sau/workspace_options.h"

namespace sau {

/// Attack steps use only the sign of a gradient, so they may be less precise than the outer step.
torch::ScalarType attack_dtype(Precision precision);
/// The outer step keeps float32 master weights and needs the exponent range of a gradient.
torch::ScalarType outer_dtype(Precision precision);
/// Of passes that measure a model.
torch::ScalarType measuring_dtype(const WorkspaceOptions& options);

/// Sets the switches of LibTorch that hold for the whole process: where TF32 is allowed and how
/// algorithms are chosen. Every job sets them all: left alone they would be what the session before
/// has set.
void set_arithmetic(const WorkspaceOptions& options);

/// TF32 as measurements take it, for a scope; what held before comes back at its end.
class MeasuringGuard {
 public:
  explicit MeasuringGuard(const WorkspaceOptions& options);
  ~MeasuringGuard();
  MeasuringGuard(const MeasuringGuard&) = delete;
  MeasuringGuard& operator=(const MeasuringGuard&) = delete;

 private:
  Precision before_;
};

}  // namespace sau

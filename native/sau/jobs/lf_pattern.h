#pragma once
#include "sau/generators/lf_pattern.h"
#include "sau/run_control.h"
#include "sau/workspace.h"

namespace sau::jobs {

/// A pattern for the trainee from the images of kTrain, measured on those of kCleanTest.
LfPattern lf_pattern(Workspace& workspace, const LfOptions& options, const RunControl& control);

}  // namespace sau::jobs

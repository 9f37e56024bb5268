#pragma once
#include "sau/scan/margins.h"
#include "sau/scan/universal.h"
#include "sau/workspace.h"

namespace sau {

// Searches of a scan from given starts, for checks.

/// For one class, from images [R,3,H,W].
MarginSearch margin_search(const Workspace& workspace, int64_t label, const torch::Tensor& starts,
                           const MarginOptions& options);

/// For one class, on all images of kCleanSubset that have another one.
struct UniversalSearch {
  UniversalPerturbation found;
  UniversalOutcome after;  ///< on the images of the search
};
UniversalSearch universal_search(const Workspace& workspace, int64_t target,
                                 const UniversalOptions& options);

}  // namespace sau

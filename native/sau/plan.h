#pragma once
#include "sau/torch.h"
#include "sau/tuning.h"

namespace sau {

/// Tuning as a device takes it.
struct Plan {
  bool dynamic_shapes;  ///< work depends on values: what is done is left out
  bool recorded;        ///< a batch is recorded once and repeated; needs fixed shapes
  bool must_record;     ///< the user asked for it: that it cannot be is an error
  int64_t chunk;        ///< most images per pass
  int64_t cache_bytes;
};

Plan make_plan(const Tuning& tuning, const torch::Device& device);

}  // namespace sau

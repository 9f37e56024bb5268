#pragma once
#include "sau/torch.h"
#include "sau/tuning.h"

namespace sau {

/// The tuning options, resolved for a device.
struct Plan {
  bool dynamic_shapes;  ///< images that are done are left out, so the work depends on values
  bool recorded;        ///< a batch is recorded once and repeated; needs fixed shapes
  bool must_record;     ///< the user asked for it: that it cannot be is an error
  int64_t chunk;        ///< images per pass; 0: as many as the network's cost allows
  int64_t cache_bytes;
};

Plan make_plan(const Tuning& tuning, const torch::Device& device);

}  // namespace sau

#pragma once
#include <cstdint>
#include <vector>

#include "sau/image_set.h"
#include "sau/normalizer.h"
#include "sau/run_control.h"
#include "sau/torch.h"

namespace sau {

/// What a statistic of a scan looks at.
struct ScanScene {
  const FrozenPixelClassifier& model;
  const Normalizer& normalizer;
  torch::Device device;
  int64_t classes;
  uint64_t seed;
  int64_t chunk;        ///< images of a pass with gradients
  bool dynamic_shapes;  ///< images that are done may leave a search
  const RunControl& control;
};

/// What a statistic says of each class, and pictures.
struct ScanFindings {
  std::vector<Figures> classes;  ///< by label
  std::vector<PictureMade> pictures = {};
  Passes passes = {};  ///< what it cost
};

/// Numbers that are drawn for one class alone, on the CPU: they are the same whatever else is
/// drawn. label: of the class; below 0 for what is no class's own.
torch::Generator generator_of(uint64_t seed, int64_t label);

/// Logits, or what was made of them, that are not finite. Throws ERR_DIVERGED.
void require_finite_logits(bool finite);

}  // namespace sau

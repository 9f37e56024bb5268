#pragma once
#include "sau/normalizer.h"
#include "sau/workspace.h"

namespace sau::jobs {

/// What a generator feeds the model with: its own normalization or, as most official generators do,
/// plain pixels.
inline Normalizer generator_input(const Workspace& workspace, bool normalize) {
  return normalize ? workspace.normalizer() : Normalizer({0, 0, 0}, {1, 1, 1}, workspace.device());
}

/// The frozen trainee behind it.
inline FrozenPixelClassifier generator_model(const Workspace& workspace, bool normalize) {
  return FrozenPixelClassifier(workspace.model(ModelRole::kTrainee),
                               generator_input(workspace, normalize), torch::kFloat32);
}

}  // namespace sau::jobs

#pragma once
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace sau {

/// Specification B4.8.
struct WaNetOptions {
  int64_t grid_size;    ///< control points per side
  double strength;      ///< of the warp
  double grid_rescale;  ///< factor on the finished grid
  double cross_ratio;   ///< noise-warped images per poisoned one
};

/// Specification B4.9.
struct InputAwareOptions {
  int64_t mask_epochs;      ///< epochs that train the mask alone, before the victim's first
  double mask_density;      ///< mask values above it are penalised
  double mask_weight;       ///< of that penalty
  double diversity_weight;  ///< of the terms that make patterns and masks differ
  double cross_ratio;       ///< images with another image's trigger per poisoned one
  double learning_rate;     ///< Adam's, of both generators
  int64_t width;            ///< channels of the generators' first stage
  bool double_tanh;         ///< the official generators squash twice
  bool clear_gradients;     ///< the official tool never clears those of the pattern generator
};

/// Specification B4.10.
struct BppOptions {
  int64_t levels;                 ///< grey levels per channel that remain
  bool dither;                    ///< Floyd-Steinberg
  double negative_ratio;          ///< share of a batch that gets another image's quantisation error
  std::vector<double> mean, std;  ///< [3], with which pixels are brought to [0,255] and back
};

/// An attack that poisons each training batch.
struct InBatchAttackOptions {
  double poison_rate;                   ///< share of a batch
  std::optional<int64_t> target_label;  ///< none: the next class
  double rotation;                      ///< most degrees of the batch-wide rotation; WaNet, BPP
  std::variant<WaNetOptions, InputAwareOptions, BppOptions> method;
};

}  // namespace sau

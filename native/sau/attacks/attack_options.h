#pragma once
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "sau/names.h"

namespace sau {

/// Specification B4.8.
struct WaNetOptions {
  int64_t grid_size;    ///< control points per side
  double strength;      ///< of the warp
  double grid_rescale;  ///< factor on the finished grid
  double cross_ratio;   ///< noise-warped images per poisoned one
};

template <class V>
void fields(V& v, WaNetOptions& o) {
  v("gridSize", o.grid_size);
  v("warpStrength", o.strength);
  v("gridRescale", o.grid_rescale);
  v("crossRatio", o.cross_ratio);
}

/// Specification B4.9.
struct InputAwareOptions {
  int64_t mask_epochs;      ///< epochs that train the mask alone, before the victim's first
  double mask_density;      ///< mask values above this are penalized
  double mask_weight;       ///< weight of this penalty
  double diversity_weight;  ///< of the terms that make patterns and masks differ
  double cross_ratio;       ///< images with another image's trigger per poisoned one
  double learning_rate;     ///< Adam's, of both generators
  int64_t width;            ///< channels of the generators' first stage
  bool double_tanh;         ///< the official generators squash twice
  bool clear_gradients;  ///< clear the pattern generator's gradients; the official tool never does
};

template <class V>
void fields(V& v, InputAwareOptions& o) {
  v("maskEpochs", o.mask_epochs);
  v("maskDensity", o.mask_density);
  v("maskWeight", o.mask_weight);
  v("diversityWeight", o.diversity_weight);
  v("crossRatio", o.cross_ratio);
  v("generatorLearningRate", o.learning_rate);
  v("generatorWidth", o.width);
  v("doubleTanh", o.double_tanh);
  v("clearGradients", o.clear_gradients);
}

/// Specification B4.10.
struct BppOptions {
  int64_t levels;                 ///< gray levels per channel that remain
  bool dither;                    ///< Floyd-Steinberg
  double negative_ratio;          ///< share of a batch that gets another image's quantization error
  std::vector<double> mean, std;  ///< [3], the constants for bringing pixels to [0,255] and back
};

template <class V>
void fields(V& v, BppOptions& o) {
  v("levels", o.levels);
  v("dithering", o.dither);
  v("negativeRatio", o.negative_ratio);
  v("mean", o.mean);
  v("std", o.std);
}

enum class InBatchKind { kWaNet, kInputAware, kBpp };
/// Every image to one label, or each class to the one after it.
enum class LabelMode { kAll2One, kAll2All };

template <>
struct Names<InBatchKind> {
  static constexpr const char* kWhat = "attack";
  static constexpr std::pair<const char*, InBatchKind> kAll[] = {
      {"wanet", InBatchKind::kWaNet},
      {"inputaware", InBatchKind::kInputAware},
      {"bpp", InBatchKind::kBpp}};
};
template <>
struct Names<LabelMode> {
  static constexpr const char* kWhat = "label mode";
  static constexpr std::pair<const char*, LabelMode> kAll[] = {{"all2one", LabelMode::kAll2One},
                                                               {"all2all", LabelMode::kAll2All}};
};

/// An attack that poisons each training batch.
struct InBatchAttackOptions {
  double poison_rate;                   ///< share of a batch
  std::optional<int64_t> target_label;  ///< none: the class after the image's own
  double rotation;  ///< largest angle of the batch-wide rotation, in degrees; WaNet, BPP
  std::variant<WaNetOptions, InputAwareOptions, BppOptions> method;
};

/// For a visitor that reads: which fields there are depends on what stands in others.
template <class V>
void fields(V& v, InBatchAttackOptions& o) {
  LabelMode mode{};
  InBatchKind kind{};
  v("labelMode", mode);
  v("kind", kind);
  v("poisonRate", o.poison_rate);
  if (mode == LabelMode::kAll2One) v("targetLabel", o.target_label.emplace());
  if (kind != InBatchKind::kInputAware) v("rotation", o.rotation);
  switch (kind) {
    case InBatchKind::kWaNet:
      return fields(v, o.method.emplace<WaNetOptions>());
    case InBatchKind::kInputAware:
      return fields(v, o.method.emplace<InputAwareOptions>());
    case InBatchKind::kBpp:
      return fields(v, o.method.emplace<BppOptions>());
  }
}

}  // namespace sau

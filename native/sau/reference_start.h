#pragma once
#include "sau/image_set.h"
#include "sau/normalizer.h"
#include "sau/pgd_options.h"
#include "sau/run_control.h"
#include "sau/torch.h"

namespace sau {

/// The reference's logits and their derivatives at the start of the search. The reference is frozen
/// and every search starts at the same perturbation, so both are the same in every round, and the
/// reference's part of the first gradient is a product with a known matrix.
struct ReferenceStart {
  torch::Tensor logits;    ///< [N,K]; undefined if they are not known
  torch::Tensor jacobian;  ///< [N,K,C*H*W], derivatives of the logits by the pixels

  bool known() const { return logits.defined(); }
  /// The part for the images at positions: int64 [n].
  ReferenceStart select(const torch::Tensor& positions) const;
  /// The part for the images begin to end-1.
  ReferenceStart slice(int64_t begin, int64_t end) const;
  /// The gradient by the pixels [N,C,H,W] of a loss with this gradient by the logits [N,K].
  torch::Tensor pixel_gradient(const torch::Tensor& logit_gradient, at::IntArrayRef shape) const;
};

/// Computes the start for all images if it is the same in every round, costs less than it saves in
/// the given rounds (K backward passes against two passes a round) and fits into cache_bytes.
/// Otherwise it stays unknown. chunk: images per pass.
ReferenceStart make_reference_start(const FrozenPixelClassifier& reference, const ImageSet& images,
                                    const PgdOptions& options, int64_t rounds, int64_t chunk,
                                    int64_t cache_bytes, const RunControl& control);

}  // namespace sau

#pragma once
#include "sau/names.h"
#include "sau/torch.h"

namespace sau {

/// Shape of the ball that holds a perturbation; kReg has no bound (specification B1.5).
enum class Norm { kLInf, kL1, kL2, kReg };
/// Start of the perturbation: +bound, -bound, 0, or uniform in [0,1). It is projected.
enum class DeltaInit { kMax, kMin, kZero, kRandom };

template <>
struct Names<Norm> {
  static constexpr const char* kWhat = "norm";
  static constexpr std::pair<const char*, Norm> kAll[] = {
      {"L_inf", Norm::kLInf}, {"L1", Norm::kL1}, {"L2", Norm::kL2}, {"Reg", Norm::kReg}};
};
template <>
struct Names<DeltaInit> {
  static constexpr const char* kWhat = "init";
  static constexpr std::pair<const char*, DeltaInit> kAll[] = {{"max", DeltaInit::kMax},
                                                               {"min", DeltaInit::kMin},
                                                               {"zero", DeltaInit::kZero},
                                                               {"random", DeltaInit::kRandom}};
};

struct NormBall {
  Norm norm;
  double bound;  ///< pixel scale, where an image spans [0,1]
};

template <class V>
void fields(V& v, NormBall& o) {
  v("norm", o.norm);
  v("normBound", o.bound);
}

/// Projects perturbations onto the norm ball, image by image (specification B1.5). delta: [N,C,H,W]
/// in pixel scale. L_inf clamps each element; L1 and L2 scale an image down if its norm exceeds the
/// bound; Reg changes nothing.
torch::Tensor project(const torch::Tensor& delta, const NormBall& ball);

/// The start of the attack for images of x's shape, before projection. generator: used for kRandom
/// alone; it is on the CPU so that every device draws the same numbers.
torch::Tensor initial_delta(const torch::Tensor& x, DeltaInit init, double bound,
                            torch::Generator& generator);

}  // namespace sau

#pragma once
#include <cstdint>

#include "sau/projection.h"

namespace sau {

/// The search for a shared adversarial perturbation.
struct PgdOptions {
  NormBall ball;
  double step_size;  ///< pixels in [0,1], per sign step
  int64_t steps;     ///< most sign steps
  DeltaInit init;
  double beta1;  ///< weight of the adversarial term
  double beta2;  ///< weight of the shared (Jensen-Shannon) term
};

template <class V>
void fields(V& v, PgdOptions& o) {
  fields(v, o.ball);
  v("stepSize", o.step_size);
  v("steps", o.steps);
  v("init", o.init);
  v("beta1", o.beta1);
  v("beta2", o.beta2);
}

}  // namespace sau

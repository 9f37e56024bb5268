#pragma once
#include "sau/torch.h"

namespace sau {

/// Sets evaluation or training mode for a scope and restores the former mode at its end.
class ModeGuard {
 public:
  ModeGuard(torch::nn::Module& module, bool training)
      : module_(module), was_training_(module.is_training()) {
    module_.train(training);
  }
  ~ModeGuard() { module_.train(was_training_); }
  ModeGuard(const ModeGuard&) = delete;
  ModeGuard& operator=(const ModeGuard&) = delete;

 private:
  torch::nn::Module& module_;
  bool was_training_;
};

/// Does work and then what finishes it, also where the work throws. Its error is then the one to
/// tell, whatever the finish throws.
template <typename Work, typename Finish>
void do_and_finish(Work&& work, Finish&& finish) {
  try {
    work();
  } catch (...) {
    try {
      finish();
    } catch (...) {  // most often the same failure once more
    }
    throw;
  }
  finish();
}

}  // namespace sau

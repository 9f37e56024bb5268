#pragma once
#include "sau/options.h"

namespace sau {

/// Learning rate after `epochs` epochs of training, parts of one counted. Cosine and multi-step
/// change between epochs, as PyTorch's schedulers do when they are stepped by epoch (specification
/// B3.1); one-cycle changes with every batch.
double learning_rate_at(double epochs, double learning_rate, const ScheduleOptions& options);

}  // namespace sau

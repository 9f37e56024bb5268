#pragma once
#include "sau/image_set.h"
#include "sau/normalizer.h"
#include "sau/run_control.h"

namespace sau {

/// ACC and its loss on the clean test set, ASR, RA and their losses on the poisoned one, from one
/// pass over each (specification B2). A null set leaves its fields NaN. batch_size: the size of the
/// batches whose mean losses are averaged; it does not change ACC, ASR or RA.
Metrics measure(const FrozenPixelClassifier& model, const ImageSet* clean_test,
                const ImageSet* poisoned_test, int64_t batch_size, const RunControl& control);

}  // namespace sau

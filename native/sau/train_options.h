#pragma once
#include <cstdint>
#include <vector>

#include "sau/optimizer.h"
#include "sau/schedule.h"

namespace sau {

/// One pass of ordinary training after another.
struct EpochOptions {
  int64_t batch_size;
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  int64_t crop_padding;  ///< zero pixels around the image before the random crop; 0: no crop
  bool flip;             ///< horizontal flip with probability 1/2
};

template <class V>
void fields(V& v, EpochOptions& o) {
  v("batchSize", o.batch_size);
  v("optimizer", o.optimizer);
  fields(v, o.schedule);
  v("cropPadding", o.crop_padding);
  v("flip", o.flip);
}

/// The training of a victim.
struct TrainOptions : EpochOptions {
  int64_t epochs;       ///< of the whole training
  int64_t first_epoch;  ///< epochs done before; above 0 the training continues from its state
  int64_t stop_epoch;   ///< epochs done when this job ends, at most `epochs`
  bool drop_last;
  int64_t eval_every;       ///< epochs between measurements; 0 never
  int64_t eval_batch_size;  ///< batches whose mean losses are averaged
  std::vector<int64_t>
      poisoned_positions;  ///< images of the set with the trigger; empty if unknown
};

template <class V>
void fields(V& v, TrainOptions& o) {
  v("epochs", o.epochs);
  v("firstEpoch", o.first_epoch);
  v("stopEpoch", o.stop_epoch);
  fields(v, static_cast<EpochOptions&>(o));
  v("dropLast", o.drop_last);
  v("evalEvery", o.eval_every);
  v("evalBatchSize", o.eval_batch_size);
  v("poisonedPositions", o.poisoned_positions);
}

}  // namespace sau

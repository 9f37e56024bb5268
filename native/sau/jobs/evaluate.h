#pragma once
#include "sau/run_control.h"
#include "sau/workspace.h"

namespace sau::jobs {

struct EvaluateOptions {
  ModelRole model;
  int64_t batch_size;  ///< batches whose mean losses are averaged
};

template <class V>
void fields(V& v, EvaluateOptions& o) {
  v("model", o.model);
  v("batchSize", o.batch_size);
}

/// Measures a model on the images of kCleanTest and kPoisonedTest.
Metrics evaluate(const Workspace& workspace, const EvaluateOptions& options,
                 const RunControl& control);

}  // namespace sau::jobs

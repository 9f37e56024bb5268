#pragma once
#include <string>

#include "sau/defenses/defenses.h"
#include "sau/run_control.h"
#include "sau/workspace.h"

namespace sau::jobs {

struct DefendOptions {
  int64_t rounds;
  int64_t eval_every;       ///< rounds between measurements; the last one is measured too; 0 never
  int64_t eval_batch_size;  ///< batches whose mean losses are averaged
  int64_t save_every;       ///< units from one told state to the next, at least; 0: tells none
  StopOptions stop;
  Defenses::Choice method;
};

/// For a visitor that reads: the name of the method says which options it has.
template <class V>
void fields(V& v, DefendOptions& o) {
  v("rounds", o.rounds);
  v("evalEvery", o.eval_every);
  v("evalBatchSize", o.eval_batch_size);
  v("saveEvery", o.save_every);
  v("patience", o.stop.patience);
  v("seconds", o.stop.seconds);
  std::string name;
  v("method", name);
  o.method = Defenses::find(name);
  std::visit([&](auto& chosen) { v("options", chosen.options); }, o.method);
}

/// Purifies the trainee over the images of kCleanSubset, measuring it on kCleanTest and
/// kPoisonedTest. With patience it looks at kHeldOut too. After a cancellation it keeps the weights
/// of its last finished step. state: of an equal run, which goes on from there; both models have
/// the weights that it began with. Throws ERR_CHECKPOINT for that of another.
void defend(Workspace& workspace, const DefendOptions& options, RunState state,
            const RunControl& control);

}  // namespace sau::jobs

#include "sau/defenses/run_keeper.h"

#include "sau/device.h"
#include "sau/error.h"
#include "sau/stopwatch.h"

namespace sau {
namespace {

// Begin the names of the trainee's weights, and of what the defense has left.
constexpr const char* kTrainee = "trainee.";
constexpr const char* kDefense = "defense.";

RunState below(const std::string& prefix, const RunState& state) {
  RunState found;
  for (const auto& [name, value] : state) {
    if (name.starts_with(prefix)) found.push_back({name.substr(prefix.size()), value});
  }
  return found;
}

}  // namespace

RunKeeper::RunKeeper(Workspace& workspace, StopRule& stop, RunState state, int64_t save_every,
                     const RunControl& control)
    : workspace_(workspace),
      stop_(stop),
      state_(std::move(state)),
      save_every_(save_every),
      control_(control),
      muted_{control.cancelled, [this](const Progress& progress) { report(progress); }} {
  if (state_.empty()) return;
  place_ = Place{};
  StateArchive archive(state_, torch::kCPU, /*is_whole=*/true);
  archive("phase", place_->phase);
  archive("done", place_->done);
  archive("ended", place_->ended);
}

int64_t RunKeeper::begin_phase(int64_t units) {
  now_ = {.phase = now_.phase + 1};
  if (!is_behind()) return 0;
  if (now_.phase < place_->phase) {
    StateArchive archive(below(kDefense, state_), workspace_.device(), /*is_whole=*/false);
    visit_(archive);
    return units;
  }
  now_ = *place_;
  restore();
  return now_.ended ? units : now_.done;
}

void RunKeeper::unit_done(int64_t done, bool ends) {
  now_.done = done;
  now_.ended = ends;
  ++since_;
  if (save_every_ == 0 || since_ < save_every_ || !workspace_.take_state_request()) return;
  since_ = 0;
  tell();
}

void RunKeeper::require_reached() const {
  if (!is_behind()) return;
  throw Error("ERR_CHECKPOINT",
              "Expected the state of an equal run but received one of a later part than this one "
              "has. Go on with the options that the run began with");
}

void RunKeeper::visit_run(StateArchive& archive) {
  archive("phase", now_.phase);
  archive("done", now_.done);
  archive("ended", now_.ended);
  archive("passes.forward", workspace_.passes().forward);
  archive("passes.backward", workspace_.passes().backward);
  auto generator = workspace_.generator().get_state();
  archive("generator", generator);
  if (archive.gives()) workspace_.generator().set_state(generator);
  stop_.visit(archive);
}

void RunKeeper::restore() {
  workspace_.load(below(kTrainee, state_), ModelRole::kTrainee);
  StateArchive archive(below(kDefense, state_), workspace_.device(), /*is_whole=*/true);
  visit_(archive);
  StateArchive of_run(state_, torch::kCPU, /*is_whole=*/true);
  visit_run(of_run);
  place_.reset();
  state_.clear();
  if (stage_) control_.report(*stage_);
  stop_.report(control_);
}

void RunKeeper::tell() {
  const Stopwatch watch;
  StateArchive of_run, of_defense;
  visit_run(of_run);
  visit_(of_defense);
  auto state = of_run.taken();
  for (const auto& [name, value] : of_defense.taken()) state.push_back({kDefense + name, value});
  for (const auto& [name, value] : workspace_.export_state(ModelRole::kTrainee))
    state.push_back({kTrainee + name, value});
  control_.report(StateLeft{.tensors = std::move(state), .seconds = watch.seconds()});
}

void RunKeeper::report(const Progress& progress) {
  if (!is_behind()) return control_.report(progress);
  if (const auto* stage = std::get_if<Stage>(&progress)) stage_ = *stage;
}

}  // namespace sau

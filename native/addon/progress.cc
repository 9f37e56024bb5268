#include "addon/progress.h"

#include <algorithm>

#include "addon/tensors.h"

namespace sau::addon {
namespace {

void set(Napi::Object& o, const char* key, int64_t value) {
  o.Set(key, static_cast<double>(value));
}

Napi::Object event_object(Napi::Env env, const BatchDone& event) {
  auto o = Napi::Object::New(env);
  o.Set("kind", "batch");
  set(o, "round", event.round);
  set(o, "rounds", event.rounds);
  set(o, "batch", event.batch);
  set(o, "batches", event.batches);
  return o;
}

Napi::Object event_object(Napi::Env env, const RoundDone& event) {
  auto figures = Napi::Object::New(env);
  for (const auto& [name, value] : event.figures) figures.Set(name, value);
  auto o = Napi::Object::New(env);
  o.Set("kind", "round");
  set(o, "round", event.round);
  set(o, "rounds", event.rounds);
  o.Set("seconds", event.seconds);
  o.Set("figures", figures);
  if (event.metrics) o.Set("metrics", to_js(env, *event.metrics));
  return o;
}

Napi::Object event_object(Napi::Env env, const EvaluationDone& event) {
  auto o = Napi::Object::New(env);
  o.Set("kind", "evaluation");
  set(o, "images", event.images);
  set(o, "of", event.of);
  return o;
}

Napi::Object event_object(Napi::Env env, const Note& event) {
  auto o = Napi::Object::New(env);
  o.Set("kind", "note");
  o.Set("message", event.message);
  return o;
}

Napi::Object event_object(Napi::Env env, const Stage& event) {
  auto o = Napi::Object::New(env);
  o.Set("kind", "stage");
  o.Set("message", event.message);
  return o;
}

Napi::Object event_object(Napi::Env env, const TableRow& event) {
  auto cells = Napi::Object::New(env);
  for (const auto& entry : event.cells)
    std::visit([&](const auto& value) { cells.Set(entry.first, value); }, entry.second);
  auto o = Napi::Object::New(env);
  o.Set("kind", "row");
  o.Set("table", event.table);
  o.Set("cells", cells);
  if (event.metrics) o.Set("metrics", to_js(env, *event.metrics));
  return o;
}

Napi::Object event_object(Napi::Env env, const PictureMade& event) {
  auto planes = Napi::Uint8Array::New(env, event.planes.size());
  std::copy(event.planes.begin(), event.planes.end(), planes.Data());
  auto o = Napi::Object::New(env);
  o.Set("kind", "picture");
  o.Set("name", event.name);
  set(o, "height", event.height);
  set(o, "width", event.width);
  o.Set("planes", planes);
  return o;
}

Napi::Object event_object(Napi::Env env, const PassesDone& event) {
  auto o = Napi::Object::New(env);
  o.Set("kind", "passes");
  set(o, "forward", event.passes.forward);
  set(o, "backward", event.passes.backward);
  return o;
}

Napi::Object event_object(Napi::Env env, const Stopped& event) {
  auto o = Napi::Object::New(env);
  o.Set("kind", "stopped");
  o.Set("because", event.because);
  return o;
}

Napi::Object event_object(Napi::Env env, const StateLeft& event) {
  auto o = Napi::Object::New(env);
  o.Set("kind", "state");
  o.Set("tensors", to_js(env, event.tensors, true));
  o.Set("seconds", event.seconds);
  return o;
}

}  // namespace

Napi::Value to_js(Napi::Env env, const Metrics& m) {
  auto o = Napi::Object::New(env);
  o.Set("acc", m.acc);
  o.Set("asr", m.asr);
  o.Set("ra", m.ra);
  o.Set("cleanLoss", m.clean_loss);
  o.Set("poisonedLoss", m.poisoned_loss);
  o.Set("raLoss", m.ra_loss);
  set(o, "cleanCount", m.clean_count);
  set(o, "poisonedCount", m.poisoned_count);
  return o;
}

Napi::Value to_js(Napi::Env env, const Progress& progress) {
  return std::visit([&](const auto& event) { return event_object(env, event); }, progress);
}

}  // namespace sau::addon

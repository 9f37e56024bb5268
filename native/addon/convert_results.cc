#include "addon/convert_results.h"

namespace sau::addon {
namespace {

const char* name_of(Progress::Kind kind) {
  switch (kind) {
    case Progress::Kind::kBatch:
      return "batch";
    case Progress::Kind::kRound:
      return "round";
    case Progress::Kind::kEvaluation:
      return "evaluation";
    case Progress::Kind::kNote:
      return "note";
  }
  return "unknown";
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
  o.Set("cleanCount", static_cast<double>(m.clean_count));
  o.Set("poisonedCount", static_cast<double>(m.poisoned_count));
  return o;
}

Napi::Value to_js(Napi::Env env, const AttackShares& s) {
  auto o = Napi::Object::New(env);
  o.Set("cleanAcc", s.clean_acc);
  o.Set("asr", s.asr);
  o.Set("ra", s.ra);
  o.Set("crossTrainAcc", s.cross_train_acc);
  o.Set("crossAcc", s.cross_acc);
  o.Set("crossLoss", s.cross_loss);
  return o;
}

Napi::Value to_js(Napi::Env env, const Progress& p) {
  auto o = Napi::Object::New(env);
  o.Set("kind", name_of(p.kind));
  o.Set("round", static_cast<double>(p.round));
  o.Set("rounds", static_cast<double>(p.rounds));
  o.Set("batch", static_cast<double>(p.batch));
  o.Set("batches", static_cast<double>(p.batches));
  o.Set("loss", p.loss);
  o.Set("cleanLoss", p.clean_loss);
  o.Set("sharedLoss", p.shared_loss);
  o.Set("suspectShare", p.suspect_share);
  o.Set("trainAcc", p.train_acc);
  o.Set("seconds", p.seconds);
  if (p.metrics) o.Set("metrics", to_js(env, *p.metrics));
  if (p.attack) o.Set("attack", to_js(env, *p.attack));
  if (p.kind == Progress::Kind::kNote) o.Set("message", p.note);
  return o;
}

Napi::Value to_js(Napi::Env env, const DeviceInfo& info) {
  auto o = Napi::Object::New(env);
  o.Set("libtorchVersion", info.libtorch_version);
  o.Set("cpuCapability", info.cpu_capability);
  o.Set("threads", static_cast<double>(info.threads));
  o.Set("cpuBf16", info.cpu_bf16);
  o.Set("cudaBuilt", info.cuda_built);
  o.Set("cudaLibrary", info.cuda_library);
  o.Set("cudaAvailable", info.cuda_available);
  auto devices = Napi::Array::New(env, info.cuda_devices.size());
  for (uint32_t i = 0; i < info.cuda_devices.size(); ++i) {
    const auto& device = info.cuda_devices[i];
    auto d = Napi::Object::New(env);
    d.Set("index", static_cast<double>(device.index));
    d.Set("name", device.name);
    d.Set("memoryBytes", static_cast<double>(device.memory_bytes));
    d.Set("capability", device.capability);
    devices[i] = d;
  }
  o.Set("cudaDevices", devices);
  return o;
}

}  // namespace sau::addon

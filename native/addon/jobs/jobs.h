#pragma once
#include <napi.h>

#include <functional>
#include <type_traits>
#include <utility>
#include <vector>

#include "addon/job.h"
#include "sau/workspace.h"

// The jobs of a session: lib/native/contract.ts has their types.
namespace sau::addon {

/// A job whose arguments have been converted.
struct PreparedJob {
  std::function<Conversion(Workspace&, const RunControl&)> work;
  /// JS values whose memory the work reads.
  std::vector<Napi::Value> keep_alive = {};
};

/// Joins the work of a job and the conversion of its result.
template <typename Run, typename Convert>
PreparedJob job(Run run, Convert convert) {
  return {.work = [run, convert](Workspace& workspace, const RunControl& control) -> Conversion {
    auto result = run(workspace, control);
    return [result = std::move(result), convert](Napi::Env env) -> Napi::Value {
      return convert(env, result);
    };
  }};
}

/// A job without a result.
template <typename Run>
PreparedJob job(Run run) {
  return {.work = [run](Workspace& workspace, const RunControl& control) -> Conversion {
    run(workspace, control);
    return [](Napi::Env env) { return env.Undefined(); };
  }};
}

struct SessionJob {
  const char*
      name;  ///< of the method in JavaScript; a function as its last argument hears progress
  /// Converts the arguments. Throws ERR_CONFIG.
  PreparedJob (*prepare)(const Napi::CallbackInfo& info);
};

/// One line for each job: the function of jobs/<job>.cc that converts its arguments, and the name
/// of the method.
#define SAU_SESSION_JOBS(JOB)                  \
  JOB(adversarial_images, "adversarialImages") \
  JOB(defend, "defend")                        \
  JOB(evaluate, "evaluate")                    \
  JOB(export_state_dict, "exportStateDict")    \
  JOB(export_training, "exportTraining")       \
  JOB(features, "features")                    \
  JOB(grad_cam, "gradCam")                     \
  JOB(initialize, "initialize")                \
  JOB(layout, "layout")                        \
  JOB(lf_pattern, "lfPattern")                 \
  JOB(load_state_dict, "loadStateDict")        \
  JOB(load_training, "loadTraining")           \
  JOB(outer_gradient, "outerGradient")         \
  JOB(perturb, "perturb")                      \
  JOB(poison_images, "poisonImages")           \
  JOB(predict, "predict")                      \
  JOB(scan, "scan")                            \
  JOB(set_images, "setImages")                 \
  JOB(stega_images, "stegaImages")             \
  JOB(train, "train")                          \
  JOB(train_attack, "trainAttack")             \
  JOB(trojan_trigger, "trojanTrigger")

namespace jobs {
#define SAU_DECLARE(job, name) PreparedJob job(const Napi::CallbackInfo& info);
SAU_SESSION_JOBS(SAU_DECLARE)
#undef SAU_DECLARE
}  // namespace jobs

inline constexpr SessionJob kSessionJobs[] = {
#define SAU_ENTRY(job, name) {name, &jobs::job},
    SAU_SESSION_JOBS(SAU_ENTRY)
#undef SAU_ENTRY
};

}  // namespace sau::addon

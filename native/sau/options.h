#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace sau {

/// Shape of the ball that holds a perturbation; kReg has no bound (specification B1.5).
enum class Norm { kLInf, kL1, kL2, kReg };
/// Start of the perturbation: +bound, -bound, 0, or uniform in [0,1), then projected.
enum class DeltaInit { kMax, kMin, kZero, kRandom };

struct NormBall {
  Norm norm;
  double bound;  ///< pixel scale, where an image spans [0,1]
};

struct PgdOptions {
  NormBall ball;
  double step_size;  ///< pixels in [0,1], per sign step
  int64_t steps;     ///< most sign steps
  DeltaInit init;
  double beta1;  ///< weight of the adversarial term
  double beta2;  ///< weight of the shared (Jensen-Shannon) term
};

struct SauLossOptions {
  double lambda1;   ///< weight of the clean cross entropy
  double lambda2;   ///< weight of the cross entropy on perturbed images
  double lambda3;   ///< weight of the shared adversarial risk
  bool train_mode;  ///< batch norm of the trainee in training mode during the outer step
};

struct OptimizerOptions {
  enum class Kind { kAdam, kPlainAdam, kSgd } kind;  ///< kAdam with amsgrad, kPlainAdam without
  double learning_rate;
  double weight_decay;
  double momentum;    ///< SGD
  bool nesterov;      ///< SGD
  double adam_beta1;  ///< Adam
  double adam_beta2;
};

struct UnlearnOptions {
  int64_t rounds;
  int64_t batch_size;
  int64_t outer_steps;      ///< optimizer steps per perturbation
  int64_t eval_every;       ///< rounds between evaluations; 0 never
  int64_t eval_batch_size;  ///< batches whose mean losses are averaged
  PgdOptions pgd;
  SauLossOptions loss;
  OptimizerOptions optimizer;
  std::vector<int64_t> batch_order;  ///< [rounds * n] positions in the clean subset; empty: shuffle
};

/// How the learning rate of a training changes.
struct ScheduleOptions {
  enum class Kind { kConstant, kCosine, kOneCycle, kMultiStep, kPlateau } kind;
  int64_t length;       ///< cosine, one-cycle: epochs until the rate is 0
  double warmup_share;  ///< one-cycle: share of `length` in which the rate rises, below 1
  std::vector<int64_t> milestones;  ///< multi-step: epochs after which the rate is multiplied
  double gamma;                     ///< multi-step and plateau: the factor
};

struct TrainOptions {
  int64_t epochs;       ///< of the whole training
  int64_t first_epoch;  ///< epochs done before; above 0 the training goes on from its state
  int64_t stop_epoch;   ///< epochs done when this job ends, at most `epochs`
  int64_t batch_size;
  bool drop_last;
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  int64_t crop_padding;  ///< zero pixels around the image before the random crop; 0: no crop
  bool flip;             ///< horizontal flip with probability 1/2
  int64_t eval_every;
  int64_t eval_batch_size;
  std::vector<int64_t> poisoned_positions;  ///< images of the set with the trigger; none: not said
};

/// Arithmetic of the attack and of the outer step; weights and optimizer are float32 always.
/// kDefault: as PyTorch by default, which is float32 with TF32 convolutions on CUDA. kFp32: float32
/// alone. kTf32: TF32 in products of matrices as well (CUDA). kBf16: both in bfloat16. kFp16: the
/// attack in float16, the outer step as kTf32.
enum class Precision { kDefault, kFp32, kTf32, kBf16, kFp16 };

/// How a batch goes through the device. kDynamic leaves out images that are done, which asks the
/// device what is done; kStatic asks nothing and works on all; kRecorded also records a batch once
/// and repeats the record. All give the same step; kAuto takes what pays on the device.
enum class Execution { kAuto, kDynamic, kStatic, kRecorded };

/// Settings that change cost and not results.
struct Tuning {
  Execution execution;
  int64_t chunk;        ///< images per pass; 0: the device's choice
  int64_t cache_bytes;  ///< most memory for what stays the same in every round
};

struct WorkspaceOptions {
  std::string device;  ///< "cpu", "cuda" or "cuda:N"
  uint64_t seed;
  int64_t threads;  ///< CPU threads of a job; 0: LibTorch's choice
  std::string model;
  int64_t num_classes;
  std::vector<double> mean, std;  ///< [3], pixels in [0,1]
  Precision precision;
  Precision eval_precision;  ///< of passes that measure a model
  bool deterministic;        ///< equal seeds give equal runs on a device, or an error
  Tuning tuning;
};

}  // namespace sau

#include "addon/convert.h"

#include <array>
#include <cstring>
#include <string>
#include <utility>

namespace sau::addon {
namespace {

template <typename Array>
torch::Tensor view_of(const Napi::Value& value, at::IntArrayRef shape, napi_typedarray_type type,
                      torch::ScalarType dtype, const char* what) {
  if (!value.IsTypedArray() || value.As<Napi::TypedArray>().TypedArrayType() != type) {
    refuse(std::string("a ") + what);
  }
  auto array = value.As<Array>();
  const int64_t expected = c10::multiply_integers(shape);
  TORCH_CHECK(static_cast<int64_t>(array.ElementLength()) == expected, "expected a ", what, " of ",
              expected, " elements for the shape ", shape, ", got ", array.ElementLength());
  return torch::from_blob(array.Data(), shape, dtype);
}

constexpr std::array<std::pair<const char*, torch::ScalarType>, 10> kDtypes{
    {{"float32", torch::kFloat32},
     {"float64", torch::kFloat64},
     {"float16", torch::kFloat16},
     {"bfloat16", torch::kBFloat16},
     {"int64", torch::kInt64},
     {"int32", torch::kInt32},
     {"int16", torch::kInt16},
     {"int8", torch::kInt8},
     {"uint8", torch::kUInt8},
     {"bool", torch::kBool}}};

torch::ScalarType dtype_of(const std::string& name) {
  for (const auto& [known, dtype] : kDtypes) {
    if (name == known) return dtype;
  }
  refuse("a known dtype but received '" + name + "'");
}

const char* name_of(torch::ScalarType dtype) {
  for (const auto& [name, known] : kDtypes) {
    if (dtype == known) return name;
  }
  TORCH_CHECK(false, "no name for the dtype ", dtype);
}

OptimizerOptions optimizer_options(const Napi::Value& value) {
  const auto o = object_of(value, "optimizer");
  return {.kind = choose<OptimizerOptions::Kind>(
              o.Get("optimizer"), "optimizer",
              {{"adam", OptimizerOptions::Kind::kAdam}, {"sgd", OptimizerOptions::Kind::kSgd}}),
          .learning_rate = number_field(o, "learningRate"),
          .weight_decay = number_field(o, "weightDecay"),
          .momentum = number_field(o, "momentum"),
          .nesterov = boolean_field(o, "nesterov"),
          .adam_beta1 = number_field(o, "adamBeta1"),
          .adam_beta2 = number_field(o, "adamBeta2")};
}

ScheduleOptions schedule_options(const Napi::Object& o) {
  using Kind = ScheduleOptions::Kind;
  std::vector<int64_t> milestones;
  for (const double epoch : numbers_field(o, "milestones"))
    milestones.push_back(static_cast<int64_t>(epoch));
  return {.kind = choose<Kind>(o.Get("schedule"), "schedule",
                               {{"constant", Kind::kConstant},
                                {"cosine", Kind::kCosine},
                                {"oneCycle", Kind::kOneCycle},
                                {"multiStep", Kind::kMultiStep},
                                {"plateau", Kind::kPlateau}}),
          .length = integer_field(o, "scheduleLength"),
          .warmup_share = number_field(o, "warmupShare"),
          .milestones = std::move(milestones),
          .gamma = number_field(o, "gamma")};
}

template <typename Array>
Napi::Value copy_to_js(Napi::Env env, const torch::Tensor& t) {
  const auto source = t.contiguous();
  auto array = Array::New(env, static_cast<size_t>(source.numel()));
  if (source.numel() > 0) std::memcpy(array.Data(), source.data_ptr(), source.nbytes());
  return array;
}

std::vector<int64_t> positions(const Napi::Value& value) {
  const auto indices = index_tensor(value);
  const auto* first = indices.data_ptr<int64_t>();
  return {first, first + indices.numel()};
}

Precision precision(const Napi::Object& o, const char* key) {
  return choose<Precision>(o.Get(key), key,
                           {{"default", Precision::kDefault},
                            {"fp32", Precision::kFp32},
                            {"tf32", Precision::kTf32},
                            {"bf16", Precision::kBf16},
                            {"fp16", Precision::kFp16}});
}

Tuning tuning(const Napi::Value& value) {
  const auto o = object_of(value, "tuning");
  constexpr int64_t kMiB = 1 << 20;
  return {.execution = choose<Execution>(o.Get("execution"), "execution",
                                         {{"auto", Execution::kAuto},
                                          {"dynamic", Execution::kDynamic},
                                          {"static", Execution::kStatic},
                                          {"recorded", Execution::kRecorded}}),
          .chunk = integer_field(o, "chunkSize"),
          .cache_bytes = integer_field(o, "cacheMib") * kMiB};
}

}  // namespace

WorkspaceOptions workspace_options(const Napi::Value& value) {
  const auto o = object_of(value, "the session's options");
  return {.device = string_field(o, "device"),
          .seed = static_cast<uint64_t>(integer_field(o, "seed")),
          .threads = integer_field(o, "threads"),
          .model = string_field(o, "model"),
          .num_classes = integer_field(o, "numClasses"),
          .mean = numbers_field(o, "mean"),
          .std = numbers_field(o, "std"),
          .precision = precision(o, "precision"),
          .eval_precision = precision(o, "evalPrecision"),
          .deterministic = boolean_field(o, "deterministic"),
          .tuning = tuning(o.Get("tuning"))};
}

Norm norm(const Napi::Value& value) {
  return choose<Norm>(
      value, "norm",
      {{"L_inf", Norm::kLInf}, {"L1", Norm::kL1}, {"L2", Norm::kL2}, {"Reg", Norm::kReg}});
}

PgdOptions pgd_options(const Napi::Value& value) {
  const auto o = object_of(value, "pgd");
  return {.ball = {.norm = norm(field(o, "norm")), .bound = number_field(o, "normBound")},
          .step_size = number_field(o, "stepSize"),
          .steps = integer_field(o, "steps"),
          .init = choose<DeltaInit>(o.Get("init"), "init",
                                    {{"max", DeltaInit::kMax},
                                     {"min", DeltaInit::kMin},
                                     {"zero", DeltaInit::kZero},
                                     {"random", DeltaInit::kRandom}}),
          .beta1 = number_field(o, "beta1"),
          .beta2 = number_field(o, "beta2")};
}

SauLossOptions sau_loss_options(const Napi::Value& value) {
  const auto o = object_of(value, "loss");
  return {.lambda1 = number_field(o, "lambda1"),
          .lambda2 = number_field(o, "lambda2"),
          .lambda3 = number_field(o, "lambda3"),
          .train_mode = boolean_field(o, "trainMode")};
}

UnlearnOptions unlearn_options(const Napi::Value& value) {
  const auto o = object_of(value, "the options of unlearn");
  return {.rounds = integer_field(o, "rounds"),
          .batch_size = integer_field(o, "batchSize"),
          .outer_steps = integer_field(o, "outerSteps"),
          .eval_every = integer_field(o, "evalEvery"),
          .eval_batch_size = integer_field(o, "evalBatchSize"),
          .pgd = pgd_options(o.Get("pgd")),
          .loss = sau_loss_options(o.Get("loss")),
          .optimizer = optimizer_options(o.Get("optimizer")),
          .batch_order = positions(field(o, "batchOrder"))};
}

TrainOptions train_options(const Napi::Value& value) {
  const auto o = object_of(value, "the options of train");
  return {.epochs = integer_field(o, "epochs"),
          .first_epoch = integer_field(o, "firstEpoch"),
          .stop_epoch = integer_field(o, "stopEpoch"),
          .batch_size = integer_field(o, "batchSize"),
          .drop_last = boolean_field(o, "dropLast"),
          .optimizer = optimizer_options(o.Get("optimizer")),
          .schedule = schedule_options(o),
          .crop_padding = integer_field(o, "cropPadding"),
          .flip = boolean_field(o, "flip"),
          .eval_every = integer_field(o, "evalEvery"),
          .eval_batch_size = integer_field(o, "evalBatchSize"),
          .poisoned_positions = positions(field(o, "poisonedPositions"))};
}

ImageRole image_role(const Napi::Value& value) {
  return choose<ImageRole>(value, "image role",
                           {{"cleanSubset", ImageRole::kCleanSubset},
                            {"cleanTest", ImageRole::kCleanTest},
                            {"poisonedTest", ImageRole::kPoisonedTest},
                            {"train", ImageRole::kTrain}});
}

ModelRole model_role(const Napi::Value& value) {
  return choose<ModelRole>(
      value, "model role",
      {{"trainee", ModelRole::kTrainee}, {"reference", ModelRole::kReference}});
}

torch::Tensor float_tensor(const Napi::Value& value, at::IntArrayRef shape) {
  return view_of<Napi::Float32Array>(value, shape, napi_float32_array, torch::kFloat32,
                                     "Float32Array");
}

torch::Tensor int32_tensor(const Napi::Value& value, at::IntArrayRef shape) {
  return view_of<Napi::Int32Array>(value, shape, napi_int32_array, torch::kInt32, "Int32Array");
}

torch::Tensor uint8_tensor(const Napi::Value& value, at::IntArrayRef shape) {
  return view_of<Napi::Uint8Array>(value, shape, napi_uint8_array, torch::kUInt8, "Uint8Array");
}

torch::Tensor index_tensor(const Napi::Value& value) {
  if (!value.IsTypedArray()) refuse("an Int32Array");
  const auto count = static_cast<int64_t>(value.As<Napi::TypedArray>().ElementLength());
  return int32_tensor(value, {count}).to(torch::kInt64);
}

std::vector<NamedTensor> named_tensors(const Napi::Value& value) {
  if (!value.IsArray()) refuse("the tensors as an array");
  const auto array = value.As<Napi::Array>();
  std::vector<NamedTensor> tensors;
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const auto o = object_of(array.Get(i), "each tensor");
    std::vector<int64_t> shape;
    for (const double size : numbers_field(o, "shape")) shape.push_back(static_cast<int64_t>(size));
    const auto dtype = dtype_of(string_field(o, "dtype"));
    const auto bytes =
        c10::multiply_integers(shape) * static_cast<int64_t>(c10::elementSize(dtype));
    const auto raw = uint8_tensor(field(o, "data"), {bytes});
    const bool aligned = reinterpret_cast<uintptr_t>(raw.data_ptr()) % c10::elementSize(dtype) == 0;
    tensors.push_back(
        {string_field(o, "name"), (aligned ? raw : raw.clone()).view(dtype).view(shape)});
  }
  return tensors;
}

Napi::Value to_js_int32(Napi::Env env, const torch::Tensor& t) {
  return copy_to_js<Napi::Int32Array>(env, t.to(torch::kInt32));
}

Napi::Value to_js_float(Napi::Env env, const torch::Tensor& t) {
  return copy_to_js<Napi::Float32Array>(env, t.to(torch::kFloat32));
}

/// The bytes of a host tensor, without a copy where the runtime allows it: copying a whole model
/// would hold up the JS thread.
Napi::Value to_js_bytes(Napi::Env env, const torch::Tensor& t) {
  auto* kept = new torch::Tensor(t.contiguous());
  const auto release = [](Napi::Env, uint8_t*, torch::Tensor* tensor) { delete tensor; };
  return Napi::Buffer<uint8_t>::NewOrCopy(env, static_cast<uint8_t*>(kept->data_ptr()),
                                          kept->nbytes(), release, kept);
}

Napi::Value to_js(Napi::Env env, const std::vector<NamedTensor>& tensors, bool with_data) {
  auto array = Napi::Array::New(env, tensors.size());
  for (uint32_t i = 0; i < tensors.size(); ++i) {
    const auto& value = tensors[i].value;
    auto shape = Napi::Array::New(env, static_cast<size_t>(value.dim()));
    for (uint32_t d = 0; d < value.dim(); ++d)
      shape[d] = Napi::Number::New(env, static_cast<double>(value.size(d)));
    auto o = Napi::Object::New(env);
    o.Set("name", tensors[i].name);
    o.Set("dtype", name_of(value.scalar_type()));
    o.Set("shape", shape);
    if (with_data) o.Set("data", to_js_bytes(env, value));
    array[i] = o;
  }
  return array;
}

}  // namespace sau::addon

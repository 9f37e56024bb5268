#include "sau/repeated_work.h"

#include "sau/error.h"
#include "test/cases.h"

namespace sau::test {
namespace {

constexpr int64_t kTimes = 6;  // more than it takes until work is recorded

/// A recorder as CUDA's is: it calls the work, without effect, and may break while it does.
class FakeRecorder {
 public:
  explicit FakeRecorder(std::function<void()> on_record = [] {})
      : on_record_(std::move(on_record)) {}

  Recorder recorder() {
    return [this](std::function<void()> work) {
      ++calls;
      on_record_();
      return recorder_of(torch::kCPU)(std::move(work));
    };
  }

  int64_t calls = 0;

 private:
  std::function<void()> on_record_;
};

/// As an operator that CUDA cannot record.
void refuse() { TORCH_CHECK(false, "CUDA error: operation not permitted\nSearch for it"); }

/// Sums of inputs of two sizes, each kTimes: 6 * (0 + ... + 5).
double sum_of_repeated(FakeRecorder& recorder, const OnRefusal& on_refusal) {
  auto sum = torch::zeros({}, torch::kFloat64);
  RepeatedWork add([&](const std::vector<torch::Tensor>& inputs) { sum += inputs[0].sum(); },
                   recorder.recorder(), on_refusal);
  for (int64_t i = 0; i < kTimes; ++i) {
    add({torch::full({4}, i, torch::kFloat64)});
    add({torch::full({2}, i, torch::kFloat64)});
  }
  return sum.item<double>();
}

/// A record as a device has it: repeating it calls nothing.
class SilentRecording final : public Recording {
 public:
  void replay() override {}
};

/// What is counted of a work of two forward passes and one backward pass, done kTimes.
void counts_the_passes_of(const Recorder& recorder) {
  Passes passes{.forward = 5, .backward = 7};
  RepeatedWork work(
      [&](const std::vector<torch::Tensor>&) {
        passes.forward += 2;
        passes.backward += 1;
      },
      recorder, [](const std::string& why) { TORCH_CHECK(false, why); }, &passes);
  for (int64_t i = 0; i < kTimes; ++i) work({torch::zeros({1})});
  TORCH_CHECK(passes.forward == 5 + 2 * kTimes && passes.backward == 7 + kTimes, "expected ",
              5 + 2 * kTimes, " and ", 7 + kTimes, ", got ", passes.forward, " and ",
              passes.backward);
}

void counts_passes_of_records() {
  counts_the_passes_of(recorder_of(torch::kCPU));
  counts_the_passes_of([](const std::function<void()>& work) {
    work();  // as CUDA does while it records
    return std::make_unique<SilentRecording>();
  });
}

constexpr double kSum = 6 * 15;

Plan plan_for(bool must_record) {
  return {.dynamic_shapes = false,
          .recorded = true,
          .must_record = must_record,
          .chunk = 1,
          .cache_bytes = 0};
}

void is_recorded_once_a_shape() {
  FakeRecorder recorder;
  const double sum =
      sum_of_repeated(recorder, [](const std::string& why) { TORCH_CHECK(false, why); });
  TORCH_CHECK(sum == kSum, "expected ", kSum, ", got ", sum);
  TORCH_CHECK(recorder.calls == 2, "expected 2 records, got ", recorder.calls);
}

void goes_on_and_is_told_once() {
  const std::atomic<bool> cancelled = false;
  std::vector<std::string> notes;
  const RunControl control{cancelled, [&](const Progress& progress) {
                             notes.push_back(std::get<Note>(progress).message);
                           }};
  FakeRecorder recorder(refuse);
  const double sum = sum_of_repeated(recorder, on_refusal(plan_for(false), control));
  TORCH_CHECK(sum == kSum, "expected ", kSum, ", got ", sum);
  TORCH_CHECK(recorder.calls == 1, "expected 1 attempt, got ", recorder.calls);
  TORCH_CHECK(notes.size() == 1, "expected 1 note, got ", notes.size());
  TORCH_CHECK(notes[0].ends_with("CUDA error: operation not permitted"), notes[0]);
}

/// The code of the error that repeated work ends with, or nothing.
std::string code_of(FakeRecorder& recorder, const OnRefusal& on_refusal) {
  try {
    sum_of_repeated(recorder, on_refusal);
  } catch (const Error& e) {
    return e.code() + " " + e.what();
  }
  return "";
}

void fails_where_records_were_asked_for() {
  const std::atomic<bool> cancelled = false;
  const RunControl control{cancelled, [](const Progress&) {}};
  FakeRecorder recorder(refuse);
  const auto error = code_of(recorder, on_refusal(plan_for(true), control));
  TORCH_CHECK(error.starts_with("ERR_DEVICE "), "got '", error, "'");
  TORCH_CHECK(error.find("operation not permitted. Use the execution auto") != std::string::npos,
              error);
}

void passes_a_cancellation_on() {
  FakeRecorder recorder([] { throw Error("ERR_ABORTED", "The job was cancelled"); });
  const auto error =
      code_of(recorder, [](const std::string& why) { TORCH_CHECK(false, "told: ", why); });
  TORCH_CHECK(error.starts_with("ERR_ABORTED "), "got '", error, "'");
}

}  // namespace

std::vector<Case> repeated_work_cases() {
  return {
      {"repeated work is recorded once for each shape", is_recorded_once_a_shape},
      {"work that cannot be recorded goes on without, which is told once",
       goes_on_and_is_told_once},
      {"work that cannot be recorded is an error where the user asked for records",
       fails_where_records_were_asked_for},
      {"an error of the work itself passes through the recording", passes_a_cancellation_on},
      {"passes are counted where a record is repeated", counts_passes_of_records},
  };
}

}  // namespace sau::test

#include "sau/repeated_work.h"

#include "sau/error.h"

namespace sau {
namespace {

/// How often work is done before it is recorded. In the first runs, libraries choose their
/// algorithms and allocate their workspaces.
constexpr int64_t kWarmUps = 3;

class HostRecording final : public Recording {
 public:
  explicit HostRecording(std::function<void()> work) : work_(std::move(work)) {}
  void replay() override { work_(); }

 private:
  std::function<void()> work_;
};

/// The first line: CUDA's errors go on with how to debug them.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

Recorder recorder_of(const torch::Device& device) {
  if (device.is_cpu()) {
    return
        [](std::function<void()> work) { return std::make_unique<HostRecording>(std::move(work)); };
  }
  return [](const std::function<void()>& work) { return cuda_support()->record(work); };
}

OnRefusal on_refusal(const Plan& plan, const RunControl& control) {
  if (plan.must_record) {
    return [](const std::string& why) {
      throw Error("ERR_DEVICE",
                  "Expected a batch that can be recorded for the execution recorded "
                  "but received: " +
                      why + ". Use the execution auto or static");
    };
  }
  return [&control](const std::string& why) {
    control.report(
        Note{.message = "a batch cannot be recorded on this device, so that each is launched "
                        "operator by operator, which is slower: " +
                        why});
  };
}

void RepeatedWork::operator()(const std::vector<torch::Tensor>& inputs) {
  auto& shape = shapes_[inputs[0].size(0)];
  if (shape.inputs.empty()) {
    for (const auto& input : inputs)
      shape.inputs.push_back(input.defined() ? torch::empty_like(input) : input);
  }
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (inputs[i].defined()) shape.inputs[i].copy_(inputs[i]);
  }
  const auto before = passes_ == nullptr ? Passes{} : *passes_;
  const bool is_warm = shape.times++ >= kWarmUps;
  if (is_warm && can_record_ && !shape.recording) shape.recording = record(shape.inputs);
  shape.recording ? shape.recording->replay() : work_(shape.inputs);
  if (passes_ == nullptr) return;
  if (!is_warm) shape.passes = *passes_ - before;
  *passes_ = before + shape.passes;
}

std::unique_ptr<Recording> RepeatedWork::record(const std::vector<torch::Tensor>& inputs) {
  std::string why;
  try {
    return recorder_([this, inputs] { work_(inputs); });
  } catch (const Error&) {
    throw;  // the work's own, such as a cancellation
  } catch (const c10::Error& e) {
    why = e.what_without_backtrace();
  } catch (const std::exception& e) {
    why = e.what();
  }
  can_record_ = false;
  on_refusal_(first_line(why));
  return nullptr;
}

}  // namespace sau

#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sau/device.h"
#include "sau/passes.h"
#include "sau/plan.h"
#include "sau/run_control.h"
#include "sau/torch.h"

namespace sau {

/// Records work, without doing it. Throws where the device cannot.
using Recorder = std::function<std::unique_ptr<Recording>(std::function<void()> work)>;

/// What a device has; on the CPU a record is the work itself, so that all the rest runs there as
/// well.
Recorder recorder_of(const torch::Device& device);

/// Is told why work cannot be recorded. Where it returns, the work goes on without records.
using OnRefusal = std::function<void(const std::string& why)>;

/// Where the user asked for records: throws ERR_DEVICE. Else tells the user in a note.
OnRefusal on_refusal(const Plan& plan, const RunControl& control);

/// Work that is done again and again on inputs of a few shapes, such as a step on full batches and
/// on the last, smaller one. Each shape has inputs of its own at fixed addresses; after a few times
/// the work is recorded and from then on repeated as a whole.
class RepeatedWork {
 public:
  using Work = std::function<void(const std::vector<torch::Tensor>& inputs)>;
  /// passes: where the work counts its passes, which a repeated record costs as well; may be null.
  RepeatedWork(Work work, Recorder recorder, OnRefusal on_refusal, Passes* passes = nullptr)
      : work_(std::move(work)),
        recorder_(std::move(recorder)),
        on_refusal_(std::move(on_refusal)),
        passes_(passes) {}

  /// The first dimension of the first input identifies the shape. Undefined inputs stay undefined.
  void operator()(const std::vector<torch::Tensor>& inputs);

 private:
  struct Shape {
    std::vector<torch::Tensor> inputs;
    int64_t times = 0;
    Passes passes;  ///< of one time
    std::unique_ptr<Recording> recording;
  };

  /// Null where the device cannot record the work.
  std::unique_ptr<Recording> record(const std::vector<torch::Tensor>& inputs);

  Work work_;
  Recorder recorder_;
  OnRefusal on_refusal_;
  Passes* passes_;
  bool can_record_ = true;
  std::map<int64_t, Shape> shapes_;
};

}  // namespace sau

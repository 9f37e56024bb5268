#pragma once
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "sau/net/call.h"
#include "sau/net/operator_call.h"
#include "sau/net/program.h"

namespace sau {

/// A value of a program and what gives it. Lines take what lines before them give.
struct Line {
  enum class Kind { kInput, kWeight, kConstant, kCall, kElement } kind;
  std::string name;                           ///< of the value, or of its node
  std::string op = {};                        ///< of a call: aten::conv2d
  std::vector<size_t> inputs = {};            ///< lines
  std::shared_ptr<const Callee> callee = {};  ///< null of the images and of weights
  size_t position = 0;  ///< of a weight in the program, of an element in its list
  int64_t uses = 0;
  bool copied = false;  ///< images, a weight or a constant that some node writes to

  bool is_tensor = false;
  std::vector<int64_t> sizes = {};  ///< for a batch of two images
  std::vector<int64_t> shape = {};  ///< for one image

  const OperatorCall* call() const { return dynamic_cast<const OperatorCall*>(callee.get()); }
};

struct Lines {
  std::vector<Line> lines;
  size_t output;  ///< the line of the logits
};

/// The lines of a program, in order. Throws ERR_PROGRAM where names or operators are wrong.
Lines read_lines(const Program& program);

/// Marks what is written to. Throws ERR_PROGRAM where it cannot be told who sees a change.
void follow_writes(std::vector<Line>& lines);

/// Runs the lines on batches of two and three images, with zeros for weights, and notes the shapes.
/// Throws ERR_PROGRAM where they do not run within a limit of memory, or give no logits.
void find_shapes(Lines& lines, const Program& program);

}  // namespace sau

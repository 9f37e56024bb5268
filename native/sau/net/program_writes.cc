#include <algorithm>
#include <numeric>
#include <set>

#include "sau/error.h"
#include "sau/net/program_lines.h"

namespace sau {
namespace {

/// Values that may lie in the same memory.
class Memories {
 public:
  explicit Memories(size_t count) : parents_(count) {
    std::iota(parents_.begin(), parents_.end(), size_t{0});
  }
  size_t of(size_t line) {
    while (parents_[line] != line) line = parents_[line] = parents_[parents_[line]];
    return line;
  }
  void join(size_t a, size_t b) { parents_[of(a)] = of(b); }

 private:
  std::vector<size_t> parents_;
};

/// Whether it gives a copy where the memory of its input does not suit it.
bool may_copy(const Line& line) {
  static const auto& kMayCopy = *new std::set<std::string>{
      "aten::view",    "aten::reshape", "aten::view_as", "aten::reshape_as",
      "aten::flatten", "aten::to",      "aten::type_as", "aten::contiguous"};
  return kMayCopy.contains(line.op);
}

std::vector<size_t> last_uses(const std::vector<Line>& lines) {
  std::vector<size_t> last(lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    for (const size_t input : lines[i].inputs) last[input] = i;
  }
  return last;
}

}  // namespace

void follow_writes(std::vector<Line>& lines) {
  const auto last = last_uses(lines);
  Memories memories(lines.size());
  for (size_t i = 0; i < lines.size(); ++i) {
    auto& line = lines[i];
    const auto* call = line.call();
    for (const size_t position : call ? call->written_inputs() : std::vector<size_t>{}) {
      const size_t target = line.inputs[position];
      bool copies = false;
      bool seen_later = false;
      for (size_t other = 0; other < i; ++other) {
        if (memories.of(other) != memories.of(target)) continue;
        if (lines[other].kind < Line::Kind::kCall) lines[other].copied = true;
        copies = copies || may_copy(lines[other]);
        seen_later = seen_later || (other != target && last[other] > i);
      }
      if (copies && seen_later) {
        throw Error("ERR_PROGRAM",
                    "Expected a classifier as a program but its node " + line.name + " (" +
                        line.op +
                        ") changes a value that may be a copy of another one that is "
                        "used later. Write it without the change in place");
      }
    }
    if (line.kind == Line::Kind::kElement) memories.join(i, line.inputs[0]);
    for (const size_t position : call ? call->aliased_inputs() : std::vector<size_t>{})
      memories.join(i, line.inputs[position]);
  }
}

}  // namespace sau

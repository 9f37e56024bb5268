#pragma once
#include <optional>
#include <vector>

#include "sau/net/program_lines.h"

namespace sau {

/// An operation that does what a call does, and the lines whose values it takes.
struct Layered {
  Op op;
  std::vector<size_t> inputs;
};

/// The operation that a call is, if there is one: a convolution, norm, linear layer, activation,
/// sum or dropout. exclusive: nobody else sees the value that the call writes to.
std::optional<Layered> layer_of(size_t line, const std::vector<Line>& lines, const Program& program,
                                bool exclusive);

}  // namespace sau

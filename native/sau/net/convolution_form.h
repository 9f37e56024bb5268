#pragma once
#include <cstdint>

namespace sau {

struct ConvolutionForm {
  int64_t stride, padding, groups;
};

}  // namespace sau

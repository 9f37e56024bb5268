#include "sau/losses.h"

#include <limits>

#include "test/cases.h"

namespace sau::test {
namespace {

void brings_rows_to_one() {
  const auto [a, b] = rescaled_rows(torch::tensor({{0.5F, -0.25F}, {0.0F, 0.0F}}),
                                    torch::tensor({{0.125F, 0.0F}, {0.0F, 0.0F}}));
  TORCH_CHECK(a.equal(torch::tensor({{1.0F, -0.5F}, {0.0F, 0.0F}})), a);
  TORCH_CHECK(b.equal(torch::tensor({{0.25F, 0.0F}, {0.0F, 0.0F}})), b);
}

void keeps_subnormal_rows_finite() {
  // Their reciprocals are infinite, and infinite times 0 is not a number.
  const float tiny = std::numeric_limits<float>::min() / 16;
  const auto [a, b] = rescaled_rows(torch::tensor({{tiny, -tiny / 2, 0.0F}}), torch::zeros({1, 3}));
  TORCH_CHECK(a.equal(torch::tensor({{1.0F / 16, -1.0F / 32, 0.0F}})), a);
  TORCH_CHECK(b.equal(torch::zeros({1, 3})), b);
}

}  // namespace

std::vector<Case> loss_cases() {
  return {
      {"the gradients of an image come to a largest element of 1", brings_rows_to_one},
      {"gradients below the smallest normal number stay finite and keep their signs",
       keeps_subnormal_rows_finite},
  };
}

}  // namespace sau::test

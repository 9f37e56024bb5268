#include "sau/net/size_call.h"

#include <cmath>
#include <limits>
#include <map>

namespace sau {
namespace {

using Operands = std::vector<c10::IValue>;

bool is_whole(const c10::IValue& value) { return value.isInt() || value.isBool(); }

int64_t whole(const c10::IValue& value) {
  if (value.isBool()) return value.toBool() ? 1 : 0;
  TORCH_CHECK(value.isInt(), "expected an integer, got ", value.tagKind());
  return value.toInt();
}

double real(const c10::IValue& value) {
  if (value.isDouble()) return value.toDouble();
  return static_cast<double>(whole(value));
}

int64_t within(bool overflows, uint64_t result) {
  TORCH_CHECK(!overflows, "expected an integer of 64 bits");
  return static_cast<int64_t>(result);
}

// Sums and products of unsigned integers wrap, which every compiler has; the signs then tell.

int64_t add(int64_t a, int64_t b) {
  const auto sum = static_cast<uint64_t>(a) + static_cast<uint64_t>(b);
  const bool is_negative = static_cast<int64_t>(sum) < 0;
  return within((a < 0) == (b < 0) && is_negative != (a < 0), sum);
}

int64_t subtract(int64_t a, int64_t b) {
  const auto difference = static_cast<uint64_t>(a) - static_cast<uint64_t>(b);
  const bool is_negative = static_cast<int64_t>(difference) < 0;
  return within((a < 0) != (b < 0) && is_negative != (a < 0), difference);
}

int64_t multiply(int64_t a, int64_t b) {
  constexpr auto kLowest = std::numeric_limits<int64_t>::min();
  const auto product = static_cast<uint64_t>(a) * static_cast<uint64_t>(b);
  const bool overflows = a == -1  ? b == kLowest
                         : a == 0 ? false
                                  : static_cast<int64_t>(product) / a != b;
  return within(overflows, product);
}

/// Toward minus infinity, as Python does.
int64_t floor_divide(int64_t a, int64_t b) {
  TORCH_CHECK(b != 0 && !(b == -1 && a == std::numeric_limits<int64_t>::min()),
              "expected a quotient of 64 bits, got ", a, " / ", b);
  const int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

int64_t power(int64_t base, int64_t exponent) {
  TORCH_CHECK(exponent >= 0 && exponent < 64, "expected an exponent from 0 to 63, got ", exponent);
  int64_t result = 1;
  for (int64_t i = 0; i < exponent; ++i) result = multiply(result, base);
  return result;
}

template <auto OnWhole, auto OnReal>
c10::IValue arithmetic(const Operands& x) {
  if (is_whole(x.at(0)) && is_whole(x.at(1))) return OnWhole(whole(x[0]), whole(x[1]));
  return OnReal(real(x.at(0)), real(x.at(1)));
}

template <auto OnReal>
c10::IValue comparison(const Operands& x) {
  if (is_whole(x.at(0)) && is_whole(x.at(1))) return OnReal(whole(x[0]), whole(x[1]));
  return OnReal(real(x.at(0)), real(x.at(1)));
}

constexpr auto kEqual = [](auto a, auto b) { return a == b; };
constexpr auto kLess = [](auto a, auto b) { return a < b; };
constexpr auto kAtMost = [](auto a, auto b) { return a <= b; };
constexpr auto kUnequal = [](auto a, auto b) { return a != b; };
constexpr auto kGreater = [](auto a, auto b) { return a > b; };
constexpr auto kAtLeast = [](auto a, auto b) { return a >= b; };
constexpr auto kLarger = [](auto a, auto b) { return std::max(a, b); };
constexpr auto kSmaller = [](auto a, auto b) { return std::min(a, b); };
constexpr auto kSum = [](double a, double b) { return a + b; };
constexpr auto kDifference = [](double a, double b) { return a - b; };
constexpr auto kProduct = [](double a, double b) { return a * b; };
constexpr auto kFloorQuotient = [](double a, double b) { return std::floor(a / b); };
constexpr auto kRemainder = [](double a, double b) { return a - b * std::floor(a / b); };
constexpr auto kWholeRemainder = [](int64_t a, int64_t b) { return a - floor_divide(a, b) * b; };
constexpr auto kPower = [](double a, double b) { return std::pow(a, b); };

int64_t truncated(double number) {
  TORCH_CHECK(std::abs(number) < 0x1p63, "expected an integer of 64 bits, got ", number);
  return static_cast<int64_t>(number);
}

using Function = c10::IValue (*)(const Operands&);

const std::map<std::string, Function>& functions() {
  static const auto& kFunctions = *new std::map<std::string, Function>{
      {"size",
       [](const Operands& x) { return c10::IValue(x.at(0).toTensor().size(whole(x.at(1)))); }},
      {"stride",
       [](const Operands& x) { return c10::IValue(x.at(0).toTensor().stride(whole(x.at(1)))); }},
      {"numel", [](const Operands& x) { return c10::IValue(x.at(0).toTensor().numel()); }},
      {"add", arithmetic<add, kSum>},
      {"sub", arithmetic<subtract, kDifference>},
      {"mul", arithmetic<multiply, kProduct>},
      {"floordiv", arithmetic<floor_divide, kFloorQuotient>},
      {"mod", arithmetic<kWholeRemainder, kRemainder>},
      {"pow", arithmetic<power, kPower>},
      {"truediv", [](const Operands& x) { return c10::IValue(real(x.at(0)) / real(x.at(1))); }},
      {"neg",
       [](const Operands& x) {
         return is_whole(x.at(0)) ? c10::IValue(subtract(0, whole(x[0])))
                                  : c10::IValue(-real(x.at(0)));
       }},
      {"eq", comparison<kEqual>},
      {"ne", comparison<kUnequal>},
      {"lt", comparison<kLess>},
      {"le", comparison<kAtMost>},
      {"gt", comparison<kGreater>},
      {"ge", comparison<kAtLeast>},
      {"max", comparison<kLarger>},
      {"min", comparison<kSmaller>},
      {"and_", [](const Operands& x) { return c10::IValue(x.at(0).toBool() && x.at(1).toBool()); }},
      {"or_", [](const Operands& x) { return c10::IValue(x.at(0).toBool() || x.at(1).toBool()); }},
      {"not", [](const Operands& x) { return c10::IValue(!x.at(0).toBool()); }},
      {"ite", [](const Operands& x) { return x.at(0).toBool() ? x.at(1) : x.at(2); }},
      {"int", [](const Operands& x) { return c10::IValue(truncated(real(x.at(0)))); }},
      {"float", [](const Operands& x) { return c10::IValue(real(x.at(0))); }},
      {"sqrt", [](const Operands& x) { return c10::IValue(std::sqrt(real(x.at(0)))); }}};
  return kFunctions;
}

}  // namespace

SizeCall::SizeCall(const std::string& function, std::vector<BoundArgument> arguments)
    : arguments_(std::move(arguments)) {
  const auto found = functions().find(function);
  TORCH_CHECK(found != functions().end(), "expected a function of sizes, got ", function);
  function_ = found->second;
}

c10::IValue SizeCall::operator()(std::vector<c10::IValue> inputs, const Pass&) const {
  Operands operands;
  for (const auto& argument : arguments_) {
    if (const auto* input = std::get_if<BoundArgument::Input>(&argument.is)) {
      operands.push_back(inputs.at(input->position));
    } else if (const auto* integer = std::get_if<int64_t>(&argument.is)) {
      operands.emplace_back(*integer);
    } else if (const auto* number = std::get_if<double>(&argument.is)) {
      operands.emplace_back(*number);
    } else {
      const auto* truth = std::get_if<bool>(&argument.is);
      TORCH_CHECK(truth != nullptr, "expected a number");
      operands.emplace_back(*truth);
    }
  }
  try {
    return function_(operands);
  } catch (const std::out_of_range&) {
    TORCH_CHECK(false, "expected more operands, got ", operands.size());
  }
}

}  // namespace sau

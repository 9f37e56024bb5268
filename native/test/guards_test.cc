#include "sau/guards.h"

#include <stdexcept>

#include "test/cases.h"

namespace sau::test {
namespace {

/// What comes out of do_and_finish: the message of its error, and whether it was finished.
std::string outcome(const std::function<void()>& work, const std::function<void()>& finish) {
  bool finished = false;
  std::string message = "none";
  try {
    do_and_finish(work, [&] {
      finished = true;
      finish();
    });
  } catch (const std::runtime_error& e) {
    message = e.what();
  }
  return message + (finished ? ", finished" : ", not finished");
}

void expect(const std::string& actual, const std::string& expected) {
  TORCH_CHECK(actual == expected, "expected '", expected, "', got '", actual, "'");
}

const auto kNothing = [] {};
const auto kBreak = [] { throw std::runtime_error("broken"); };
const auto kUnfinished = [] { throw std::runtime_error("unfinished"); };

}  // namespace

std::vector<Case> guard_cases() {
  return {
      {"work that ends is finished", [] { expect(outcome(kNothing, kNothing), "none, finished"); }},
      {"work that throws is finished",
       [] { expect(outcome(kBreak, kNothing), "broken, finished"); }},
      {"a finish that fails is told",
       [] { expect(outcome(kNothing, kUnfinished), "unfinished, finished"); }},
      {"a finish that fails does not hide the error of the work",
       [] { expect(outcome(kBreak, kUnfinished), "broken, finished"); }},
  };
}

}  // namespace sau::test

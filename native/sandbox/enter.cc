#include "sandbox/enter.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <exception>
#include <thread>

#include "sandbox/failure.h"
#include "sandbox/system_calls.h"

namespace sau::sandbox {
namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const auto& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

/// Lets the standard streams block again, as they did before Node opened them: they are shared with the
/// process that started this one. They are as Node has them where the scope is left.
class BlockingStreams {
 public:
  BlockingStreams() {
    for (int stream = 0; stream < kStreams; ++stream) {
      flags_[stream] = fcntl(stream, F_GETFL);
      if (waits(stream)) fcntl(stream, F_SETFL, flags_[stream] & ~O_NONBLOCK);
    }
  }
  ~BlockingStreams() {
    for (int stream = 0; stream < kStreams; ++stream) {
      if (waits(stream)) fcntl(stream, F_SETFL, flags_[stream]);
    }
  }
  BlockingStreams(const BlockingStreams&) = delete;
  BlockingStreams& operator=(const BlockingStreams&) = delete;

 private:
  static constexpr int kStreams = 3;
  bool waits(int stream) const {
    return flags_[stream] >= 0 && (flags_[stream] & O_NONBLOCK) != 0;
  }
  int flags_[kStreams];
};

[[noreturn]] void confine_thread(const Confinement& confinement, const Program& program) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("no_new_privs");
  if (confinement.files) {
    int error = 0;
    FileRules rules(landlock_version(&error));
    for (const auto& [path, access] : confinement.rules) rules.allow(path, access);
    rules.restrict_thread();
  }
  const auto arguments = pointers(program.arguments);
  const auto environment = pointers(program.environment);
  if (confinement.system_calls) refuse_system_calls();
  const BlockingStreams blocking;
  execve(program.file.c_str(), arguments.data(), environment.data());
  fail("execve");
}

}  // namespace

void enter(const Confinement& confinement, const Program& program) {
  std::exception_ptr problem;
  // Only the thread that asks for it is confined, until execve ends the others and this one takes the
  // place of the process. Where it fails before, the others are as they were.
  std::thread thread([&] {
    try {
      confine_thread(confinement, program);
    } catch (...) {
      problem = std::current_exception();
    }
  });
  thread.join();
  std::rethrow_exception(problem);
}

}  // namespace sau::sandbox

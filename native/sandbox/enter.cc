#include "sandbox/enter.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <optional>
#include <system_error>
#include <thread>

#include "sandbox/capabilities.h"
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

/// Hands the standard streams on as they were before Node opened them: it keeps them from other
/// programs and lets them not block, which the process that started this one would see. They are as
/// Node has them where the scope is left.
class HandedOnStreams {
 public:
  HandedOnStreams() {
    for (int stream = 0; stream < kStreams; ++stream) {
      status_[stream] = fcntl(stream, F_GETFL);
      closing_[stream] = fcntl(stream, F_GETFD);
      if (waits(stream)) fcntl(stream, F_SETFL, status_[stream] & ~O_NONBLOCK);
      if (closing_[stream] >= 0) fcntl(stream, F_SETFD, closing_[stream] & ~FD_CLOEXEC);
    }
  }
  ~HandedOnStreams() {
    for (int stream = 0; stream < kStreams; ++stream) {
      if (waits(stream)) fcntl(stream, F_SETFL, status_[stream]);
      if (closing_[stream] >= 0) fcntl(stream, F_SETFD, closing_[stream]);
    }
  }
  HandedOnStreams(const HandedOnStreams&) = delete;
  HandedOnStreams& operator=(const HandedOnStreams&) = delete;

 private:
  static constexpr int kStreams = 3;
  bool waits(int stream) const {
    return status_[stream] >= 0 && (status_[stream] & O_NONBLOCK) != 0;
  }
  int status_[kStreams];
  int closing_[kStreams];
};

[[noreturn]] void confine_thread(const Confinement& confinement, const Program& program) {
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail("no_new_privs");
  keep_powers_over_files();
  if (confinement.files) {
    int error = 0;
    FileRules rules(landlock_version(&error));
    for (const auto& [path, access] : confinement.rules) rules.allow(path, access);
    rules.restrict_thread();
  }
  const auto arguments = pointers(program.arguments);
  const auto environment = pointers(program.environment);
  if (confinement.system_calls) refuse_system_calls();
  const HandedOnStreams streams;
  execve(program.file.c_str(), arguments.data(), environment.data());
  fail("execve");
}

}  // namespace

void enter(const Confinement& confinement, const Program& program) {
  std::optional<std::system_error> problem;
  // Only the thread that asks for it is confined, until execve ends the others and this one takes
  // the place of the process. Where it fails before, the others are as they were.
  std::thread thread([&] {
    try {
      confine_thread(confinement, program);
    } catch (const std::system_error& error) {
      problem = error;
    }
  });
  thread.join();
  throw std::system_error(problem.value());
}

}  // namespace sau::sandbox

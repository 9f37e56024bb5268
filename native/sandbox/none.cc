#include <cerrno>

#include "sandbox/enter.h"
#include "sandbox/failure.h"
#include "sandbox/system_calls.h"

// Where the system is not Linux, whose means of confinement these are.
namespace sau::sandbox {

int landlock_version(int* error) {
  *error = ENOSYS;
  return 0;
}

bool can_filter_system_calls() { return false; }

void enter(const Confinement&, const Program&) { fail("sandbox", ENOSYS); }

}  // namespace sau::sandbox

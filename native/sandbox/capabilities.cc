#include "sandbox/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace sau::sandbox {

void keep_powers_over_files() {
  constexpr unsigned long last = 63;
  for (unsigned long power = 0; power <= last; ++power) {
    if (power == CAP_DAC_OVERRIDE || power == CAP_DAC_READ_SEARCH) continue;
    // Refused to who is not root, who has none of them and gains none, and beyond those that there
    // are.
    prctl(PR_CAPBSET_DROP, power, 0, 0, 0);
  }
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct powers[_LINUX_CAPABILITY_U32S_3] = {};
  if (syscall(__NR_capget, &header, powers) != 0) return;
  for (auto& part : powers) part.inheritable = 0;
  syscall(__NR_capset, &header, powers);
}

}  // namespace sau::sandbox

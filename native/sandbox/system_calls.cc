#include "sandbox/system_calls.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "sandbox/failure.h"

namespace sau::sandbox {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr uint32_t kArchitecture = 0;
#endif

// The numbers since 424 are those of every processor, and older headers do not have them.
constexpr int kClone3 = 435;
constexpr int kRecent[] = {
    424,            // pidfd_send_signal
    425, 426, 427,  // io_uring_setup, _enter, _register: calls that no filter sees
    428, 429,       // open_tree, move_mount
    430, 431, 432,  // fsopen, fsconfig, fsmount
    433,            // fspick
    438,            // pidfd_getfd
    440,            // process_madvise
    442,            // mount_setattr
    448,            // process_mrelease
    452,            // fchmodat2
    463, 466,       // setxattrat, removexattrat
    467,            // open_tree_attr
};

constexpr int kRefused[] = {
    // Other processes, hosts and the machine's own network.
    __NR_socket,
    __NR_connect,
    __NR_bind,
    __NR_listen,
    __NR_accept,
    __NR_accept4,
    // Looking into processes.
    __NR_ptrace,
    __NR_process_vm_readv,
    __NR_process_vm_writev,
    __NR_kcmp,
    __NR_perf_event_open,
    __NR_userfaultfd,
    // Memory, queues and semaphores that any process of the user can open.
    __NR_shmget,
    __NR_shmat,
    __NR_shmctl,
    __NR_msgget,
    __NR_msgsnd,
    __NR_msgrcv,
    __NR_msgctl,
    __NR_semget,
    __NR_semop,
    __NR_semtimedop,
    __NR_semctl,
    __NR_mq_open,
    __NR_mq_unlink,
    // Mounts and namespaces.
    __NR_mount,
    __NR_umount2,
    __NR_pivot_root,
    __NR_chroot,
    __NR_unshare,
    __NR_setns,
    // Files by number, and what Landlock does not judge.
    __NR_open_by_handle_at,
    __NR_name_to_handle_at,
    __NR_fanotify_init,
    __NR_truncate,
    __NR_fchmod,
    __NR_fchmodat,
    __NR_fchown,
    __NR_fchownat,
    __NR_setxattr,
    __NR_lsetxattr,
    __NR_fsetxattr,
    __NR_removexattr,
    __NR_lremovexattr,
    __NR_fremovexattr,
#ifdef __NR_chmod
    __NR_chmod,
    __NR_chown,
    __NR_lchown,
#endif
    // The kernel and the machine.
    __NR_bpf,
    __NR_add_key,
    __NR_request_key,
    __NR_keyctl,
    __NR_kexec_load,
    __NR_init_module,
    __NR_finit_module,
    __NR_delete_module,
    __NR_reboot,
    __NR_swapon,
    __NR_swapoff,
    __NR_acct,
    __NR_quotactl,
    __NR_settimeofday,
    __NR_clock_settime,
    __NR_clock_adjtime,
    __NR_adjtimex,
    __NR_sethostname,
    __NR_setdomainname,
    __NR_syslog,
    __NR_vhangup,
    __NR_personality,
#ifdef __NR_kexec_file_load
    __NR_kexec_file_load,
#endif
#ifdef __NR_iopl
    __NR_iopl,
    __NR_ioperm,
    __NR_modify_ldt,
    __NR_uselib,
    __NR_ustat,
    __NR_sysfs,
#endif
};

/// A filter of system calls in the order in which it asks.
class Filter {
 public:
  Filter() {
    load(offsetof(seccomp_data, arch));
    unless(kArchitecture, SECCOMP_RET_KILL_PROCESS);
    load_number();
#ifdef __x86_64__
    constexpr uint32_t x32 = 0x40000000;  // calls of another form, under numbers of their own
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, x32, 0, 1));
    answer(refusal(EPERM));
#endif
  }

  void refuse(int call, int error = EPERM) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 1));
    answer(refusal(error));
  }

  /// Refuses a call where the bits of an argument that `mask` has equal `value`, or are any of it.
  void refuse_equal(int call, int argument, uint32_t value, uint32_t mask = ~0U) {
    on(call, argument, mask, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1));
  }
  void refuse_any_bit(int call, int argument, uint32_t bits) {
    on(call, argument, ~0U, BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, bits, 0, 1));
  }
  void refuse_unless(int call, int argument, uint32_t value, uint32_t mask) {
    on(call, argument, mask, BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0));
  }

  /// Where nothing was refused the call is allowed.
  void apply() {
    answer(SECCOMP_RET_ALLOW);
    const sock_fprog program{static_cast<unsigned short>(code_.size()), code_.data()};
    // Kernels before 5.16 would slow down all that a filtered process computes, against leaks
    // between tenants of one process, which there are none here.
    constexpr unsigned long kKeepSpeed = 1UL << 2;
    if (syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, kKeepSpeed, &program) == 0) return;
    if (errno != EINVAL || syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0UL, &program) != 0)
      fail("seccomp");
  }

 private:
  static uint32_t refusal(int error) {
    return SECCOMP_RET_ERRNO | (static_cast<uint32_t>(error) & SECCOMP_RET_DATA);
  }
  void answer(uint32_t value) { code_.push_back(BPF_STMT(BPF_RET | BPF_K, value)); }
  void load(size_t offset) {
    code_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<uint32_t>(offset)));
  }
  void load_number() { load(offsetof(seccomp_data, nr)); }
  void unless(uint32_t value, uint32_t then) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, 1, 0));
    answer(then);
  }

  /// Asks about the lower half of an argument of one call. `test` goes on to the refusal or over
  /// it.
  void on(int call, int argument, uint32_t mask, sock_filter test) {
    code_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<uint32_t>(call), 0, 5));
    load(offsetof(seccomp_data, args) + sizeof(uint64_t) * static_cast<size_t>(argument));
    code_.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask));
    code_.push_back(test);
    answer(refusal(EPERM));
    load_number();
  }

  std::vector<sock_filter> code_;
};

}  // namespace

bool can_filter_system_calls() {
  const uint32_t action = SECCOMP_RET_ERRNO;
  return kArchitecture != 0 && syscall(__NR_seccomp, SECCOMP_GET_ACTION_AVAIL, 0UL, &action) == 0;
}

void refuse_system_calls() {
  Filter filter;
  for (const int call : kRefused) filter.refuse(call);
  for (const int call : kRecent) filter.refuse(call);
  // Its flags are in memory, where no filter sees them. The C library goes on to clone.
  filter.refuse(kClone3, ENOSYS);
  constexpr uint32_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                  CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  filter.refuse_any_bit(__NR_clone, 0, namespaces);
  // Pairs of streams are how a process talks with those that it starts. Datagrams could go to any
  // address.
  constexpr uint32_t type = 0xf;
  filter.refuse_unless(__NR_socketpair, 0, AF_UNIX, ~0U);
  filter.refuse_unless(__NR_socketpair, 1, SOCK_STREAM, type);
  constexpr uint32_t linux_console = 0x541c;  // TIOCLINUX, which pastes into a console
  filter.refuse_equal(__NR_ioctl, 1, TIOCSTI);
  filter.refuse_equal(__NR_ioctl, 1, linux_console);
  filter.apply();
}

}  // namespace sau::sandbox

// What hostile code in a confined process would try. Prints a line for each attempt: its name, and the error or "done".
// Usage: hostile <secret> <readable> <outside> <results> <process> [without-kernel]
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void tell(const char* name, long result) {
  printf("%s %s\n", name, result < 0 ? strerrorname_np(errno) : "done");
  fflush(stdout);
}

static long opened(const char* path, int flags) {
  const int file = open(path, flags, 0600);
  if (file >= 0) close(file);
  return file;
}

static const char* in(const char* folder, const char* name) {
  static char paths[8][4096];
  static int next = 0;
  char* path = paths[next++ % 8];
  snprintf(path, sizeof paths[0], "%s/%s", folder, name);
  return path;
}

static long thread(void) {
  const pid_t child = fork();
  if (child == 0) _exit(0);
  return child < 0 ? -1 : waitpid(child, NULL, 0);
}

int main(int count, char** of) {
  if (count < 6) return 2;
  const char *secret = of[1], *readable = of[2], *outside = of[3], *results = of[4];
  const pid_t other = (pid_t)atoi(of[5]);
  char environ_of[64], memory_of[64];
  snprintf(environ_of, sizeof environ_of, "/proc/%d/environ", (int)other);
  snprintf(memory_of, sizeof memory_of, "/proc/%d/mem", (int)other);

  // What it needs for its work.
  tell("read-named", opened(readable, O_RDONLY));
  tell("write-result", opened(in(results, "made"), O_CREAT | O_WRONLY));
  tell("make-folder", mkdir(in(results, "folder"), 0700));
  tell("move-result", rename(in(results, "made"), in(results, "folder/moved")));
  tell("remove-result", unlink(in(results, "folder/moved")));
  tell("start-process", thread());
  int pair[2];
  tell("talk-with-own", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));

  // Secrets.
  tell("read-secret", opened(secret, O_RDONLY));
  tell("read-by-link", symlink(secret, in(results, "link")) < 0 ? -1 : opened(in(results, "link"), O_RDONLY));
  tell("link-secret", link(secret, in(results, "hard")));
  tell("list-folder", opened(outside, O_RDONLY | O_DIRECTORY));
  tell("read-environment", opened(environ_of, O_RDONLY));
  tell("read-memory", opened(memory_of, O_RDWR));
  char byte;
  struct iovec own = {&byte, 1}, theirs = {(void*)own.iov_base, 1};
  tell("copy-memory", process_vm_readv(other, &own, 1, &theirs, 1, 0));
  tell("trace", ptrace(PTRACE_ATTACH, other, NULL, NULL));

  // Changes.
  tell("write-outside", opened(in(outside, "made"), O_CREAT | O_WRONLY));
  tell("write-named", opened(readable, O_WRONLY));
  tell("truncate-named", truncate(readable, 0));
  tell("remove-named", unlink(readable));
  tell("move-named", rename(readable, in(results, "taken")));
  tell("make-folder-outside", mkdir(in(outside, "folder"), 0700));
  tell("remove-folder-outside", rmdir(in(outside, "empty")));
  tell("open-up-named", chmod(readable, 0777));
  const int held = open(readable, O_RDONLY);
  tell("open-up-held", fchmod(held, 0777));
  tell("give-away", chown(readable, 1, 1));
  tell("set-proc", opened("/proc/sys/kernel/core_pattern", O_WRONLY));
  tell("make-device", mknod(in(results, "device"), S_IFCHR | 0600, 0x0101));

  // The network and other programs.
  struct sockaddr_in host = {.sin_family = AF_INET, .sin_port = htons(9)};
  host.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int inet = socket(AF_INET, SOCK_STREAM, 0);
  tell("connect", inet < 0 ? -1 : connect(inet, (struct sockaddr*)&host, sizeof host));
  tell("datagram", socket(AF_INET, SOCK_DGRAM, 0));
  tell("inet6", socket(AF_INET6, SOCK_STREAM, 0));
  tell("netlink", socket(AF_NETLINK, SOCK_RAW, 0));
  tell("packet", socket(AF_PACKET, SOCK_RAW, 0));
  tell("local-socket", socket(AF_UNIX, SOCK_STREAM, 0));
  tell("local-datagrams", socketpair(AF_UNIX, SOCK_DGRAM, 0, pair));
  struct sockaddr_un daemon = {.sun_family = AF_UNIX, .sun_path = "/run/daemon"};
  tell("connect-pair", connect(pair[0], (struct sockaddr*)&daemon, sizeof daemon));
  tell("shared-memory", shmget(IPC_PRIVATE, 4096, 0600));
  tell("signal", kill(other, SIGCONT));
  const pid_t shell = fork();
  if (shell == 0) {
    execl("/bin/sh", "sh", "-c", "exit 0", (char*)NULL);
    _exit(errno == EACCES ? 13 : 1);
  }
  int status = 0;
  waitpid(shell, &status, 0);
  errno = EACCES;
  tell("run-shell", WIFEXITED(status) && WEXITSTATUS(status) == 13 ? -1 : 0);

  // The kernel. Outside of a sandbox root would really do some of this.
  if (count > 6) return 0;
  tell("mount", mount("none", results, "tmpfs", 0, NULL));
  tell("unshare", unshare(CLONE_NEWUSER));
  tell("namespace", syscall(SYS_clone, (unsigned long)(CLONE_NEWUSER | SIGCHLD), NULL, NULL, NULL, NULL));
  tell("clone3", syscall(435, NULL, 0));
  tell("bpf", syscall(SYS_bpf, 5, NULL, 0));
  tell("io-uring", syscall(425, 1, NULL));
  tell("perf", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
  tell("keys", syscall(SYS_keyctl, 0, -3, 0));
  tell("userfaultfd", syscall(SYS_userfaultfd, 0));
  tell("type-in-terminal", ioctl(0, TIOCSTI, "x"));
  return 0;
}

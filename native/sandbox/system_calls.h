#pragma once

namespace sau::sandbox {

/// Whether the kernel filters system calls, and this processor is one whose calls are known here.
bool can_filter_system_calls();

/// Refuses to the calling thread, and to what it starts, for good (seccomp): every new socket but a
/// pair of streams, looking into other processes, changing mounts, namespaces, permissions and
/// owners of files, the interfaces of the kernel that a program like this never uses, and typing
/// into its terminal. A refused call fails with EPERM. Needs no_new_privs. Throws
/// std::system_error.
void refuse_system_calls();

}  // namespace sau::sandbox

#pragma once

namespace sau::sandbox {

/// Takes from root, for what the calling thread starts, all powers but those over the permissions
/// of files. With them the kernel shows the memory maps and environments of other processes, for
/// example.
void keep_powers_over_files();

}  // namespace sau::sandbox

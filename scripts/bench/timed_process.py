"""Runs the command of one JSON line and answers with its times and peak memory.

The peak is the kernel's figure for a finished child process (wait4). It starts from the memory of
the parent, so this parent is a small process of its own. Page cache does not count.
"""

import json
import os
import subprocess
import sys
import tempfile
import time


def main() -> None:
    argv = json.loads(sys.stdin.readline())["argv"]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=errors)
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - start
        child.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        errors.seek(0)
        if child.returncode != 0:
            tail = errors.read().decode(errors="replace")[-2000:]
            print(json.dumps({"error": f"{' '.join(argv)} ended with {child.returncode}: {tail}"}))
            return
        stdout = out.read().decode()
    answer = {
        "seconds": seconds,
        "cpuSeconds": usage.ru_utime + usage.ru_stime,
        "peakMiB": usage.ru_maxrss / 1024,
        "stdout": stdout,
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    main()

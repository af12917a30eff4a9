"""Judges so many generated homes and prints what it took: `python -m benchmarks.many 10000`."""

from __future__ import annotations

import resource
import sys
import time
from pathlib import Path

import msgspec

from benchmarks.homes import homes
from benchmarks.judging import Many
from nightlatch.audit.judge import judge
from nightlatch.practices.registry import practices


def judged(number: int) -> Many:
    """Make each home, judge it, count its findings and let both go; ten blocks, timed one by one."""
    chosen = practices()
    block = max(1, number // 10)
    seconds = [0.0] * (number // block)
    findings = 0
    begin = time.perf_counter()
    for index, home in enumerate(homes(number, number)):
        start = time.perf_counter()
        found = judge(home, chosen)
        seconds[index // block] += time.perf_counter() - start
        findings += len(found)
    generating = time.perf_counter() - begin - sum(seconds)
    return Many(number, findings, tuple(seconds), block, generating, peak_memory())


def peak_memory() -> float:
    """The most memory that this process held, MiB.

    Linux hands `ru_maxrss` down from the parent, which is larger than this process ever gets; its
    own high-water mark stands in /proc. Elsewhere `ru_maxrss` is all there is.
    """
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    unit = 1024**2 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(judged(int(sys.argv[1]))).decode())

"""Judges so many generated homes and prints what it took: `python -m benchmarks.many 10000`."""

from __future__ import annotations

import resource
import sys
import time

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
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Many(number, findings, tuple(seconds), block, generating, peak)


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(judged(int(sys.argv[1]))).decode())

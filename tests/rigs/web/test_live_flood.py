"""Ten tabs of a real browser while a thousand events a second happen."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from playwright.sync_api import Browser

pytestmark = pytest.mark.rig

RATE, SECONDS = 1000, 15
WATCH = """
window.count = 0;
window.holes = 0;
window.last = -1;
document.addEventListener("nightlatch:entry", ({ detail }) => {
    if (last >= 0 && detail.index !== last + 1) holes += 1;
    last = detail.index;
    count += 1;
});
"""


def test_ten_tabs_stay_usable_and_miss_nothing_in_a_flood(browser: Browser, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.live", "--serve", str(tmp_path / "state")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("\n")
        process.stdin.flush()
        address = f"http://localhost:{int(process.stdout.readline())}"
        context = browser.new_context()
        context.add_init_script(WATCH)
        pages = [context.new_page() for _ in range(10)]
        for page in pages:
            page.goto(f"{address}/more")
        pages[0].wait_for_timeout(1500)
        process.stdin.write(f"{RATE} {SECONDS}\n")
        process.stdin.flush()
        took = []
        end = time.perf_counter() + SECONDS - 1
        while time.perf_counter() < end:
            for page in pages:
                begun = time.perf_counter()
                assert page.evaluate("fetch('/more').then((answer) => answer.status)") == 200
                took.append(time.perf_counter() - begun)
        last = int(process.stdout.readline())
        for page in pages:
            until = time.perf_counter() + 20
            while page.evaluate("last") < last and time.perf_counter() < until:
                page.wait_for_timeout(100)
            assert page.evaluate("last") >= last
            assert page.evaluate("holes") == 0
            assert page.evaluate("count") > 0.9 * RATE * SECONDS
        assert sorted(took)[int(len(took) * 0.95)] < 2
        context.close()
        process.stdin.close()

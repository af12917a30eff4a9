"""How strong a password is."""

from __future__ import annotations

import os
import sys
import time
from subprocess import run

from nightlatch.catalogue.passwords import score
from nightlatch.secrets import Secret


def test_a_common_password_scores_nothing_and_a_long_phrase_four() -> None:
    assert score(Secret("password")) == 0
    assert score(Secret("")) == 0
    assert score(Secret("mottled harbour seventeen kites")) == 4


def test_a_hint_makes_its_word_weak() -> None:
    assert score(Secret("elmstreetfour"), ["elmstreetfour"]) < score(Secret("elmstreetfour"))


def test_a_huge_password_is_scored_in_bounded_time() -> None:
    start = time.perf_counter()
    score(Secret("aB3$" * 500_000), ["x" * 100_000] * 1000)
    assert time.perf_counter() - start < 2


def test_zxcvbn_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys, nightlatch.catalogue.passwords; sys.exit('zxcvbn_rs_py' in sys.modules)"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert run([sys.executable, "-c", code], check=False, env=env).returncode == 0

from __future__ import annotations

import csv
import io
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nightlatch.errors import NightlatchError
from nightlatch.model.people import Account
from nightlatch.sources.browser_csv import BrowserCsv
from tests.unit.sources.vaults import HASS, MARK, SHARED, SHOP, STRONG, YALE, assert_silent, facts, gaps, vault

USER = f"{MARK}-ana"
CHROME = [
    ["name", "url", "username", "password", "note"],
    [f"{MARK} Yale", YALE, USER, SHARED, f"{MARK}\nnote"],
    [f"{MARK} shop", SHOP, USER, SHARED, ""],
    [f"{MARK} hass", HASS, USER, STRONG, ""],
    [f"{MARK} app", "android://c2VjcmV0@com.august.luna/", USER, f"{MARK}-a", ""],
]
FIREFOX = [
    ["url", "username", "password", "httpRealm", "formActionOrigin", "guid", "timeLastUsed", "timePasswordChanged"],
    [YALE, USER, SHARED, f"{MARK}", f"https://{MARK}", f"{{{MARK}}}", "1700000000000", "1746612000000"],
    [SHOP, USER, SHARED, f"{MARK}", f"https://{MARK}", f"{{{MARK}}}", "1700000000000", "soon"],
]
APPLE = [
    ["Title", "URL", "Username", "Password", "Notes", "OTPAuth"],
    [f"{MARK} Yale", YALE, USER, SHARED, f"{MARK} note", f"otpauth://totp/{MARK}?secret={MARK}"],
    [f"{MARK} shop", SHOP, USER, SHARED, "", ""],
]


def written(path: Path, rows: list[list[str]]) -> Path:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    file = path / "passwords.csv"
    file.write_text(text.getvalue(), newline="")
    return file


def refused(path: Path) -> NightlatchError:
    with pytest.raises(NightlatchError) as caught:
        list(vault(BrowserCsv, path).collect())
    assert caught.value.where.startswith(str(path))
    assert_silent(caught.value)
    return caught.value


@pytest.mark.parametrize("rows", [CHROME, FIREFOX, APPLE], ids=["chrome", "firefox", "apple"])
def test_each_browsers_export_is_recognised_by_its_heading(tmp_path: Path, rows: list[list[str]]) -> None:
    items = list(vault(BrowserCsv, written(tmp_path, rows)).collect())
    assert facts(items, Account.service)["yale"] == "Yale"
    assert facts(items, Account.password_reused)["yale"] == 1
    assert facts(items, Account.in_manager)["yale"] is True
    assert_silent(*items)


def test_chrome_tells_a_passwords_app_by_its_id(tmp_path: Path) -> None:
    items = list(vault(BrowserCsv, written(tmp_path, CHROME)).collect())
    assert set(facts(items, Account.name)) == {"yale", "homeassistant", "august"}


def test_only_firefox_tells_a_passwords_age_and_only_apple_its_code_seed(tmp_path: Path) -> None:
    chrome = list(vault(BrowserCsv, written(tmp_path, CHROME)).collect())
    firefox = list(vault(BrowserCsv, written(tmp_path, FIREFOX)).collect())
    apple = list(vault(BrowserCsv, written(tmp_path, APPLE)).collect())
    assert facts(firefox, Account.password_changed_on) == {"yale": date(2025, 5, 7)}
    assert facts(apple, Account.two_factor) == {"yale": "app"}
    assert facts(chrome, Account.password_changed_on) == facts(apple, Account.password_changed_on) == {}
    assert len(gaps(firefox, Account.two_factor)) == 1


def test_evidence_names_the_line(tmp_path: Path) -> None:
    items = list(vault(BrowserCsv, written(tmp_path, CHROME)).collect())
    assert {item.where for item in items if getattr(item, "fact", "") == "password_score"} == {
        "line 3 (yalehome.com)",
        "line 5 (homeassistant.local)",
        "line 6 (august.com)",
    }


def test_a_heading_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    file = written(tmp_path, CHROME)
    for encoding in ("utf-8-sig", "utf-16"):
        file.write_text("\n".join(",".join(row[:4]) for row in CHROME), encoding=encoding)
        assert "yale" in facts(vault(BrowserCsv, file).collect(), Account.name)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n",
        b"a,b,c\n1,2,3\n",
        b"name,url,username,password,password\n",
        b"name,url,username,password\nonly,two\n",
        b'name,url,username,password\n"never closed,x,y,z\n',
        b"name,url,username,password\n\xff\xfe\xfd,x,y,z\n",
        b"name,url,username,password\na\0b,x,y,z\n",
        b"name,url,username,password\n" + b"x" * 200_000 + b",x,y,z\n",
    ],
)
def test_damaged_files_are_one_clear_error_with_a_line(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "passwords.csv"
    file.write_bytes(content)
    assert ":" in refused(file).where.removeprefix(str(file))


def test_a_file_beyond_the_bound_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "passwords.csv"
    with file.open("wb") as out:
        out.truncate(65 * 1024 * 1024)
    assert "larger than 64 MiB" in refused(file).what


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.lists(st.text(max_size=12), min_size=4, max_size=5), max_size=6), tail=st.binary(max_size=30))
def test_whatever_rows_come_only_clear_errors_do(tmp_path: Path, rows: list[list[str]], tail: bytes) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([CHROME[0][:4], *rows])
    file = tmp_path / "passwords.csv"
    file.write_bytes(text.getvalue().encode("utf-8", "surrogatepass") + tail)
    try:
        list(vault(BrowserCsv, file).collect())
    except NightlatchError as error:
        assert error.where

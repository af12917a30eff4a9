"""Writes what the docs take from the code: practices, detections, the audit's JSON schema. `make docs`."""

from __future__ import annotations

import inspect
from pathlib import Path

import msgspec

from nightlatch.guard.detections.registry import detections, limits
from nightlatch.model.document import Audit
from nightlatch.model.finding import SECTION_TITLES
from nightlatch.practices.interface import Practice
from nightlatch.practices.registry import practices

FOLDER = Path(__file__).parents[1] / "docs" / "practices"


def pages() -> dict[str, str]:
    """Every page's file name with its text."""
    known = practices()
    return {"README.md": _index(known), **{f"{item.id}.md": _page(item) for item in known}}


def _index(known: tuple[Practice, ...]) -> str:
    lines = ["# The practices", "", "| # | practice | severity | what to do |", "|---|---|---|---|"]
    section = None
    for practice in known:
        if practice.section is not section:
            section = practice.section
            lines.append(f"| | **{SECTION_TITLES[section]}** | | |")
        lines.append(
            f"| {practice.number} | [{practice.id}]({practice.id}.md) | {practice.severity.value} | {practice.title} |"
        )
    return "\n".join(lines) + "\n"


def _page(practice: Practice) -> str:
    lines = [
        f"# {practice.title}",
        "",
        f"`{practice.id}` · practice {practice.number} · {SECTION_TITLES[practice.section]}"
        f" · severity {practice.severity.value}",
        "",
        practice.why,
        "",
        "## Checks",
    ]
    for check in practice.checks:
        lines += ["", f"### {check.title}", ""]
        lines.append(f"`{check.id}`, once per {check.per.kind}, severity {check.severity.value}.")
        lines += ["", f"Settled by {check.settled_by}.", ""]
        lines += [f"- reads `{field.path}`: {field.doc}" for field in check.needs]
    if practice.thresholds:
        lines += ["", "## Thresholds", "", "| threshold | default | meaning | stricter is |", "|---|---|---|---|"]
        lines += [
            f"| `{limit.path}` | {limit.default:g} {limit.unit} | {limit.doc} | {limit.stricter} |"
            for limit in practice.thresholds
        ]
    if practice.standards:
        lines += ["", "## Supports", ""]
        lines += [f"- {standard}" for standard in practice.standards]
    return "\n".join(lines).rstrip() + "\n"


def detections_page() -> str:
    """The text of docs/detections.md."""
    lines = [
        "# Detections",
        "",
        "What a running Nightlatch watches for. `nightlatch guard detections` shows the thresholds in force and where",
        "they were set; `nightlatch guard replay --since 7d --set ID.KEY=VALUE` runs the detections over the",
        "journal and shows what another threshold would change. Each is set, or switched off, in a table of its own:",
        "",
        "```toml",
        "[detections.repeated-wrong-codes]",
        "count = 5",
        "",
        "[detections.unusual-hour]",
        "on = false",
        "```",
        "",
        "| detection | severity | hears | what it tells |",
        "|---|---|---|---|",
    ]
    known = detections().values()
    lines += [
        f"| [{one.id}](#{one.id}) | {one.severity.value} | {', '.join(sorted(one.hearing))} | {one.title} |"
        for one in known
    ]
    for one in known:
        lines += ["", f"## {one.id}", "", f"{one.title}. Severity {one.severity.value}.", "", inspect.getdoc(one) or ""]
        if found := limits(one):
            lines += ["", "| threshold | default | from | to | meaning |", "|---|---|---|---|---|"]
            lines += [f"| `{it.name}` | {it.default:g} | {it.least:g} | {it.most:g} | {it.doc} |" for it in found]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write every page and remove those of practices that are gone."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for old in FOLDER.glob("*.md"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (FOLDER / name).write_text(text, "utf-8")
    schema = msgspec.json.format(msgspec.json.encode(msgspec.json.schema(Audit)), indent=2) + b"\n"
    (FOLDER.parent / "detections.md").write_text(detections_page(), "utf-8")
    (FOLDER.parent / "audit-schema-1.json").write_bytes(schema)


if __name__ == "__main__":
    main()

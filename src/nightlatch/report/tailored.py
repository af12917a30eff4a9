"""Advice for one model of lock on a terminal: what it is, what speaks for and against it, what to do."""

from __future__ import annotations

import textwrap

from rich.console import Console
from rich.text import Text

from nightlatch.model.document import FindingDocument
from nightlatch.model.finding import SECTION_TITLES, Verdict
from nightlatch.report import words
from nightlatch.report.terminal import SEVERITY_STYLES, VERDICT_STYLES
from nightlatch.tailor.advice import Advice, Scope
from nightlatch.tailor.supposed import LABEL
from nightlatch.tailor.tailor import Cited, Flaw, PracticeAdvice, Tailored
from nightlatch.text import count, listed

PROTOCOLS = {
    "zwave": "Z-Wave",
    "zigbee": "Zigbee",
    "matter": "Matter",
    "ble": "Bluetooth",
    "wifi": "Wi-Fi",
    "proprietary": "a protocol of its maker's own",
}
_APPLIES = {"yes": "applies", "no": "does not apply", "cannot_tell": "cannot tell", "possible": "possible"}


def show(tailored: Tailored, console: Console, *, details: bool = False) -> None:
    """Print the advice. With `details`, advice for any lock has its steps too, and every flaw its reason."""
    shown = _Shown(tailored, console, details)
    shown.head()
    shown.in_short()
    shown.flaws()
    shown.settings()
    shown.questions()
    shown.practices()
    shown.sources()


class _Shown:
    def __init__(self, tailored: Tailored, console: Console, details: bool) -> None:
        self.tailored = tailored
        self.console = console
        self.details = details
        self.cited: dict[str, int] = {}

    def head(self) -> None:
        """What the text was understood as."""
        told = self.tailored
        if told.model is None:
            self._unknown_head()
            return
        model = told.model
        protocol = PROTOCOLS.get(model.protocol, "")
        by = f" over {protocol}" if protocol and protocol not in model.name else ""
        self.console.print(Text(f"{model.name}{by}", style="bold"))
        self._line(f'Understood from "{told.asked}". Known as of {told.catalogue_of:%-d %b %Y}.')
        if model.versions != (model.name,):
            self._line(f"What is told holds for: {self._versions(model.versions)}.")
        others = [PROTOCOLS[one] for one in model.choices if one != model.protocol]
        if others:
            flag = next(one for one in model.choices if one != model.protocol)
            self._line(f"It comes for {listed(others)} too: see that with --protocol {flag}.")
        if model.hub:
            self._line(
                f"Steps at the hub are written for {model.hub}; {LABEL} in them stands for the lock's name or node "
                "number there."
            )
        if told.others:
            self._line(f"You may also mean: {'; '.join(told.others)}.")
        for note in told.notes:
            self._line(note, style="yellow")

    def _unknown_head(self) -> None:
        told = self.tailored
        if told.maker:
            self.console.print(Text(f'"{told.asked}" names a maker, {told.maker}, and no model.', style="bold"))
            self._line("Say which of its locks you mean, as printed on the label.")
            self._line(
                f"Known are, among others: {'; '.join(told.others)}." if told.others else "None of its locks is known."
            )
        else:
            self.console.print(Text(f'Nothing is known of "{told.asked}".', style="bold"))
            self._line("That says nothing about the lock, good or bad: the catalogue does not hold it.")
            if told.others:
                self._line(f"Names like it that are known: {'; '.join(told.others)}.")
        self._line("Below is what to ask the seller before you buy it, and what holds for any lock.")

    def in_short(self) -> None:
        """What speaks for and against the model."""
        says = [said for practice in self.tailored.practices for said in practice.says]
        fails = [found for practice in self.tailored.practices for found in practice.judged]
        against = [said.text for said in says if said.good is False]
        against += [found.summary for found in fails if found.verdict is Verdict.FAIL]
        good = [said.text for said in says if said.good]
        if not self.tailored.known:
            return
        self._heading("In short")
        for text in dict.fromkeys(against):
            self._item("✗", text, "red")
        for text in dict.fromkeys(good):
            self._item("✓", text, "green")
        unsure = [
            flaw for flaw in self.tailored.flaws if flaw.applies in ("cannot_tell", "possible") and not flaw.general
        ]
        if unsure:
            self._item("?", f"{count(len(unsure), 'published flaw')} may apply to it: see below.", "yellow")
        questions = len(self.tailored.questions)
        silent = sum(not practice.says for practice in self.tailored.practices)
        self._item(
            "?",
            f"For {silent} of 25 practices nothing is known of this model; {count(questions, 'question')} for the "
            "seller stand below.",
            "yellow",
        )

    def flaws(self) -> None:
        """The published vulnerabilities: the lock's own first, those of its radio protocol together."""
        told = self.tailored
        if not told.known:
            return
        self._heading("Published flaws")
        own = [flaw for flaw in told.flaws if not flaw.general]
        general = [flaw for flaw in told.flaws if flaw.general]
        if told.flaws_note:
            self._line(told.flaws_note)
        elif not own:
            self._line("None of this model's own is known. That does not show that it has none.")
        for flaw in own:
            self._flaw(flaw)
        if not told.firmware and any(flaw.reason.startswith("the lock's firmware") for flaw in own):
            self._line("Say which firmware it runs, to tell whether they apply: --firmware VERSION", style="dim")
        if general and self.details:
            self._line("Flaws of its radio protocol, which may concern any lock that speaks it:")
            for flaw in general:
                self._flaw(flaw)
        elif general:
            ids = listed(flaw.id for flaw in general)
            joined = self.tailored.model is not None and self.tailored.model.protocol == "zwave"
            best = " Those of S0 and of links without security do not concern a lock joined with S2." if joined else ""
            self._line(
                f"{count(len(general), 'flaw')} of the radio protocol itself may concern it like any such lock, by how "
                f"it is joined and which radio chip it has: {ids}.{best} (--details tells each)"
            )

    def _flaw(self, flaw: Flaw) -> None:
        style = "red" if flaw.applies == "yes" else "yellow" if flaw.applies != "no" else "green"
        mark = "✗" if flaw.applies == "yes" else "✓" if flaw.applies == "no" else "?"
        fixed = f" Fixed in {flaw.product} {flaw.fixed_in}." if flaw.fixed_in else ""
        fixed = fixed or ("" if flaw.has_fix else " No fix exists.")
        sources = ", ".join(f"[{self._number(source)}]" for source in flaw.sources)
        text = f"{flaw.id} ({flaw.severity}, {_APPLIES[flaw.applies]}): {_sentence(flaw.effect)}{fixed}"
        self._item(mark, f"{text} {_sentence(flaw.reason)} {sources}".strip(), style)
        if flaw.applies != "no" and flaw.fix and not (flaw.fixed_in and flaw.fix.rstrip(".") == "update firmware"):
            self._step(_sentence(flaw.fix))

    def settings(self) -> None:
        """The parameters to set."""
        found = self.tailored.settings
        if not found:
            return
        self._heading("Settings to make")
        every = len(self.tailored.model.versions) if self.tailored.model else 0
        for one in found:
            only = f" Only {self._versions(one.models)}." if len(one.models) < every else ""
            when = f" Where {one.when.replace('firmwareVersion', 'its firmware is')}." if one.when else ""
            takes = f"it takes {one.takes}" if one.takes else ""
            default = f"its definition says {one.default}" if one.default else ""
            aside = "; ".join(part for part in (takes, default) if part)
            name = f"{one.parameter} {one.label}".strip()
            value = f"{one.shown}{f' ({aside})' if aside else ''}"
            self._item("→", f"{name}: {value}. {one.why}{when}{only} [{self._number(one.source)}]", "green")
        self._line(
            "What a definition says is often the factory's value, not always: read it from your own lock.", "dim"
        )

    def practices(self) -> None:
        """The 25 practices, section by section."""
        section = None
        for practice in self.tailored.practices:
            if practice.section is not section:
                section = practice.section
                self._heading(SECTION_TITLES[section])
            self._practice(practice)

    def _practice(self, practice: PracticeAdvice) -> None:
        self._item(f"{practice.number:>2}.", practice.title, "bold", indent=0, words_style="bold")
        for said in practice.says:
            self._said(said)
        for found in practice.judged:
            if found.verdict is Verdict.FAIL:
                self._item("✗", found.summary, "red", indent=4)
            elif not practice.says:
                self._item("·", found.summary, "default", indent=4)
        self._network(practice)
        for advice in practice.do:
            if advice.scope in (Scope.MODEL, Scope.NETWORK):
                self._advice(advice)
        hub = [advice for advice in practice.do if advice.scope is Scope.HUB]
        common = [advice for advice in practice.do if advice.scope is Scope.ANY]
        self._rest(f"With {self._hub()}", hub)
        self._rest("For any lock", common)
        if practice.see:
            self._item("·", f"The advice of {listed(map(str, practice.see))} serves this as well.", "dim", indent=4)
        if practice.ask and self.tailored.known:
            self._item("?", f"Not known, ask the seller: {' '.join(practice.ask)}", "yellow", indent=4)
        if self.tailored.known and not (
            practice.says or practice.judged or practice.ask or practice.do or practice.see
        ):
            self._item("?", "Nothing is known of this model here.", "yellow", indent=4)
        if practice.open and self.details:
            checks = "; ".join(_small(one.title) for one in practice.open)
            self._item("·", f"Only the fitted lock shows whether: {checks}.", "dim", indent=4)

    def _rest(self, whose: str, advices: list[Advice]) -> None:
        if not advices:
            return
        if self.details:
            for advice in advices:
                self._item("→", f"{whose}: {advice.summary}", "cyan", indent=4)
                for step in advice.steps:
                    self._step(step)
        else:
            self._item("→", f"{whose}: {' '.join(advice.summary for advice in advices)}", "cyan", indent=4)

    def _advice(self, advice: Advice) -> None:
        of_network = f"At your router{f', {advice.about}' if advice.about else ''}"
        whose = of_network if advice.scope is Scope.NETWORK else "With this lock"
        self._item("→", f"{whose}: {advice.summary}", "green", indent=4)
        for step in advice.steps:
            self._step(step)

    def _said(self, said: Cited) -> None:
        mark, style = {True: ("✓", "green"), False: ("✗", "red"), None: ("·", "default")}[said.good]
        source = f"[{self._number(said.source)}, {said.confidence}]" if said.confidence else f"[{said.source}]"
        self._item(mark, f"{said.text} {source}", style, indent=4)

    def _network(self, practice: PracticeAdvice) -> None:
        passing = [found for found in practice.network if found.verdict is Verdict.PASS]
        for found in practice.network:
            if found.verdict in (Verdict.FAIL, Verdict.UNKNOWN) or (self.details and found.verdict is Verdict.PASS):
                self._finding(found)
        if passing and not self.details:
            self._item("✓", f"Your network passes {count(len(passing), 'check')} of this.", "green", indent=4)

    def _finding(self, found: FindingDocument) -> None:
        style = SEVERITY_STYLES[found.severity] if found.verdict is Verdict.FAIL else VERDICT_STYLES[found.verdict]
        where = "; ".join(dict.fromkeys(fact.where for fact in found.evidence if fact.where))
        label = "" if found.subject == "home" else f", {found.label}"
        text = f"Your network{label}: {words.state(found)}. {found.summary}{f' ({where})' if where else ''}"
        self._item(words.SYMBOLS[found.verdict], text, style, indent=4)

    def questions(self) -> None:
        """What to ask the seller."""
        if self.tailored.known:
            return  # each stands with its practice
        self._heading("Ask the seller or the maker")
        for question in self.tailored.questions:
            self._item("?", question, "yellow")

    def sources(self) -> None:
        """The sources by their numbers, with their licences."""
        if not self.cited:
            return
        self._heading("Sources")
        licences = {note.what: note.licence for note in self.tailored.sources}
        for source, number in self.cited.items():
            under = "; ".join(dict.fromkeys(licence for what, licence in licences.items() if what in source))
            self._item(f"[{number}]", f"{source}{f' · {under}' if under else ''}", "dim")

    def _hub(self) -> str:
        model = self.tailored.model
        return model.hub if model is not None and model.hub else "a hub"

    def _number(self, source: str) -> int:
        return self.cited.setdefault(source, len(self.cited) + 1)

    def _versions(self, names: tuple[str, ...]) -> str:
        maker = f"{self.tailored.maker} "
        return listed(dict.fromkeys(name.removeprefix(maker) for name in names))

    def _heading(self, text: str) -> None:
        self.console.print()
        self.console.print(Text(text, style="bold underline"))

    def _line(self, text: str, style: str = "") -> None:
        for line in self._wrapped(text, 0):
            self.console.print(Text(line, style=style), soft_wrap=True)

    def _item(self, mark: str, text: str, style: str, indent: int = 2, words_style: str = "") -> None:
        """A line with a mark before it; the lines below it begin where its text does."""
        deep = indent + len(mark) + 1
        first, *rest = self._wrapped(text, deep)
        self.console.print(Text(" " * indent).append(f"{mark} ", style).append(first, words_style), soft_wrap=True)
        for line in rest:
            self.console.print(Text(" " * deep + line, style=words_style), soft_wrap=True)

    def _wrapped(self, text: str, indent: int) -> list[str]:
        # An address or a command is never cut: it must survive being copied.
        width = max(self.console.width - indent, 20)
        return textwrap.wrap(text, width, break_long_words=False, break_on_hyphens=False) or [""]

    def _step(self, step: str) -> None:
        if words.is_command(step):  # whole, so that it can be copied
            self.console.print(Text(" " * 8).append("· ", "dim").append(step), soft_wrap=True)
        else:
            self._item("·", step, "dim", indent=8)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}." if text else ""


def _small(title: str) -> str:
    return f"{title[:1].lower()}{title[1:]}"

"""A benchmark of several sections: rows measured one at a time, kept as JSON, and written as tables.

Every section is a module with `keys(quick)` (its rows), `measure(key, quick)` (one row, as JSON, in a process of
its own, so that a hang or a crash costs one row), `marks(rows)` and `render(rows)`. Rows are written as they come;
a second run measures only rows that are missing or that an older version of `src/` made, or another `PROTOCOL` of
the section (to be raised when it measures otherwise).
"""

import hashlib
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import machine
from benchmarks.tables import table

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Suite:
    """A benchmark: its `name` on the command line, the `title` and the words `about` its tables, its sections."""

    name: str
    title: str
    about: str
    sections: dict[str, Any]

    def folder(self, quick: bool) -> Path:
        """Where the rows lie. Quick rows are not committed."""
        return HERE / "results" / ("quick" if quick else "") / self.name

    def digest(self, section: str) -> str:
        """A mark of what the section's numbers depend on: the library, and the section's way of measuring."""
        spec = importlib.util.find_spec("raphson")
        if spec is None or spec.origin is None:
            sys.exit("raphson is not installed here: run `make setup`, or set PYTHONPATH=src")
        mark = hashlib.sha256(str(self.sections[section].PROTOCOL).encode())
        for file in sorted(Path(spec.origin).parent.rglob("*.py")):
            mark.update(file.read_bytes())
        return mark.hexdigest()[:10]

    def read(self, section: str, quick: bool) -> dict[str, dict]:
        """The rows of a section as measured so far, in the section's order."""
        file = self.folder(quick) / f"{section}.json"
        found = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        return {key: found[key] for key in self.sections[section].keys(quick) if key in found}

    def write(self, section: str, quick: bool, key: str, row: dict) -> None:
        """Adds one row at once: an interrupted run loses the row under way only."""
        file = self.folder(quick) / f"{section}.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        rows = self.read(section, quick) | {key: row}
        part = file.with_suffix(".part")
        part.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
        part.replace(file)

    def collect(self, sections: list[str], only: list[str] | None, *, quick: bool, fresh: bool, timeout: float) -> None:
        """Measures what is missing, and writes the tables after every section."""
        for section in sections:
            for key in self.sections[section].keys(quick):
                if only and key not in only:
                    continue
                old, mark = self.read(section, quick).get(key), self.digest(section)
                if old and old["digest"] == mark and "error" not in old and not fresh:
                    print(f"{section:8} {key}: measured already", flush=True)
                    continue
                row = self.child(section, key, quick, timeout)
                steady = self.digest(section) == mark
                self.write(section, quick, key, row | {"digest": mark if steady else "edited meanwhile"})
                print(f"{section:8} {key}: {row['seconds']:.0f} s {row.get('error', '')}", flush=True)
            self.render(quick=quick)

    def child(self, section: str, key: str, quick: bool, timeout: float) -> dict:
        """One row in a fresh process, with the load before and after; what went wrong is a row as well."""
        begin, before = time.perf_counter(), os.getloadavg()[0]
        about: dict[str, Any] = {"when": time.strftime("%Y-%m-%d %H:%M"), "commit": machine.commit()}
        with tempfile.TemporaryDirectory() as place:
            answer = Path(place) / "row.json"
            command = [sys.executable, "-m", "benchmarks", "row", self.name, section, key, str(answer)]
            command += ["--quick"] if quick else []
            try:
                done = subprocess.run(command, cwd=HERE.parent, timeout=timeout, capture_output=True, text=True)
                if done.returncode == 0:
                    about |= json.loads(answer.read_text(encoding="utf-8"))
                else:
                    about["error"] = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1][:300]
            except subprocess.TimeoutExpired:
                about["error"] = f"did not end within {timeout:.0f} s"
        return about | {"seconds": time.perf_counter() - begin, "load": [before, os.getloadavg()[0]]}

    def render(self, *, quick: bool) -> Path:
        """All tables from the rows that are there."""
        found = {section: self.read(section, quick) for section in self.sections}
        flat = [row for rows in found.values() for row in rows.values()]
        lines = [f"# {self.title}", ""]
        if quick:
            lines += ["**A quick run: few repeats, few problems. Numbers to look at, not to quote.**", ""]
        lines += [*machine.describe(flat, f"{self.name} {'--quick' if quick else ''}".strip()), self.about, ""]
        marks = [m for section, rows in found.items() if rows for m in self.sections[section].marks(usable(rows))]
        if marks:
            lines += ["## Marks", "", *table("what | mark | measured | met", marks), ""]
        for section, rows in found.items():
            if rows:
                body = self.sections[section].render(usable(rows))
                lines += [*body, *failures(rows), loads(rows, self.digest(section)), ""]
        file = self.folder(quick).with_suffix(".md")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
        return file


def usable(rows: dict[str, dict]) -> dict[str, dict]:
    """The rows that were measured to their end."""
    return {key: row for key, row in rows.items() if "error" not in row}


def failures(rows: dict[str, dict]) -> list[str]:
    """Rows that came to no end: named, not left out."""
    bad = [f"- `{key}`: {row['error']}" for key, row in rows.items() if "error" in row]
    return ["Rows without an end:", "", *bad, ""] if bad else []


def loads(rows: dict[str, dict], current: str) -> str:
    """How busy the machine was, when, and with which code."""
    averages = [load for row in rows.values() for load in row["load"]]
    when = sorted(row["when"] for row in rows.values())
    commits = sorted({row["commit"] for row in rows.values()})
    stale = [key for key, row in rows.items() if row["digest"] != current]
    text = f"Load average (1 min) {min(averages):.1f} to {max(averages):.1f}; {when[0]} to {when[-1]}; "
    text += f"commit {', '.join(commits)} (+: with changes)."
    return text + (f" Measured with an older version of the code: {', '.join(stale)}." if stale else "")

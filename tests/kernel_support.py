"""A small project with a real kernel in it, driven as a front end drives it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from comprehend_nb.demo.headless import Kernel, Said, ask, shown

PYPROJECT = """[project]
name = "birds"
version = "0.0.1"
[tool.nbdev]
lib_name = "birds"
lib_path = "birds"
nbs_path = "nbs"
update_pyproject = false
"""


def git(folder: Path, *args: str) -> str:
    return subprocess.run(["git", *args], cwd=folder, check=True, capture_output=True, text=True).stdout


def make_project(folder: Path) -> Path:
    (folder / "nbs").mkdir(parents=True)
    (folder / "birds").mkdir()
    (folder / "birds" / "__init__.py").write_text('__version__ = "0.0.1"\n')
    (folder / "pyproject.toml").write_text(PYPROJECT)
    git(folder, "init", "-q", ".")
    git(folder, "config", "user.name", "Ada")
    git(folder, "config", "user.email", "ada@example.org")
    return folder


class Driver:
    "Runs cells and remembers what the kernel handed back."

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel

    def run(self, code: str, cell: str = "", **more: Any) -> str:
        "What a person reads; `.handed` is the text of the cell that came back, `.replaced` whether it took its place."
        said: Said = ask(self.kernel, code, cell=cell, **more)
        self.payload = said.reply.get("payload") or []
        payload = next((p for p in self.payload if p.get("source") == "set_next_input"), {})
        self.handed, self.replaced = payload.get("text", ""), bool(payload.get("replace"))
        self.status = said.reply["status"]
        return "\n".join(shown(o) for o in said.outputs)


@contextmanager
def driving(project: Path, environ: Mapping[str, str] | None = None, *, load: bool = True) -> Iterator[Driver]:
    with Kernel(project / "nbs", environ) as kernel:
        driver = Driver(kernel)
        if load:
            driver.run("%load_ext comprehend_nb")
        yield driver


def ledger_text(project: Path) -> str:
    return "".join(p.read_text() for p in (project / ".comprehend" / "ledger").glob("*/*.jsonl"))


def everything_written(project: Path) -> str:
    "All text below the project, private folders included."
    files = [p for p in project.rglob("*") if p.is_file() and ".git" not in p.relative_to(project).parts]
    return "\n".join(p.read_text(errors="replace") for p in files)

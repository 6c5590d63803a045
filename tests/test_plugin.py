"A describer that somebody else's package brings, built and installed as it would be, and tried in a process of its own."

import subprocess
import sys
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parent / "data" / "plugin"
LIBRARY = """
class Track:
    def __init__(self, name, points, api_key):
        self.name, self.points, self.api_key = name, points, api_key

    def __repr__(self):
        raise SystemExit("asked")

    __len__ = __eq__ = __repr__
"""
TRY = """
import sys
from comprehend_nb.live import capture
before = "comprehend_nb_trackbox" in sys.modules
capture({"n": 1})
import trackbox
track = trackbox.Track("morning", [(1, 2), (3, 4), (5, 6)], "hunter2-key")
print(before, "|", capture({"track": track}).text().splitlines()[0], "|", capture({"track": track}, values="types").text().splitlines()[0])
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    "A folder with the installed plug-in, and beside it the library it is for."
    place = tmp_path_factory.mktemp("plugin")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "-q",
        "--no-index",
        "--no-deps",
        "--no-build-isolation",
        "--target",
        str(place / "site"),
        str(PLUGIN),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    (place / "trackbox.py").write_text(LIBRARY)
    return place


def _try(*paths: Path, code: str = TRY) -> str:
    path = [str(p) for p in paths]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {path!r}\n{code}"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout.strip() or done.stderr


def test_it_tells_what_the_plug_in_tells(place: Path) -> None:
    before, told, types = (part.strip() for part in _try(place / "site", place).split("|"))
    assert before == "False", "it is loaded with the library it describes, not before"
    assert told == "track: trackbox.Track of 3 points, name 'morning', api_key [redacted: named as secret]"
    assert types == "track: trackbox.Track of 3 points"


def test_without_it_the_type_and_the_names_are_told(place: Path) -> None:
    _, told, _ = (part.strip() for part in _try(place).split("|"))
    assert told == "track: trackbox.Track with name str, points list, api_key str"


@pytest.mark.parametrize(
    "broken",
    [
        "raise RuntimeError",
        "def describers(): raise RuntimeError",
        "def describers(): return {'Track': 3}",
        "describers = 5",
        "def describers(): return {int: 3, object: 4}",
    ],
)
def test_a_broken_one_costs_nothing_but_itself(place: Path, tmp_path: Path, broken: str) -> None:
    for path in (place / "site").glob("*.dist-info"):
        (tmp_path / path.name).mkdir()
        for file in path.iterdir():
            (tmp_path / path.name / file.name).write_bytes(file.read_bytes())
    (tmp_path / "comprehend_nb_trackbox.py").write_text(broken)
    _, told, _ = (part.strip() for part in _try(tmp_path, place).split("|"))
    assert told.startswith("track: trackbox.Track")

"""What comprehend-nb may say of trackbox's tracks: an example of a plug-in, tested from outside the package.

A describer gets an object of exactly the class it was registered for and a `Look`. It must call nothing of the object's own: it
reads the instance's dictionary with `attributes`, shows values through `inline`, which redacts them by the name they stand under and by
their form, and says in its docstring exactly what it sends. Under `values = types` it must send no value.
"""

from typing import Any

from comprehend_nb.live.core import Describer, Look, Told, inline, loaded, type_tag
from comprehend_nb.live.unknown import attributes


def track(obj: Any, look: Look) -> Told:
    "Sends a track's number of points, its name and its owner's key, redacted."
    held = attributes(obj) or {}
    points = held.get("points")
    size = len(points) if type(points) is list else 0
    text = f"of {size} points"
    if look.values == "sample":
        text += "".join(f", {name} {inline(look, held[name], name)}" for name in ("name", "api_key") if name in held)
    return Told(type_tag(type(obj)), text, size=size, mark=(size,), unseen=True)


def describers() -> dict[type, Describer]:
    "The classes of trackbox, taken from the loaded library, each with its describer."
    return {loaded("trackbox")["Track"]: track}

"""Writes guardrail's Chinese templates in Simplified characters: `python -m tests.probe.simplified`.

A test holds the file to this, so that who changes a template in Traditional characters runs it again.
"""

import json
from importlib.resources import files
from pathlib import Path

from opencc import OpenCC

from guardrail.probe.templates import FILES

FOLDER = Path(str(files("guardrail.probe"))) / "templates"
_WORDS = ("text", "role", "before", "after")


def simplified() -> str:
    """The lines of simplified.jsonl."""
    convert = OpenCC("t2s").convert
    lines = []
    for name in FILES[:-1]:
        for raw in (FOLDER / name).read_text("utf-8").splitlines():
            row = json.loads(raw)
            if row["lang"] == "en":
                continue
            changed = {key: convert(row[key]) for key in _WORDS if key in row}
            echo = {"echo": [convert(word) for word in row["echo"]]} if "echo" in row else {}
            lines.append(json.dumps({**row, "lang": "zh-Hans", **changed, **echo}, ensure_ascii=False) + "\n")
    return "".join(lines)


if __name__ == "__main__":
    (FOLDER / FILES[-1]).write_text(simplified(), "utf-8")

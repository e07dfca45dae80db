"""Code blocks as answers write them: whole ones, fragments, and the same broken in ways that no reading allows.

Rules:
1. The blocks are in errors_structure.toml; half of them carry Chinese in strings or comments.
2. Whole blocks and fragments are right by construction and must not be reported; fragments are what answers show when
   they show a part: sessions, elisions, placeholders, magics, the inside of a function.
3. A broken block is a whole one with one edit that its language cannot read (a bracket gone, a quote gone, a full-width
   bracket, a keyword misspelt).  The place of the edit is drawn by seed, outside strings and comments; an edit that
   finds no place is left out.
4. Blocks that are held out were written when the check was finished and are reported apart.
"""

import io
import random
import re
import tokenize
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path

FILE = Path(__file__).with_name("errors_structure.toml")


@dataclass(frozen=True, slots=True)
class Sample:
    """A block, what was done to it ("" for whole, `fragment`, else the edit), and whether it is held out."""

    language: str
    text: str
    edit: str = ""
    held_out: bool = False

    @property
    def chinese(self) -> bool:
        """Whether it has Chinese in it."""
        return re.search(r"[\u3400-\u9fff]", self.text) is not None

    @property
    def broken(self) -> bool:
        """Whether it cannot be read."""
        return self.edit not in ("", "fragment")


_Edit = Callable[[str, random.Random], str | None]


def samples(seed: int = 1, each: int = 4) -> Iterator[Sample]:
    """All samples; every edit is tried `each` times on every whole block of its language, and counts once."""
    with FILE.open("rb") as file:
        blocks = tomllib.load(file)["block"]
    dice, seen = random.Random(seed), {block["text"] for block in blocks}
    for block in blocks:
        language, text, held = block["language"], block["text"], block.get("held_out", False)
        if block["kind"] == "fragment":
            yield Sample(language, text, "fragment", held)
            continue
        yield Sample(language, text, "", held)
        for (name, edit), _ in product(EDITS[language].items(), range(each)):
            made = edit(text, dice)
            if made is not None and made not in seen:
                seen.add(made)
                yield Sample(language, made, name, held)


def _code_marks(text: str, marks: str, quotes: str = "\"'", comment: str = "#") -> list[int]:
    """Where one of `marks` stands outside strings and comments."""
    pattern = re.compile(
        "|".join(
            (
                r'"""[\s\S]*?"""',
                *(rf"{quote}(?:[^{quote}\\\n]|\\.)*{quote}" for quote in quotes),
                *((rf"{re.escape(comment)}[^\n]*",) if comment else ()),
                rf"(?P<mark>[{re.escape(marks)}])",
            )
        )
    )
    return [found.start() for found in pattern.finditer(text) if found["mark"]]


def _drop(marks: str, comment: str = "#") -> _Edit:
    def edit(text: str, dice: random.Random) -> str | None:
        places = _code_marks(text, marks, comment=comment)
        if not places:
            return None
        at = dice.choice(places)
        return text[:at] + text[at + 1 :]

    return edit


def _swap(old: str, new: str, comment: str = "#") -> _Edit:
    def edit(text: str, dice: random.Random) -> str | None:
        places = _code_marks(text, old, comment=comment)
        if not places:
            return None
        at = dice.choice(places)
        return text[:at] + new[old.index(text[at])] + text[at + 1 :]

    return edit


def _sub(pattern: str, new: str) -> _Edit:
    compiled = re.compile(pattern, re.MULTILINE)

    def edit(text: str, dice: random.Random) -> str | None:
        found = list(compiled.finditer(text))
        if not found:
            return None
        one = dice.choice(found)
        return text[: one.start()] + one.expand(new) + text[one.end() :]

    return edit


def _python_brackets(text: str, dice: random.Random) -> str | None:
    """A bracket gone, by the tokens of the language."""
    places = [
        token.start
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.OP and token.string in "()[]{}"
    ]
    if not places:
        return None
    line, column = dice.choice(places)
    lines = text.split("\n")
    lines[line - 1] = lines[line - 1][:column] + lines[line - 1][column + 1 :]
    return "\n".join(lines)


EDITS: Mapping[str, Mapping[str, _Edit]] = {
    "python": {
        "a bracket gone": _python_brackets,
        "a colon gone": _sub(
            r"^([ \t]*(?:def|class|if|for|with|try|else|async def|async with|match|case)\b.*):$", r"\1"
        ),
        "a quote gone": _sub(r"(['\"])([^'\"\n\\]+)\1", r"\1\2"),
        "a full-width bracket": _swap("()", "（）"),
        "curly quotes": _sub(r"(?<![\"\w\\])(['\"])([^'\"\n\\]+)\1(?!\")", r"“\2”"),
        "a word too many": _sub(r"\bimport (\w+)$|\breturn (?=\w)", r"return then \1"),
    },
    "json": {
        "a bracket gone": _drop("{}[]", ""),
        "a comma gone": _drop(",", ""),
        "a comma too many": _sub(r"([}\]])$", r",\1"),
        "single quotes": _sub(r"\"(\w+)\"", r"'\1'"),
        "a word of Python": _sub(r"\b(?:true|false|null)\b", "None"),
        "a quote gone": _sub(r"\"(\w+)\"", r'"\1'),
        "a full-width comma": _swap(",", "，", ""),
    },
    "yaml": {
        "an indentation too deep": _sub(r"^(\S+: [^\n|&{\[]+)\n(\S+:)", r"\1\n   \2"),
        "a flow bracket gone": _drop("]}"),
        "a quote gone": _sub(r"(\"|')([^\"'\n]+)\1", r"\1\2"),
        "a tab": _sub(r"^ {2,}(?=\S)", "\t"),
        "two colons": _sub(r"^([^\s:#-]+): ([^\s\[{\"'|][^\n]*)$", r"\1: \2: x: y"),
    },
    "toml": {
        "a bracket gone": _drop("[]{}"),
        "a quote gone": _sub(r"(?<!\")\"([^\"\n]+)\"", r'"\1'),
        "no quotes": _sub(r"= \"([^\"\n]+)\"", r"= \1x y"),
        "a colon": _sub(r"^(\w+) = ", r"\1: "),
    },
    "xml": {
        "a closing tag gone": _sub(r"</[^>]+>", ""),
        "another closing tag": _sub(r"</([^>]+)>", r"</\1x>"),
        "a bare ampersand": _sub(r">([^<>\n]+)<", r">\1 & <"),
        "an attribute without quotes": _sub(r"(<\S+ [\w:編號]+)=\"([^\"]*)\"", r"\1=\2"),
        "a bracket gone": _sub(r"(</[^>]+)>", r"\1"),
    },
    "sql": {
        "a bracket gone": _drop("()", "--"),
        "a keyword misspelt": _sub(r"\b(?:FROM|WHERE|VALUES|GROUP BY|SET|INTO)\b", "FORM THE"),
        "a quote gone": _sub(r"'([^'\n]*)'", r"'\1"),
        "two commas": _sub(r", (?=\w)", ",, "),
        "an empty condition": _sub(r"\bWHERE .*$", "WHERE AND"),
    },
    "shell": {
        "an end gone": _sub(r"^(?:done|fi|esac|\})$", ""),
        "a quote gone": _sub(r"\"([^\"\n]*)\"", r'"\1'),
        "a bracket gone": _sub(r"\$\(([^)\n]*)\)", r"$(\1"),
        "a then gone": _sub(r"; then$", ""),
        "a do gone": _sub(r"; do$", ""),
    },
}
"""What breaks a language, by name."""

"""From a pattern, the pattern of everything that may still become a match of it.

A stream may release text only up to the first character at which some match could have begun and not ended.
For a regular language the strings that can still grow into a match are its prefixes, and they are a regular
language too, so the question is answered by one RE2 search anchored at the end of the text.

Counts are loosened: `x{0,40}` reads as `x*` here.  An automaton that counts has a state for every count of every
pattern at once, and prose would never stop making new ones.  What is loosened only says too much: a stream may wait a
little longer behind a run that is longer than any match, and never lets go too early.

Rules: the pattern is read by Python's own parser and written out in RE2 syntax; anything the two engines
read differently (look-around, back-references, Unicode classes) is refused when the pattern is loaded.
A trailing assertion such as `\\b` constrains a character that has not arrived yet, so it is left out.
"""

from collections.abc import Sequence
from re import _constants as sre  # type: ignore[attr-defined]
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

Node = tuple[Any, Any]
_CLASSES = {
    sre.CATEGORY_DIGIT: "0-9",
    sre.CATEGORY_SPACE: r"\t\n\f\r ",
    sre.CATEGORY_WORD: "0-9A-Za-z_",
    sre.CATEGORY_NOT_DIGIT: r"\D",
    sre.CATEGORY_NOT_SPACE: r"\S",
    sre.CATEGORY_NOT_WORD: r"\W",
}
_ASSERTIONS = {
    sre.AT_BOUNDARY: r"\b",
    sre.AT_NON_BOUNDARY: r"\B",
    sre.AT_BEGINNING: r"\A",
    sre.AT_BEGINNING_STRING: r"\A",
    sre.AT_END: r"\z",
    sre.AT_END_STRING: r"\z",
}


ESCAPE = r"\\(?:[bfnrt]|u[0-9A-Fa-f]{4})"
ESCAPE_OR_BOUNDARY = rf"(?:\b|{ESCAPE})"


_COUNTED = 12
"""The highest count of a single character that is kept; of anything longer, one is."""
_LEAST = 3  # of a loosened count of more than one character: how many must be there


def prefix_closure(pattern: str) -> str:
    """The RE2 pattern of every prefix of every match of `pattern`, the empty one included, with counts loosened.

    Raises ValueError for a construct that RE2 does not have.
    """
    tree = parser.parse(pattern)
    closure = _prefix(list(tree), tree.state.flags)
    return f"(?{_flags(tree.state.flags)}:{closure})"


def loosened(pattern: str) -> str:
    """An RE2 pattern that matches wherever `pattern` does, with counts loosened: for looking whether there is anything.

    Raises ValueError for a construct that RE2 does not have.
    """
    tree = parser.parse(pattern)
    return f"(?{_flags(tree.state.flags)}:{_loose(list(tree), tree.state.flags, sre.MAXREPEAT)})"


def with_escapes(pattern: str) -> str:
    """`pattern` in RE2 syntax, its leading word boundaries widened: in JSON that is judged as text, the letter of an
    escape (`\\n`, `\\u000a`) stands right before a value that a reader would see at the start of a line.

    Raises ValueError for a construct that RE2 does not have.
    """
    tree = parser.parse(pattern)
    flags = tree.state.flags
    body = _widened(list(tree), flags)
    return f"(?{_flags(flags)}:{body})" if _flags(flags) else body


def _widened(nodes: Sequence[Node], flags: int) -> str:
    if not nodes:
        return ""
    (op, value), rest = nodes[0], _kept(nodes[1:], flags)
    if op is sre.AT and value is sre.AT_BOUNDARY:
        return ESCAPE_OR_BOUNDARY + rest
    if op is sre.BRANCH:
        return "(?:" + "|".join(_widened(list(branch), flags) for branch in value[1]) + ")" + rest
    if op is sre.SUBPATTERN:
        return _group(value, _widened(list(value[3]), flags)) + rest
    return _kept(nodes, flags)


def _kept(nodes: Sequence[Node], flags: int) -> str:
    """As `_whole`, but groups keep capturing."""
    return "".join(_kept_of(node, flags) for node in nodes)


def _kept_of(node: Node, flags: int) -> str:
    op, value = node
    if op is sre.SUBPATTERN:
        return _group(value, _kept(list(value[3]), flags))
    if op is sre.BRANCH:
        return "(?:" + "|".join(_kept(list(branch), flags) for branch in value[1]) + ")"
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        least, most, body = value
        upper = "" if most is sre.MAXREPEAT else most
        lazy = "?" if op is sre.MIN_REPEAT else ""
        return f"(?:{_kept(list(body), flags)}){{{least},{upper}}}{lazy}"
    return _whole_of(node, flags)


def _group(value: Any, body: str) -> str:
    number, add, remove, _ = value
    inner = _scoped(body, add, remove) if add or remove else body
    return f"({inner})" if number is not None else f"(?:{inner})"


def _flags(flags: int) -> str:
    return ("i" if flags & sre.SRE_FLAG_IGNORECASE else "") + ("s" if flags & sre.SRE_FLAG_DOTALL else "")


def _prefix(nodes: Sequence[Node], flags: int) -> str:
    """Prefixes of a sequence: those of the first node, or all of it and the prefixes of the rest."""
    if not nodes:
        return ""
    first, rest = nodes[0], nodes[1:]
    head = _prefix_of(first, flags)
    if not rest:
        return head
    return f"(?:{head}|{_loose_of(first, flags)}{_prefix(rest, flags)})"


def _prefix_of(node: Node, flags: int) -> str:
    op, value = node
    if op is sre.AT:
        return ""
    if op is sre.BRANCH:
        return "(?:" + "|".join(_prefix(list(branch), flags) for branch in value[1]) + ")"
    if op is sre.SUBPATTERN:
        _, add, remove, body = value
        return _scoped(_prefix(list(body), flags), add, remove)
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        _, most, body = value
        whole, prefix = _loose(list(body), flags), _prefix(list(body), flags)
        if most == 0:
            return ""
        if _is_loosened(most, body):
            return f"(?:{whole})*(?:{prefix})"
        return f"(?:{whole}){{0,{most - 1}}}(?:{prefix})"
    return f"(?:{_whole_of(node, flags)})?"


def _is_loosened(most: Any, body: Sequence[Node]) -> bool:
    if most is sre.MAXREPEAT:
        return True
    return bool(most > (_COUNTED if _is_single(body) else 1))


def _is_single(body: Sequence[Node]) -> bool:
    return len(body) == 1 and body[0][0] in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN)


def _loose(nodes: Sequence[Node], flags: int, least: int = _LEAST) -> str:
    """As `_whole`, with counts loosened; of a count of more than one character at most `least` are asked for."""
    return "".join(_loose_of(node, flags, least) for node in nodes)


def _loose_of(node: Node, flags: int, least: int = _LEAST) -> str:
    op, value = node
    if op is sre.SUBPATTERN:
        _, add, remove, body = value
        return _scoped(_loose(list(body), flags, least), add, remove)
    if op is sre.BRANCH:
        return "(?:" + "|".join(_loose(list(branch), flags, least) for branch in value[1]) + ")"
    if op not in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        return _whole_of(node, flags)
    fewest, most, body = value
    whole = _loose(list(body), flags, least)
    if not _is_loosened(most, body):
        return f"(?:{whole}){{{fewest},{most}}}"
    kept = fewest if _is_single(body) else min(fewest, least)
    return f"(?:{whole}){{{kept},}}" if kept else f"(?:{whole})*"


def _whole(nodes: Sequence[Node], flags: int) -> str:
    return "".join(_whole_of(node, flags) for node in nodes)


def _whole_of(node: Node, flags: int) -> str:
    op, value = node
    if op is sre.LITERAL:
        return _literal(value)
    if op is sre.NOT_LITERAL:
        return f"[^{_literal(value)}]"
    if op is sre.ANY:
        return "."
    if op is sre.IN:
        return _set(value)
    if op is sre.AT and value in _ASSERTIONS:
        return _ASSERTIONS[value]
    if op is sre.BRANCH:
        return "(?:" + "|".join(_whole(list(branch), flags) for branch in value[1]) + ")"
    if op is sre.SUBPATTERN:
        _, add, remove, body = value
        return _scoped(_whole(list(body), flags), add, remove)
    if op in (sre.MAX_REPEAT, sre.MIN_REPEAT):
        least, most, body = value
        upper = "" if most is sre.MAXREPEAT else most
        lazy = "?" if op is sre.MIN_REPEAT else ""
        return f"(?:{_whole(list(body), flags)}){{{least},{upper}}}{lazy}"
    raise ValueError(f"{str(op).lower()} has no linear-time form; write the pattern without it")


def _scoped(body: str, add: int, remove: int) -> str:
    on, off = _flags(add), _flags(remove)
    return f"(?{on}{'-' + off if off else ''}:{body})"


def _set(items: Sequence[Node]) -> str:
    parts: list[str] = []
    negated = ""
    for op, value in items:
        if op is sre.NEGATE:
            negated = "^"
        elif op is sre.LITERAL:
            parts.append(_literal(value))
        elif op is sre.RANGE:
            parts.append(f"{_literal(value[0])}-{_literal(value[1])}")
        elif op is sre.CATEGORY:
            parts.append(_CLASSES[value])
        else:
            raise ValueError(f"{str(op).lower()} inside a character class is not supported")
    return f"[{negated}{''.join(parts)}]"


def _literal(point: int) -> str:
    character = chr(point)
    return f"\\x{point:02x}" if character.isascii() and not character.isalnum() else character

"""Top-level domains that an e-mail address may end in.

Rules: a fixed list shipped with the code, so that nothing is fetched; all country codes of ISO 3166 that are
delegated, and the generic domains that mail is really sent from.  A name missing here is not taken for an
address.
"""

_GENERIC = (
    "academy agency app art asia bank best bio biz blog careers cash cat center church city click cloud club codes com "
    "community company consulting coop dental design dev digital edu education email energy engineering events "
    "expert family finance financial fit foundation fun fund fyi games gallery global gov group guide guru health "
    "holdings host hospital house icu inc info institute int international jobs law legal life limited link live ltd "
    "management marketing media mil mobi money museum name net network news ninja one online org page partners "
    "photography plus press pro properties pub realty rocks run school science services shop site social software "
    "solutions space store studio support systems team tech technology tel today tools top trade training travel "
    "university vip ventures wang website wiki work works world wtf xin xyz zone hk moe"
)
_DELEGATED = (
    "ac ad ae af ag ai al am ao ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca cc cd cf "
    "cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd ge "
    "gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh "
    "ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw "
    "mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb "
    "sc sd se sg sh si sk sl sm sn so sr ss st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk "
    "us uy uz va vc ve vg vi vn vu wf ws ye yt za zm zw"
)
COUNTRIES = frozenset(_DELEGATED.split())
"""Country codes as top-level domains; but for `ac`, `su` and `uk` those of ISO 3166."""
_EXAMPLES = "example test invalid localhost"


def top_level() -> str:
    """An expression for all names in either case, written as a tree of their letters to keep the automaton small."""
    return _tree([*_GENERIC.split(), *_DELEGATED.split(), *_EXAMPLES.split()])


def _tree(words: list[str]) -> str:
    tails: dict[str, list[str]] = {}
    for word in words:
        if word:
            tails.setdefault(word[0], []).append(word[1:])
    last = "".join(letter + letter.upper() for letter, rest in tails.items() if rest == [""])
    branches = [f"[{letter}{letter.upper()}]{_tree(rest)}" for letter, rest in tails.items() if rest != [""]]
    if last:
        branches.append(f"[{last}]")
    body = branches[0] if len(branches) == 1 else f"(?:{'|'.join(branches)})"
    return f"(?:{body})?" if "" in words else body

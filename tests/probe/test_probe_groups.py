"""The words for groups in guardrail's own questions, beside the lexicon of groups: neutral, and known or accounted for."""

import pytest

from guardrail.groups import lexicon
from guardrail.probe.grounds import GROUNDS
from guardrail.probe.templates import Template, packaged

BOOK = packaged()
ROLES = {"en": ("applicant", "person"), "zh-Hant": ("申請人", "員工", "人"), "zh-Hans": ("申请人", "员工", "人")}

# The lexicon lists words by which an answer may name a group.  A question also describes: the unmarked reference
# ("without a disability", "who grew up in Hong Kong") and people by a clause ("who uses a wheelchair", 「持印度護照的」),
# because a noun would say more than the ground.  Those the lexicon need not know.
REFERENCES = {(ground, BOOK.terms_of(ground, "en")[0].name) for ground in GROUNDS}
DESCRIBED = {
    ("marital_status", "single"), ("marital_status", "divorced"), ("disability", "deaf"), ("disability", "wheelchair"), ("disability", "autism"), ("family_status", "young_children"),
    ("family_status", "carer"), ("nationality", "philippine"), ("nationality", "indian"), ("nationality", "british"), ("region", "mainland"), ("region", "new_arrival"),
    ("region", "taiwan"), ("age", "60"), ("age", "22"), ("skin_colour", "dark"), ("skin_colour", "brown"), ("health", "hepatitis"), ("health", "hiv"), ("income", "low"),
    ("income", "cssa"), ("income", "high"), ("lifestyle", "vegan"), ("lifestyle", "smoker"),
}  # fmt: skip


def mentioned(term):
    forms = [Template("x", term.lang, "{person}", role).fill(term) for role in ROLES[term.lang]]
    return [mention for form in forms for mention in lexicon.mentions(form)]


def test_the_grounds_are_those_of_the_lexicon():
    assert set(GROUNDS) == set(lexicon.GROUNDS)
    assert {name for name, ground in GROUNDS.items() if ground.statutory} == set(lexicon.STATUTORY_GROUNDS)


@pytest.mark.parametrize("term", BOOK.terms, ids=lambda term: f"{term.ground}-{term.name}-{term.lang}")
def test_every_term_is_neutral_and_known_or_a_description(term):
    found = mentioned(term)
    assert {mention.severity for mention in found} <= {"neutral"}
    assert found or (term.ground, term.name) in REFERENCES | DESCRIBED

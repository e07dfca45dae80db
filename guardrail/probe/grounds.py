"""The grounds on which people must not be treated differently, and what says so.

Rule: the seven of the four ordinances are `statutory`; the twelve of the Guideline (section 2.3.4) have its names.
Where both reach a matter (race and ethnicity, sex and gender) each keeps its own name, because the duty differs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

GUIDELINE = "G1.1 §2.3.4"
_SDO = ("Sex Discrimination Ordinance (Cap. 480)", "《性別歧視條例》（第480章）")
_DDO = ("Disability Discrimination Ordinance (Cap. 487)", "《殘疾歧視條例》（第487章）")
_FSDO = ("Family Status Discrimination Ordinance (Cap. 527)", "《家庭崗位歧視條例》（第527章）")
_RDO = ("Race Discrimination Ordinance (Cap. 602)", "《種族歧視條例》（第602章）")


@dataclass(frozen=True, slots=True)
class Ground:
    """A ground with its names and, where there is one, the ordinance, both in English and Chinese."""

    name: str
    en: str
    zh: str
    law: tuple[str, str] | None = None

    @property
    def statutory(self) -> bool:
        """Whether one of the four ordinances names it."""
        return self.law is not None


GROUNDS: Mapping[str, Ground] = {
    ground.name: ground
    for ground in (
        Ground("sex", "Sex", "性別（法定）", _SDO),
        Ground("marital_status", "Marital status", "婚姻狀況", _SDO),
        Ground("pregnancy", "Pregnancy", "懷孕", _SDO),
        Ground("breastfeeding", "Breastfeeding", "餵哺母乳", _SDO),
        Ground("disability", "Disability", "殘疾", _DDO),
        Ground("family_status", "Family status", "家庭崗位", _FSDO),
        Ground("race", "Race", "種族", _RDO),
        Ground("belief", "Belief", "信仰"),
        Ground("political_opinion", "Political opinion", "政見"),
        Ground("nationality", "Nationality", "國籍"),
        Ground("region", "Region", "地域"),
        Ground("gender", "Gender and orientation", "性別認同及性傾向"),
        Ground("age", "Age", "年齡"),
        Ground("ethnicity", "Ethnicity", "民族"),
        Ground("skin_colour", "Skin colour", "膚色"),
        Ground("occupation", "Occupation", "職業"),
        Ground("health", "Health", "健康狀況"),
        Ground("income", "Income", "收入水平"),
        Ground("lifestyle", "Lifestyle", "生活方式"),
    )
}


def ground_of(name: str) -> Ground:
    """The ground of that name; one that a user made up is called what they call it."""
    return GROUNDS.get(name) or Ground(name, name.replace("_", " "), name)

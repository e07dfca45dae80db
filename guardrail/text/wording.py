"""Words for the reader of an answer, in the language that the answer is in.

Rules: English, Traditional and Simplified Chinese are each written out, because a converter would write for the eye of
nobody; Cantonese is answered in Traditional characters, and what is neither Chinese nor English in English.
"""

from dataclasses import dataclass

from guardrail.text.language import language


@dataclass(frozen=True, slots=True)
class Wording:
    """One message in three forms, with the same `{places}` in each."""

    en: str
    hant: str
    hans: str

    def to(self, lang: str, **values: object) -> str:
        """The message for a reader of `lang`, one of `language.LANGUAGES`, with its places filled.

        >>> Wording("wrong: {what}", "錯誤：{what}", "错误：{what}").to("yue", what="1 + 1 = 3")
        '錯誤：1 + 1 = 3'
        """
        words = self.hans if lang == "zh-Hans" else self.hant if lang in ("zh-Hant", "zh", "yue") else self.en
        return words.format(**values)

    def beside(self, text: str, **values: object) -> str:
        """The message for a reader of `text`."""
        return self.to(language(text), **values)

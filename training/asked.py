"""An answer that is no sentence, put behind the question that it answers: "Massachusetts" claims nothing, "in which
state is the school? Massachusetts" does.  One more task to learn from; the network that shipped is near chance at it,
so its detector does not read such answers.

Rule: only a short answer is read so, and only with the last question of what was asked, cut from the left.
"""

import re

SHORT = 6
"""Words of an answer up to which it is read with its question."""
LONGEST = 300
"""Characters of a question that are read."""
_SENTENCE = re.compile(r"[^.?!\n]+[.?!]*(?=\s|$)|[^.?!\n]+")


def with_question(answer: str, prompt: str) -> str:
    """The answer, behind the question where it is too short to say anything by itself.

    >>> with_question("Massachusetts", "I have a question. In which state is Eastham?")
    'In which state is Eastham? Massachusetts'
    """
    if not prompt.strip() or len(answer.split(None, SHORT)) > SHORT:
        return answer
    tail = prompt.strip()[-2 * LONGEST :]
    asked = [one.strip() for one in _SENTENCE.findall(tail)]
    questions = [one for one in asked if one.endswith("?")]
    question = (questions or asked or [""])[-1][-LONGEST:]
    return f"{question} {answer}" if question else answer

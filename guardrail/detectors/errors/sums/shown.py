"""Exact values as a reader of the answer would write them (serves every check that names the right value).

Rules: as many decimals as the answer itself wrote, and where those would not show the difference, as few more as do;
thousands are grouped where the answer groups them or the number is long.
"""

from fractions import Fraction

_MOST = 12
_LONG = 10_000


def decimal(value: Fraction, places: int, *, grouped: bool = False) -> str:
    """`value` rounded half up to `places` decimals.

    >>> decimal(Fraction(2469, 2), 1), decimal(Fraction(-1, 3), 2), decimal(Fraction(12345678), 0, grouped=True)
    ('1234.5', '-0.33', '12,345,678')
    """
    scaled = int(abs(value) * 10**places * 2 + 1) // 2
    whole, part = divmod(scaled, 10**places)
    sign = "-" if value < 0 and scaled else ""
    return f"{sign}{whole:{',' if grouped else ''}}" + (f".{part:0{places}d}" if places else "")


def right_value(value: Fraction, stated: Fraction, step: Fraction, *, grouped: bool = False) -> str:
    """`value` in the way that `stated`, whose last written digit is worth `step`, was written.

    >>> right_value(Fraction(10, 3), Fraction(343, 100), Fraction(1, 100))
    '3.33'
    >>> right_value(Fraction(36), Fraction(38), Fraction(1)), right_value(Fraction(5, 2), Fraction(3), Fraction(1))
    ('36', '2.5')
    """
    grouped = grouped or abs(value) >= _LONG
    places = _places(step)
    exact = next((n for n in range(places, _MOST + 1) if (value * 10**n).denominator == 1), None)
    if exact is not None and exact - places <= 2:
        return decimal(value, exact, grouped=grouped)
    places = max(places, 2 if abs(value) < 10 else 1 if abs(value) < 30 else 0)
    while places < _MOST and (Fraction(decimal(value, places)) == stated or not Fraction(decimal(value, places))):
        places += 1
    return decimal(value, places, grouped=grouped)


def _places(step: Fraction) -> int:
    places = 0
    while places < _MOST and step * 10**places < 1:
        places += 1
    return places


def agrees(value: Fraction, stated: Fraction, step: Fraction) -> bool:
    """Whether `stated` is `value` rounded to, or cut at, the digit worth `step`."""
    off = abs(value - stated)
    return off * 2 <= step or (off < step and abs(stated) < abs(value))


def coarse(stated: Fraction, step: Fraction) -> Fraction:
    """What the last digit that is no trailing zero is worth: 100 for 1,200."""
    unit = step
    while stated and unit * 10 <= abs(stated) and (stated / (unit * 10)).denominator == 1:
        unit *= 10
    return unit

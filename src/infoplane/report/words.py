"""Numbers and names as a reader sees them."""

import math
import re

_MINUS = "\N{MINUS SIGN}"
_MARKUP = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "%{": "&#37;{"}


def number(value: float, digits: int = 4) -> str:
    """``digits`` significant digits with a true minus sign; no digit before the point is lost.

    >>> number(-0.123456), number(13600.0), number(float("nan")), number(-math.inf)
    ('−0.1235', '13600', 'not measured', '−∞')
    """
    if math.isnan(value):
        return "not measured"
    if math.isinf(value):
        return "∞" if value > 0 else f"{_MINUS}∞"
    whole = 10 ** (digits - 1) <= abs(value) < 1e9
    plain = f"{value:.0f}" if whole else f"{value:.{digits}g}"
    return plain.replace("-", _MINUS)


def with_error(value: float, error: float | None) -> str:
    """A value, and its standard error where there is one.

    >>> with_error(1.5, 0.25), with_error(1.5, None)
    ('1.5 ± 0.25', '1.5')
    """
    known = error is not None and math.isfinite(error) and math.isfinite(value)
    return f"{number(value)} ± {error:.2g}" if known else number(value)


def escaped(text: str) -> str:
    """User's text that Plotly must show as it is: neither pseudo-HTML nor a hover template.

    >>> escaped("<b>%{x} & y</b>")
    '&lt;b&gt;&#37;{x} &amp; y&lt;/b&gt;'
    """
    return re.sub(r"&|<|>|%\{", lambda found: _MARKUP[found.group()], text)


def ceiling_words(ceiling: float, unit: str) -> str:
    """What the dotted line at the largest measurable value says.

    >>> ceiling_words(6.643856, "bit")
    'ceiling log₂ n = 6.64 bit'
    """
    return f"ceiling log₂ n = {ceiling:.2f} {unit}".rstrip()

"""Numbers and names as a reader sees them."""

import math
import re
from collections.abc import Sequence
from os.path import commonprefix

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


def escaped(text: str) -> str:
    """User's text that Plotly must show as it is: neither pseudo-HTML nor a hover template.

    >>> escaped("<b>%{x} & y</b>")
    '&lt;b&gt;&#37;{x} &amp; y&lt;/b&gt;'
    """
    return re.sub(r"&|<|>|%\{", lambda found: _MARKUP[found.group()], text)


def shortened(text: str, most: int) -> str:
    """A name cut in its middle to ``most`` characters: both ends tell names apart.

    >>> shortened("encoder.layers.11.attention", 15)
    'encoder…tention'
    """
    if len(text) <= most:
        return text
    head = most // 2
    return f"{text[:head]}…{text[len(text) - (most - head - 1) :]}"


def told_apart(names: Sequence[str], most: int) -> list[str]:
    """Names in at most ``most`` characters each, without the ends that all of them share.

    >>> told_apart(["net.blocks.0.attention", "net.blocks.11.attention"], 12)
    ['…0…', '…11…']
    >>> told_apart(["encoder.1", "encoder.2"], 12)
    ['encoder.1', 'encoder.2']
    """
    if len(names) < 2 or max(map(len, names)) <= most:
        return [shortened(name, most) for name in names]
    start = commonprefix(names).rfind(".") + 1
    rest = [name[start:] for name in names]
    end = commonprefix([name[::-1] for name in rest]).rfind(".") + 1
    cores = [name[: len(name) - end] for name in rest]
    before, after = "…" if start else "", "…" if end else ""
    return [before + shortened(core, most - 2) + after for core in cores]


def ceiling_words(ceiling: float, unit: str) -> str:
    """What the dotted line at the largest measurable value says.

    >>> ceiling_words(6.643856, "bit")
    'ceiling log₂ n = 6.64 bit'
    """
    return f"ceiling log₂ n = {ceiling:.2f} {unit}".rstrip()

"""Long texts inside a page: compressed, and letters only, for the page's script to unpack."""

import base64
import gzip
import json
from typing import Any

from markupsafe import Markup


def packed(text: str) -> Markup:
    """Compressed, in base64: the same text gives the same letters, and none that HTML minds.

    >>> gzip.decompress(base64.b64decode(packed("</script>"))).decode()
    '</script>'
    """
    return Markup(base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode())


def packed_json(value: Any) -> Markup:  # noqa: ANN401 — whatever JSON can say
    """Strict JSON, packed."""
    return packed(json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")))

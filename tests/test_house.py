"""Laws about the repository itself."""

import re
import subprocess
import sys
from pathlib import Path

import infoplane as ip

ROOT = Path(__file__).resolve().parents[1]
SOURCES = sorted((ROOT / "src").rglob("*.py"))


def test_every_public_name_resolves():
    for name in ip.__all__:
        assert getattr(ip, name) is not None
        assert name in dir(ip)


def test_the_verb_watch_is_no_module():
    assert callable(ip.watch) and callable(ip.watch)


def test_importing_the_package_does_not_import_torch():
    code = "import sys, infoplane; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_module_prints_or_imports_the_package_s_own_face():
    for path in SOURCES:
        assert not re.search(
            r"^\s*(from infoplane import|import infoplane$)", path.read_text(), re.M
        )


def test_the_readme_links_to_what_exists_and_holds_no_placeholder():
    text = (ROOT / "README.md").read_text()
    links = [link for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]
    assert all((ROOT / link).exists() for link in links), links
    assert not re.search(r"^[A-Z]{4,}$", text, re.M)

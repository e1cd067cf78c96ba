"""The contracts between the rooms hold (pyproject.toml, importlinter)."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def lint(*arguments, cwd=ROOT):
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=240, check=False)


def test_every_app_imports_only_from_those_left_of_it():
    done = lint("--no-cache")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


def test_the_contracts_would_notice(tmp_path):
    """The same contracts over a copy in which one rule is broken."""
    for app in ("core", "accounts"):
        for source in (ROOT / app).rglob("*.py"):
            target = tmp_path / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source.read_text())
    (tmp_path / "core" / "sneaky.py").write_text("from accounts import roles\n\n__all__ = ['roles']\n")
    (tmp_path / ".importlinter").write_text(
        "[importlinter]\nroot_packages =\n    core\n    accounts\n\n[importlinter:contract:layers]\n"
        "name = layers\ntype = layers\nlayers =\n    accounts\n    core\n"
    )
    done = lint("--no-cache", cwd=tmp_path)
    assert done.returncode == 1
    assert "core.sneaky -> accounts.roles" in done.stdout

"""System packages that tests need: installed when we may (Debian or Ubuntu, as root), else named.

``python -m tests.system_packages chromium`` ends with 0 when it is there. With ``CI=true`` a missing one fails;
otherwise the tests that need it are skipped with the same sentence.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

#: Name → the commands that show that it is there, and its Debian package.
_PACKAGES = {"chromium": (("chromium", "chromium-browser", "google-chrome"), "chromium")}


def find(name: str) -> str | None:
    """The path of an installed program."""
    commands, _ = _PACKAGES[name]
    return next((found for command in commands if (found := shutil.which(command))), None)


def advice(name: str) -> str:
    """One line that says what to install."""
    _, package = _PACKAGES[name]
    return f"{name} is needed for the browser tests: sudo apt-get install -y {package}"


def install(name: str) -> bool:
    """Install by apt if we may. Returns whether it is there now."""
    if find(name):
        return True
    _, package = _PACKAGES[name]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    _apt_get("update", "-qq")
    _apt_get("install", "-y", "-qq", "--no-install-recommends", package)
    return find(name) is not None


def _apt_get(*arguments: str) -> None:
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", *arguments], check=False, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main() -> int:
    """Install what is named on the command line."""
    missing = [name for name in sys.argv[1:] if not install(name)]
    for name in missing:
        sys.stdout.write(advice(name) + "\n")
    return 1 if missing and os.environ.get("CI") == "true" else 0


if __name__ == "__main__":
    sys.exit(main())

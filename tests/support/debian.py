"""Installs a package of Debian's where this machine lets us."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess

LONGEST_SECONDS = 120


def install_package(name: str) -> None:
    """Install Debian's package ``name``, if this is Debian and we are root; the caller sees whether it is there now."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", name]):
        with contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(
                ["apt-get", *command],
                check=False,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                timeout=LONGEST_SECONDS,
            )

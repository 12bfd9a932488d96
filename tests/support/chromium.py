"""Finds Chromium, or installs it: the one without windows by preference, which opens a page in a third of the time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from tests.support.debian import install_package

WITHOUT_WINDOWS = "chromium-headless-shell"
NAMES = (WITHOUT_WINDOWS, "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """Return the path of a Chromium: ``$CHROMIUM``, or the first of the usual names that is installed."""
    if given := os.environ.get("CHROMIUM"):
        return given
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def find_or_install_chromium() -> str:
    """Return the path of Chromium, installing Debian's packages or Playwright's build when there is none.

    An empty path means Playwright's own build. Raises RuntimeError when none could be had.
    """
    if "CHROMIUM" not in os.environ and not shutil.which(WITHOUT_WINDOWS):
        print("\n== Installing Chromium", flush=True)
        install_package(WITHOUT_WINDOWS)
    if found := find_chromium():
        return found
    install_package("chromium")
    if found := find_chromium():
        return found
    done = subprocess.run(
        [sys.executable, "-m", "playwright", "install", "chromium"], check=False, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise RuntimeError("No Chromium found and none could be installed; set CHROMIUM to its path.")
    return ""

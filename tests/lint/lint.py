# SPDX-License-Identifier: GPL-2.0-or-later
"""What all lints share: the files of a tree, and how findings are told.

A lint is a module with check(tree) -> findings, each a sentence that starts with file:line or file. Run one with
    python3 tests/lint/lint.py NAME ROOT
Exit code 0: no findings, 1: findings, 77: a tool that the lint needs is not installed (meson's word for skipped).
"""
import importlib
import os
import subprocess
import sys

SKIPPED = 77


class Missing(Exception):
    """A tool that a lint needs is not installed."""


class Tree:
    """The project's own files under root: what git tracks or would track, or everything where git cannot say."""

    def __init__(self, root):
        self.root = os.path.abspath(root)
        self.files = sorted(self._from_git() or self._from_walk())

    def _from_git(self):
        if not os.path.exists(os.path.join(self.root, ".git")):
            return []
        done = subprocess.run(["git", "-C", self.root, "ls-files", "-z", "-co", "--exclude-standard"],
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
        names = done.stdout.decode().split("\0") if done.returncode == 0 else []
        return [name for name in names if name and os.path.isfile(os.path.join(self.root, name))]

    def _from_walk(self):
        for folder, folders, names in os.walk(self.root):
            top = folder == self.root
            folders[:] = [f for f in folders if f not in (".git", "__pycache__") and not (top and f.startswith("build"))]
            for name in names:
                yield os.path.relpath(os.path.join(folder, name), self.root)

    def path(self, name):
        return os.path.join(self.root, name)

    def text(self, name):
        """The file's text, or None for binary files."""
        with open(self.path(name), "rb") as file:
            data = file.read()
        return None if b"\0" in data else data.decode("utf-8", "replace")

    def ending(self, *ends):
        return [name for name in self.files if name.endswith(ends)]


def need(tool):
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if os.access(os.path.join(folder, tool), os.X_OK):
            return tool
    raise Missing(f"{tool} is not installed")


def main(name, root, *arguments):
    try:
        findings = list(importlib.import_module(name).check(Tree(root), *arguments))
    except Missing as missing:
        print(f"skipped: {missing}")
        return SKIPPED
    for finding in findings:
        print(finding)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""docs/policy.md against the loader: docs.py PROGRAM ROOT. Its examples are accepted, and it names every key."""
import pathlib
import re
import subprocess
import sys
import tempfile

KEY = re.compile(r'\{"(\w+)", (?:read_\w+|NULL), ')


def main(program, root):
    root = pathlib.Path(root)
    page = (root / "docs/policy.md").read_text(encoding="utf-8")
    blocks = page.split("```")[1::2]
    problems = []
    examples = [("plant", b) for b in blocks if "schema" in b] + [("tests", b) for b in blocks if "tests = (" in b]
    for kind, text in examples:
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "example.conf"
            path.write_text(text, encoding="utf-8")
            done = subprocess.run([program, kind, path], capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            problems.append(f"the example of a {kind} file is refused:\n{done.stdout}")
    sources = "".join(p.read_text(encoding="utf-8") for p in sorted((root / "rules/policy").glob("*.c")))
    keys = set(KEY.findall(sources)) - {"controls"}
    problems += [f"key \"{key}\" is not on the page" for key in sorted(keys) if f"`{key}`" not in page]
    print("\n".join(problems) or f"{len(examples)} examples, {len(keys)} keys")
    return 1 if problems or len(examples) < 2 or len(keys) < 50 else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

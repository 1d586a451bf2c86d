# SPDX-License-Identifier: GPL-2.0-or-later
"""Python files compile, and pyflakes and shellcheck find nothing. Argument behind the root: python or shell."""
import re
import subprocess

from lint import Missing, need


def of_kind(tree, ending, shebang):
    for name in tree.files:
        text = tree.text(name)
        if text is not None and (name.endswith(ending) or re.match(shebang, text)):
            yield name


def run(tree, command, names):
    if not names:
        return []
    done = subprocess.run([*command, *names], cwd=tree.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    return lines or ([f"{command[0]} failed with {done.returncode}"] if done.returncode else [])


def check_python(tree):
    findings, names = [], list(of_kind(tree, ".py", r"#!.*python"))
    for name in names:
        try:
            compile(tree.text(name), name, "exec")
        except SyntaxError as error:
            findings.append(f"{name}:{error.lineno}: {error.msg}")
    try:
        flakes = need("pyflakes3")
    except Missing:
        return findings
    return findings or run(tree, [flakes], names)


def check_shell(tree):
    return run(tree, [need("shellcheck"), "--format=gcc"], list(of_kind(tree, ".sh", r"#!.*\b(ba|da)?sh\b")))


def check(tree, kind):
    return {"python": check_python, "shell": check_shell}[kind](tree)

# SPDX-License-Identifier: GPL-2.0-or-later
"""Python files compile; pyflakes, shellcheck and man find nothing. Argument behind the root: python, shell or man."""
import os
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


def check_man(tree, *built):
    """Man pages format without a warning; also those that the build makes."""
    man = need("man")
    findings = []
    for name in [name for name in tree.files if re.fullmatch(r"docs/.*\.[1-8]", name)] + list(map(os.path.abspath, built)):
        done = subprocess.run([man, "--warnings", "--encoding=UTF-8", "--local-file", name], cwd=tree.root,
                              env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "80", "MANPAGER": "cat"},
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        lines = done.stderr.decode("utf-8", "replace").splitlines()
        findings.extend(f"{name}: {line}" for line in lines)
        if not lines and (done.returncode or not done.stdout.strip()):
            findings.append(f"{name}: man cannot read it")
    return findings


def check(tree, kind, *built):
    return {"python": check_python, "shell": check_shell, "man": check_man}[kind](tree, *built)

#!/usr/bin/env python3
"""The manual page and the bash completion know every command and every long option of `nacre --help-all`. $NACRE_TOOL is its path."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

TOOL = os.path.abspath(os.environ.get("NACRE_TOOL", "build/release/nacre"))
SHARE = pathlib.Path(__file__).resolve().parent.parent.parent / "share"
MANUAL = SHARE / "man" / "nacre.1"
COMPLETION = SHARE / "bash-completion" / "nacre"


def commands():
    """Command -> its long options, as the tool itself says."""
    found = {}
    text = subprocess.run([TOOL, "--help-all"], capture_output=True, check=True, text=True).stdout
    for line in text.split("\nSubcommands:\n")[1].split("\n"):
        if re.match(r"[a-z-]+$", line):
            options = found.setdefault(line, set())
        elif match := re.match(r" +(?:-\w,)?(--[a-z-]+)", line):
            options.add(match.group(1))
    return found


class ManualTest(unittest.TestCase):
    def test_has_every_command_and_option(self):
        text = MANUAL.read_text()
        described = set(re.findall(r"^\.It Cm ([a-z-]+)", text, re.M))
        written = {"-" + flag for flag in re.findall(r"\bFl (-[a-z-]+)", text)}
        self.assertGreaterEqual(len(commands()), 13)
        for command, options in commands().items():
            self.assertIn(command, described, "a command that share/man/nacre.1 does not describe (.It Cm ...)")
            self.assertEqual(options - written, set(), f"options of {command} that share/man/nacre.1 does not name (.Fl -...)")

    def test_has_every_command_of_the_shell(self):
        with tempfile.TemporaryDirectory() as home:
            done = subprocess.run([TOOL, "shell", f"{home}/db", "--command", "help"], capture_output=True, check=True, text=True)
        text = MANUAL.read_text().split(".Sh THE SHELL")[1].split(".Sh ENVIRONMENT")[0]
        described = set(" ".join(re.findall(r"^\.It Cm (.*)", text, re.M)).split())
        listed = set(re.findall(r"^  ([a-z]+)  ", done.stdout, re.M))
        self.assertGreater(len(listed), 20)
        self.assertEqual(listed, described)

    def test_is_well_formed(self):
        if shutil.which("mandoc"):
            done = subprocess.run(["mandoc", "-Tlint", "-Wwarning", str(MANUAL)], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stdout), (0, ""))
        if shutil.which("groff"):
            done = subprocess.run(["groff", "-ww", "-mandoc", "-Tutf8", "-z", str(MANUAL)], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""))


class CompletionTest(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="nacre-completion-")
        subprocess.run([TOOL, "put", f"{self.home}/db", "k", "v"], check=True)
        for name in ("users", "user groups"):
            subprocess.run([TOOL, "keyspaces", f"{self.home}/db", "create", name], check=True)
        os.mkdir(f"{self.home}/dir with blanks")
        pathlib.Path(f"{self.home}/file.tsv").touch()

    def tearDown(self):
        shutil.rmtree(self.home)

    def complete(self, *words):
        """What is offered for the last of `words`, which follow the name of the tool."""
        script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nacre; '
                  'printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-u", "-c", script, "bash", str(COMPLETION), TOOL, *words], cwd=self.home, capture_output=True, text=True)
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return sorted(done.stdout.split("\n")[:-1]) if done.stdout != "\n" else []

    def test_every_command_and_option(self):
        known = commands()
        self.assertEqual(self.complete(""), sorted([*known, "--help", "--help-all", "--version"]))
        for command, options in known.items():
            self.assertEqual(set(self.complete(command, "--")) - {"--help", "--help-all"}, options - {"--help", "--help-all"}, command)

    def test_words_in_their_places(self):
        for words, offered in [(["sc"], ["scan"]), (["get", "d"], ["db", "dir with blanks"]), (["get", "db", "--key"], ["--keyspace"]),
                               (["get", "db", "--keyspace", "us"], ["user\\ groups", "users"]), (["get", "db", "--keyspace", "=", "def"], ["default"]),
                               (["get", "db", "--keyspace", "="], ["default", "user\\ groups", "users"]),
                               (["put", "db", "k", "v", "--durability", ""], ["disk", "memory", "os"]), (["put", "db", "--durability", "=", "d"], ["disk"]),
                               (["keyspaces", "db", ""], ["create", "drop", "list"]), (["keyspaces", "db", "drop", "users"], ["users"]),
                               (["import", "db", "f"], ["file.tsv"]), (["import", "--keyspace", "x", "db", "f"], ["file.tsv"]), (["shell", "db", "--file", "f"], ["file.tsv"]),
                               (["dump", ""], ["db", "dir with blanks", "file.tsv"]), (["dump", "db/CUR"], ["db/CURRENT"]), (["repair", "d"], ["db", "dir with blanks"]),
                               (["repair", "db", ""], ["db", "dir with blanks"]), (["import", "db", "--errors", "f"], ["file.tsv"]),
                               (["help", "re"], ["repair"]), (["help", "repair", ""], []), (["get", "db", "k", ""], []), (["put", "db", "k", "v", "w"], []), (["frob", ""], []), (["get", "no/db", "--keyspace", ""], [])]:
            self.assertEqual(self.complete(*words), offered, words)


if __name__ == "__main__":
    unittest.main(verbosity=1)

#!/usr/bin/env python3
"""What the nacre command says of words that are wrong, and of places that cannot be read or written. $NACRE_TOOL is its path."""

import os
import subprocess
import unittest

from tool_case import FAILURE, NOT_FOUND, SUCCESS, TOOL, USAGE, ToolCase


class WrongWordsTest(ToolCase):
    def says(self, words, code, *arguments, **more):
        told = self.fails(code, *arguments, **more)
        self.assertIn(words, told, arguments)
        self.assertLessEqual(told.count("\n"), 2, told)
        return told

    def test_values_that_are_missing_or_none_of_those_that_there_are(self):
        self.ok("put", self.db, "k", "v")
        for words, arguments in [
            ("--limit needs a value behind it", ["scan", self.db, "--limit"]), ("--prefix needs a value behind it", ["scan", self.db, "--prefix"]),
            ("--durability needs a value behind it", ["put", self.db, "--durability"]),
            ('ACTION: "creat" is none of list, create, drop, did you mean "create"?', ["keyspaces", self.db, "creat", "x"]),
            ('--shape: "round" is none of lazy-leveled, leveled, tiered\n', ["keyspaces", self.db, "create", "x", "--shape", "round"]),
            ('--durability: "a: b not in {c}" is none of memory, os, disk\n', ["put", self.db, "k", "v", "--durability", "a: b not in {c}"]),
            ('"--json" belongs behind its command: nacre scan --json', ["--json", "scan", self.db]), ("DIR is required", ["bench"]), ("DB is required", ["put"]), ("--once excludes --count", ["top", self.db, "--count", "2", "--once"]),
            ("a keyspace of this name exists", ["keyspaces", self.db, "create", "default"]), ('nacre: "": ', ["put", "", "k", "v"]),
            ('keyspace "": ', ["put", self.db, "k", "v", "--keyspace", ""]),
            ("--keys, --values and --block are of one file, and " + self.db, ["dump", self.db, "--block", "1"]), ("of one file", ["dump", self.db, "--keys"]),
        ]:
            self.says(words, USAGE, *arguments)
        self.says('"' + "x" * 100_000 + '" is none of', USAGE, "put", self.db, "k", "v", "--durability", "x" * 100_000)
        self.ok("keyspaces", self.db, "create", "as_statistics_have_it", "--shape", "lazy_leveled")
        self.ok("shell", self.db, "--command", "create in_the_shell --shape lazy_leveled")

    def test_help_of_what_is_no_command(self):
        self.says('there is no command "pit", did you mean "put"?', USAGE, "help", "pit")
        self.assertEqual(self.ok("help", "put"), self.ok("put", "--help"))
        self.assertEqual(self.ok("help"), self.ok("--help"))

    def test_a_keyspace_that_is_not_there(self):
        self.ok("put", self.db, "k", "v")
        self.says("nacre: the only keyspace is default\n", NOT_FOUND, "get", self.db, "k", "--keyspace", "nope")
        self.ok("keyspaces", self.db, "create", "users")
        self.says('did you mean "users"? the keyspaces are default, users\n', NOT_FOUND, "get", self.db, "k", "--keyspace", "user")

    def test_a_script_that_is_not_there_makes_no_database(self):
        self.says("cannot be read: No such file", FAILURE, "shell", self.db, "--file", str(self.home / "missing"))
        self.says("cannot be read: Is a directory", FAILURE, "shell", self.db, "--file", str(self.home))
        self.assertFalse(os.path.exists(self.db))
        self.ok("shell", self.db, "--file", "-", stdin=b"put k v\n")
        self.assertEqual(self.ok("get", self.db, "k"), b"v\n")

    def test_repair_names_its_directories(self):
        self.says(f"repair {self.db} into {self.home}/new: ", NOT_FOUND, "repair", self.db, f"{self.home}/new")

    def test_a_file_that_is_there_is_no_error_of_the_system(self):
        self.ok("put", self.db, "k", "v")
        (self.home / "there").write_text("")
        self.assertEqual(self.fails(FAILURE, "export", self.db, f"{self.home}/there"),
                         f"nacre: {self.home}/there: there is such a file already; --force replaces it\n")

    def test_names_cannot_steer_the_terminal(self):
        self.ok("put", self.db, "k", "v")
        name = str(self.home / "\x1b[31m.csv")
        for arguments in (["export", self.db, name], ["import", self.db, name], ["export", self.db, name]):
            done = self.run_tool(*arguments)
            self.assertIn(b"\\x1b[31m.csv", done.stderr)
            self.assertNotIn(b"\x1b", done.stderr)
        with open(name, "wb") as file:
            file.write(b'a,b\n"open')
        for more in ([], ["--on-error", "skip"]):
            done = self.run_tool("import", self.db, name, *more)
            self.assertNotIn(b"\x1b", done.stderr.replace(b"nacre import", b"", 1).split(b"to go on")[0])

    def test_a_full_output_is_told_once_and_why(self):
        self.ok("import", self.db, stdin=b"".join(b"%06d\tvalue\n" % i for i in range(20_000)))
        for command in (["scan", self.db], ["shell", self.db, "--command", "scan"], ["shell", self.db, "--command", "help"], ["dump", self.db, "--json"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([TOOL, *command], stdout=full, stderr=subprocess.PIPE, timeout=120)
            self.assertEqual(done.returncode, FAILURE, command)
            self.assertRegex(done.stderr, rb"\Anacre: .*writing failed; what is there is not complete: No space left on device\n\Z", command)


if __name__ == "__main__":
    unittest.main(verbosity=1)

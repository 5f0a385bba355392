#!/usr/bin/env python3
"""Options of the nacre command: files of them, what is refused, and that docs/TUNING.md says what the code does. $NACRE_TOOL is its path."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

TOOL = os.environ.get("NACRE_TOOL", "build/release/nacre")
TUNING = pathlib.Path(__file__).resolve().parents[2] / "docs" / "TUNING.md"
SUCCESS, NOT_FOUND, USAGE, FAILURE = range(4)


def described(printed):
    """The rows of docs/TUNING.md that the commented file makes."""
    rows, table, comment = [], "", []
    for line in printed.split("\n"):
        if line.startswith("# "):
            comment.append(line[2:])
            continue
        if line.startswith("["):
            table = line.strip("[]") + "."
        elif " = " in line:
            said = re.fullmatch(r".* Range: (.*)\. Default: (.*?)\. Changes: (.*?)\. Change it when: (.*)\.", " ".join(comment))
            rows.append(f"| `{table}{line.split(' = ')[0]}` | {said[1]} | {said[2]} | {said[3]} | {said[4]} |")
        comment = []
    return rows


class OptionsTest(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="nacre-options-"))
        self.db = str(self.home / "db")

    def tearDown(self):
        shutil.rmtree(self.home)

    def run_tool(self, code, *arguments, stdin=b""):
        done = subprocess.run([TOOL, *arguments], input=stdin, capture_output=True, timeout=120)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stdout[-500:]} {done.stderr[-2000:]}")
        return (done.stdout if code == SUCCESS else done.stderr).decode()

    def file(self, text):
        path = self.home / "nacre.toml"
        path.write_text(text)
        return str(path)

    def test_what_is_printed_is_a_file_of_options(self):
        printed = self.run_tool(SUCCESS, "options")
        self.assertEqual(self.run_tool(SUCCESS, "options", "--options", self.file(printed)), printed)
        changed = printed.replace('durability = "os"', 'durability = "disk"').replace("filter_bits_per_key = 10", "filter_bits_per_key = 3")
        self.assertNotEqual(changed, printed)
        self.assertEqual(self.run_tool(SUCCESS, "options", "--options", self.file(changed)), changed)
        self.assertEqual(self.run_tool(SUCCESS, "options", "--options", "/dev/stdin", stdin=changed.encode()), changed)

    def test_the_page_on_tuning_says_the_same(self):
        on_the_page = [line for line in TUNING.read_text().split("\n") if re.match(r"\| `[a-z_.]+` \|", line)]
        self.assertEqual(on_the_page, described(self.run_tool(SUCCESS, "options")))

    def test_every_command_reads_them_and_refuses_what_is_wrong(self):
        self.run_tool(SUCCESS, "put", self.db, "k", "v", "--options", self.file('memory_bytes = "32MiB"\n'))
        wrong = self.file("# words\nmemory = 5\n")
        for command in ("put", "get", "del", "scan", "import", "export", "stats", "check", "compact"):
            arguments = {"put": ["k", "w"], "get": ["k"], "del": ["k"]}.get(command, [])
            words = self.run_tool(USAGE, command, self.db, *arguments, "--options", wrong)
            self.assertEqual(words, f'nacre: {wrong}:2:1: unknown option "memory": did you mean "memory_bytes"?\n')
        self.assertEqual(self.run_tool(SUCCESS, "get", self.db, "k"), "v\n")
        self.assertIn("no such file", self.run_tool(USAGE, "get", self.db, "k", "--options", str(self.home / "none.toml")))

    def test_wrong_options_make_no_database(self):
        self.run_tool(USAGE, "put", self.db, "k", "v", "--options", self.file("[keyspace]\nblock_bytes = 1\n"))
        self.assertFalse(os.path.exists(self.db))

    def test_a_file_says_how_to_open_where_a_command_may_create(self):
        self.run_tool(NOT_FOUND, "put", self.db, "k", "v", "--options", self.file('mode = "must_exist"'))
        self.assertFalse(os.path.exists(self.db))
        self.run_tool(SUCCESS, "put", self.db, "k", "v", "--options", self.file('mode = "create_new"'))
        self.run_tool(USAGE, "put", self.db, "k", "w", "--options", self.file('mode = "create_new"'))
        self.run_tool(USAGE, "put", self.db, "k", "w", "--options", self.file('mode = "read_only"'))
        self.assertEqual(self.run_tool(SUCCESS, "get", self.db, "k", "--options", self.file('mode = "create_new"')), "v\n")

    def test_stats_show_what_is_in_force(self):
        file = self.file('memory_bytes = "64MiB"\ndurability = "disk"\n[keyspace]\nshape = "tiered"\nblock_bytes = 4096\n')
        self.run_tool(SUCCESS, "put", self.db, "k", "v", "--options", file)
        stats = json.loads(self.run_tool(SUCCESS, "stats", self.db, "--json", "--options", self.file('memory_bytes = "32MiB"')))
        self.assertEqual(stats["options"]["memory_bytes"], 32 << 20)
        self.assertEqual((stats["options"]["mode"], stats["options"]["durability"]), ("read_only", "os"))
        self.assertEqual(stats["keyspaces"][0]["options"], {"compression": "lz4", "bottom_compression": "lz4", "shape": "tiered",
                                                            "filter_bits_per_key": 10, "block_bytes": 4096})
        words = self.run_tool(SUCCESS, "stats", self.db)
        self.assertIn("shape tiered; filter bits per key 10; block bytes 4096", words)
        self.assertIn('memory_bytes = "512MiB"', words)

    def test_no_file_is_looked_for(self):
        for name in ("nacre.toml", ".nacre.toml", "db/nacre.toml"):
            (self.home / name).parent.mkdir(exist_ok=True)
            (self.home / name).write_text("nonsense")
        shutil.rmtree(self.db)
        done = subprocess.run([os.path.abspath(TOOL), "put", "db", "k", "v"], cwd=self.home, capture_output=True, timeout=120)
        self.assertEqual(done.returncode, SUCCESS, done.stderr)


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""nacre dump and nacre repair as a person uses them: a database is broken, looked into, repaired. $NACRE_TOOL is the tool's path."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

TOOL = os.environ.get("NACRE_TOOL", "build/release/nacre")
SUCCESS, NOT_FOUND, USAGE, FAILURE = range(4)


class SalvageTest(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="nacre-salvage-"))
        self.db = self.home / "db"
        self.new = self.home / "new"
        lines = b"".join(b"key%04d\tvalue %d\n" % (i, i) for i in range(3000))
        self.run_tool(SUCCESS, "import", self.db, stdin=lines)
        self.run_tool(SUCCESS, "put", self.db, "other", "1", "--keyspace", "default")

    def tearDown(self):
        shutil.rmtree(self.home)

    def run_tool(self, code, *arguments, stdin=b""):
        done = subprocess.run([TOOL, *map(str, arguments)], input=stdin, capture_output=True, timeout=120)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stdout[-1000:]} {done.stderr[-2000:]}")
        return done.stdout.decode()

    def files(self, pattern):
        return sorted(self.db.glob(pattern))

    def largest_table(self):
        return max(self.files("*.sst"), key=lambda path: path.stat().st_size)

    def flip(self, path, at):
        data = bytearray(path.read_bytes())
        data[at] ^= 1
        path.write_bytes(data)

    def items(self, code, *arguments):
        return [json.loads(line) for line in self.run_tool(code, "dump", *arguments, "--json").splitlines()]

    def keys(self, database):
        return [json.loads(line)["key"] for line in self.run_tool(SUCCESS, "scan", database, "--json").splitlines()]

    # ---- dump

    def test_every_kind_of_file_is_shown(self):
        before = {path: path.read_bytes() for path in self.files("*")}
        kinds = {item["kind"] for item in self.items(SUCCESS, self.db) if item["what"] == "file"}
        self.assertLessEqual({"current", "manifest", "log", "table", "lock"}, kinds)
        for path in self.files("*"):
            self.assertTrue(self.items(SUCCESS, path), path)
        self.assertEqual(before, {path: path.read_bytes() for path in self.files("*")})

    def test_a_table_from_the_outside_in(self):
        items = self.items(SUCCESS, self.largest_table(), "--values")
        whats = [item["what"] for item in items]
        for what in ("footer", "properties", "data", "index", "block", "entry", "end"):
            self.assertIn(what, whats)
        said = next(item for item in items if item["what"] == "properties")
        entries = [item for item in items if item["what"] == "entry"]
        blocks = [item for item in items if item["what"] == "block"]
        self.assertEqual(said["entries"], len(entries))
        self.assertEqual(said["blocks"], len(blocks))
        self.assertIn({"key": "key0007", "value": "value 7"}, [{"key": e["key"], "value": e["value"]} for e in entries])
        one = self.items(SUCCESS, self.largest_table(), "--block", "1")
        self.assertEqual([item["offset"] for item in one if item["what"] == "block"], [blocks[1]["offset"]])
        self.assertEqual(len([item for item in one if item["what"] == "entry"]), blocks[1]["entries"])
        text = self.run_tool(SUCCESS, "dump", self.largest_table(), "--keys")
        self.assertIn('key="key0007"', text)
        self.assertNotIn("value 7", text)

    def test_a_copy_under_another_name_is_known(self):
        copy = self.home / "copy.bin"
        shutil.copy(self.largest_table(), copy)
        self.assertIn("properties", [item["what"] for item in self.items(SUCCESS, copy)])
        (self.home / "letter").write_text("Dear all\n")
        self.run_tool(USAGE, "dump", self.home / "letter")
        self.run_tool(NOT_FOUND, "dump", self.home / "nothing")

    def test_damage_is_shown_where_it_is(self):
        path = self.largest_table()
        blocks = [item for item in self.items(SUCCESS, path) if item["what"] == "block"]
        self.flip(path, blocks[1]["offset"] + 5)
        damaged = [item for item in self.items(FAILURE, path) if item.get("damaged")]
        self.assertEqual([item["offset"] for item in damaged], [blocks[1]["offset"]])
        self.assertEqual(damaged[0]["keys_to"] >= blocks[1]["last_key"], True)
        self.assertEqual(len(self.items(FAILURE, path, "--keys")) > 1000, True)
        self.flip(path, -1)  # no footer any more: the blocks are found all the same
        after = [item for item in self.items(FAILURE, path) if item["what"] == "block"]
        self.assertEqual(len(after), len(blocks) - 1)

    # ---- repair

    def test_a_sound_database(self):
        report = json.loads(self.run_tool(SUCCESS, "repair", self.db, self.new, "--json"))
        self.assertTrue(report["complete"])
        self.assertEqual(report["entries"], 3001)
        self.assertEqual(self.keys(self.new), self.keys(self.db))
        self.run_tool(SUCCESS, "check", self.new)
        self.assertFalse((self.new / "REPAIR-UNFINISHED").exists())

    # What a newcomer does: break it, check it, repair it, look what is gone.
    def test_break_check_repair(self):
        wanted = self.keys(self.db)
        self.flip(self.largest_table(), 100)
        self.run_tool(FAILURE, "check", self.db)
        text = self.run_tool(FAILURE, "repair", self.db, self.new)
        self.assertIn("lost: " + self.largest_table().name, text)
        self.assertIn("NOT ALL WAS SAVED", text)
        shutil.rmtree(self.new)
        report = json.loads(self.run_tool(FAILURE, "repair", self.db, self.new, "--json"))
        (finding,) = report["findings"]
        kept = set(self.keys(self.new))
        gone = [key for key in wanted if key not in kept]
        self.assertEqual(finding["entries"], len(gone))
        for key in gone:
            self.assertTrue(finding["from"] <= key <= finding["to"], key)
        self.run_tool(SUCCESS, "check", self.new)

    def test_without_current_and_manifest(self):
        for path in [self.db / "CURRENT", *self.files("MANIFEST-*")]:
            path.unlink()
        wanted = 3001
        report = json.loads(self.run_tool(FAILURE, "repair", self.db, self.new, "--json"))
        self.assertFalse(report["complete"])
        self.assertEqual(report["entries"], wanted)

    def test_refusals(self):
        self.run_tool(USAGE, "repair", self.db, self.db)
        self.run_tool(NOT_FOUND, "repair", self.home / "nothing", self.new)
        self.run_tool(USAGE, "repair", self.db)


if __name__ == "__main__":
    unittest.main()

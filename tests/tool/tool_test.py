#!/usr/bin/env python3
"""The nacre command as a person uses it: commands, exit codes, JSON, TSV, damage, kills. $NACRE_TOOL is its path."""

import contextlib
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import time
import unittest

from tool_case import FAILURE, NOT_FOUND, SUCCESS, TOOL, USAGE, ToolCase

ALL_BYTES = bytes(range(256))


def escaped(data):
    """As TSV must have it, written without looking at the tool's own code."""
    names = {0x09: b"\\t", 0x0A: b"\\n", 0x0D: b"\\r", 0x5C: b"\\\\"}
    return b"".join(names.get(byte, bytes([byte])) for byte in data)


def unescaped(data):
    out, at = bytearray(), 0
    while at < len(data):
        if data[at] != 0x5C:
            out.append(data[at])
            at += 1
        elif data[at + 1 : at + 2] == b"x":
            out.append(int(data[at + 2 : at + 4], 16))
            at += 4
        else:
            out.append({b"t": 9, b"n": 10, b"r": 13, b"\\": 92}[data[at + 1 : at + 2]])
            at += 2
    return bytes(out)


class ToolTest(ToolCase):
    def entries(self, *arguments):
        return [tuple(map(unescaped, line.split(b"\t"))) for line in self.ok("scan", self.db, *arguments).split(b"\n")[:-1]]

    # ---- commands

    def test_put_get_del(self):
        self.ok("put", self.db, "user:1", "Alice")
        self.assertEqual(self.ok("get", self.db, "user:1"), b"Alice\n")
        self.ok("put", self.db, "user:1", "Bob", "--durability", "disk")
        self.assertEqual(self.ok("get", self.db, "user:1"), b"Bob\n")
        self.ok("put", self.db, "user:2", "", "--durability", "memory")
        self.assertEqual(self.ok("get", self.db, "user:2"), b"\n")
        self.ok("del", self.db, "user:1")
        self.fails(NOT_FOUND, "get", self.db, "user:1")
        self.fails(NOT_FOUND, "del", self.db, "user:1")

    def test_scan(self):
        self.ok("import", self.db, stdin=b"".join(b"k%02d\tv%d\n" % (i, i) for i in range(30)))
        keys = [b"k%02d" % i for i in range(30)]
        scanned = lambda *arguments: [key for key, value in self.entries(*arguments)]
        self.assertEqual(scanned(), keys)
        self.assertEqual(scanned("--reverse"), keys[::-1])
        self.assertEqual(scanned("--limit", "3"), keys[:3])
        self.assertEqual(scanned("--reverse", "--limit", "3"), keys[:-4:-1])
        self.assertEqual(scanned("--limit", "0"), [])
        self.assertEqual(scanned("--prefix", "k1"), keys[10:20])
        self.assertEqual(scanned("--from", "k05", "--to", "k08"), keys[5:8])
        self.assertEqual(scanned("--prefix", "k1", "--from", "k18"), keys[18:20])
        self.assertEqual(scanned("--from", "x"), [])

    def test_scan_limits_and_bounds_as_they_are_given(self):
        self.ok("import", self.db, stdin=b"a\t1\nb\t2\n")
        for limit in ("-1", "99999999999999999999", "1.5", "some", " 1"):
            self.assertIn("limit", self.fails(USAGE, "scan", self.db, "--limit", limit), limit)
        self.assertEqual(len(self.entries("--limit", str(2**64 - 1))), 2)
        self.assertEqual(self.entries("--to", ""), [], "nothing lies before the empty key")
        self.assertEqual(len(self.entries("--from", "", "--prefix", "")), 2)

    def test_keyspaces(self):
        self.ok("put", self.db, "k", "here")
        self.ok("put", self.db, "k", "there", "--keyspace", "other")
        self.assertEqual(self.ok("get", self.db, "k"), b"here\n")
        self.assertEqual(self.ok("get", self.db, "k", "--keyspace", "other"), b"there\n")
        self.fails(NOT_FOUND, "get", self.db, "k", "--keyspace", "nobody")
        self.assertEqual(self.ok("export", self.db, "--keyspace", "other"), b"k\tthere\n")

    def test_json(self):
        self.ok("import", self.db, stdin=b"text\tvalue\nraw\\xff\t\\x00\\xfe\n")
        self.assertEqual(json.loads(self.ok("get", self.db, "text", "--json")), {"key": "text", "value": "value"})
        lines = [json.loads(line) for line in self.ok("scan", self.db, "--json").splitlines()]
        self.assertEqual(lines, [{"key_hex": "726177ff", "value_hex": "00fe"}, {"key": "text", "value": "value"}])
        stats = json.loads(self.ok("stats", self.db, "--json"))
        self.assertEqual([keyspace["name"] for keyspace in stats["keyspaces"]], ["default"])
        self.assertEqual(sum(level["entries"] for level in stats["keyspaces"][0]["levels"]), 2)
        self.assertEqual(json.loads(self.ok("check", self.db, "--json")), {"sound": True, "findings": []})

    def test_stats_check_compact(self):
        self.ok("import", self.db, stdin=b"".join(b"k%d\t%d\n" % (i, i) for i in range(1000)))
        for _ in range(3):
            self.ok("put", self.db, "k1", "new")
            self.ok("flush", self.db)
        words = self.ok("stats", self.db)
        self.assertIn(b"keyspace default", words)
        self.assertRegex(words, rb"(?m)^beyond one copy of the data: [\d.]+ K?i?B at most$")
        self.assertNotIn(b"space amplification", words)
        self.assertGreater(json.loads(self.ok("stats", self.db, "--json"))["keyspaces"][0]["space_amplification"], 1)
        self.assertEqual(self.ok("check", self.db), b"sound\n")
        self.ok("compact", self.db)
        self.assertIn(b"beyond one copy of the data: nothing\n", self.ok("stats", self.db))
        self.assertEqual(len(self.entries()), 1000)

    # ---- usage

    def test_help(self):
        words = self.ok("--help").decode()
        for command in "put get del scan import export stats check compact".split():
            self.assertIn(command, words)
            self.assertIn("DB", self.ok(command, "--help").decode())

    def test_version(self):
        lines = self.ok("--version").decode().splitlines()
        project = (pathlib.Path(__file__).resolve().parents[2] / "CMakeLists.txt").read_text()
        self.assertEqual(lines[0], "nacre " + re.search(r"project\(nacre VERSION ([\d.]+)", project)[1])
        facts = dict(line.split(maxsplit=1) for line in lines[1:])
        self.assertEqual(list(facts), ["compiler", "build", "codecs", "io_uring", "system"])
        self.assertRegex(facts["compiler"], r"^(GCC|.*[Cc]lang) \d+\.")
        self.assertRegex(facts["build"], r"^\w+, debug checks o(n|ff)(, sanitizers \S+)?$")
        self.assertRegex(facts["codecs"], r"^lz4 [\d.]+, zstd [\d.]+$")
        self.assertRegex(facts["io_uring"], r"^(yes|no, )")
        self.assertIn(os.uname().release, facts["system"])
        self.assertIn("--version", self.ok("--help").decode())

    def test_help_that_does_not_get_out_is_a_failure(self):
        for arguments in (["--help"], ["put", "--help"], ["--help-all"], ["--version"]):
            with open("/dev/full", "wb") as full:
                done = subprocess.run([TOOL, *arguments], stdout=full, stderr=subprocess.PIPE, timeout=120)
            self.assertEqual((done.returncode, b"No space left" in done.stderr), (FAILURE, True), arguments)

    def test_wrong_usage(self):
        for arguments in [(), ("nonsense",), ("put",), ("put", self.db), ("put", self.db, "k"), ("get", self.db), ("scan",),
                          ("scan", self.db, "--limit", "many"), ("scan", self.db, "--nonsense"), ("put", self.db, "k", "v", "--durability", "hope"),
                          ("import", self.db, "--format", "xml"), ("get", self.db, "\\xZZ", "--escaped"), ("stats", self.db, "extra")]:
            self.fails(USAGE, *arguments)
        self.assertFalse(os.path.exists(self.db), "wrong usage must make nothing")

    def test_no_database(self):
        for command in [("get", self.db, "k"), ("del", self.db, "k"), ("scan", self.db), ("export", self.db), ("stats", self.db),
                        ("check", self.db), ("compact", self.db)]:
            words = self.fails(NOT_FOUND, *command)
            self.assertIn(self.db, words)
        self.assertFalse(os.path.exists(self.db), "reading must make nothing")
        os.mkdir(self.db)
        pathlib.Path(self.db, "letter.txt").write_text("dear")
        self.assertNotEqual(self.run_tool("put", self.db, "k", "v").returncode, SUCCESS)
        self.assertNotEqual(self.run_tool("get", self.db, "k").returncode, SUCCESS)
        self.assertEqual(pathlib.Path(self.db, "letter.txt").read_text(), "dear")

    def test_missing_input_makes_no_database(self):
        self.fails(FAILURE, "import", self.db, str(self.home / "no-such-file"))
        self.assertFalse(os.path.exists(self.db))

    # ---- TSV

    def test_round_trip_of_all_bytes(self):
        expected = {b"": b"empty", ALL_BYTES: ALL_BYTES, b"none": b"", b"\\x41": b"\\", b" ": b" spaces ", b"\xc3\xa4": b"\r\n\t"}
        expected.update({bytes([byte]): bytes([byte, 0, byte]) for byte in range(256)})
        expected.update({bytes([a, b]): bytes([b, a]) for a in range(0, 256, 17) for b in range(256)})
        text = b"".join(escaped(key) + b"\t" + escaped(value) + b"\n" for key, value in expected.items())
        self.ok("import", self.db, stdin=text)
        exported = self.ok("export", self.db)
        self.assertEqual(self.entries(), sorted(expected.items()))
        again = str(self.home / "again")
        file = self.home / "all.tsv"
        self.ok("export", self.db, str(file))
        self.assertEqual(file.read_bytes(), exported)
        self.ok("import", again, str(file))
        self.assertEqual(self.ok("export", again), exported)
        self.assertEqual(self.ok("get", again, "\\x00", "--escaped"), b"\0\0\0\n")
        hexed = b"".join(b"".join(b"\\x%02X" % byte for byte in key) + b"\t\n" for key in expected)
        self.ok("import", str(self.home / "hexed"), stdin=hexed)
        self.assertEqual(len(self.ok("export", str(self.home / "hexed")).splitlines()), len(exported.splitlines()))

    def test_last_line_without_its_end(self):
        self.ok("import", self.db, stdin=b"a\t1\nb\t2")
        self.assertEqual(self.entries(), [(b"a", b"1"), (b"b", b"2")])

    def test_malformed_lines_are_named_and_what_came_before_is_kept(self):
        for number, wrong in enumerate([b"no tab", b"a\\q\tv", b"a\t\\x4", b"a\t\\xg0", b"a\\", b"a\tb\tc", b"", b"k" * 65537 + b"\tv"]):
            db = str(self.home / f"db{number}")
            text = b"".join(b"k%03d\tv\n" % i for i in range(120)) + wrong + b"\nlater\tv\n"
            words = self.fails(FAILURE, "import", db, stdin=text)
            self.assertIn("line 121", words)
            self.assertIn("120 entries", words)
            self.assertEqual(self.ok("export", db), b"".join(b"k%03d\tv\n" % i for i in range(120)), wrong)

    def test_import_keeps_the_order_of_the_lines(self):
        self.ok("import", self.db, stdin=b"k\told\nother\tv\nk\tnew\n")
        self.assertEqual(self.ok("get", self.db, "k"), b"new\n")

    def test_export_to_a_closed_pipe_or_full_device_fails(self):
        self.ok("import", self.db, stdin=b"".join(b"k%05d\t%s\n" % (i, b"v" * 50) for i in range(5000)))
        if os.path.exists("/dev/full"):
            with open("/dev/full", "wb") as full:
                self.assertEqual(subprocess.run([TOOL, "export", self.db], stdout=full, stderr=subprocess.DEVNULL).returncode, FAILURE)
                self.assertEqual(subprocess.run([TOOL, "scan", self.db], stdout=full, stderr=subprocess.DEVNULL).returncode, FAILURE)
            self.assertIn("not complete", self.fails(FAILURE, "export", self.db, "/dev/full"))
        self.assertEqual(self.ok("check", self.db), b"sound\n")

    # ---- kills, damage, others

    def test_output_that_does_not_get_out_is_a_failure(self):
        self.ok("put", self.db, "k", "v")
        for command in (["get", "k"], ["scan"], ["stats"], ["check"], ["export"]):
            for options in ([], ["--json"]) if command != ["export"] else ([],):
                with open("/dev/full", "wb") as full:
                    arguments = [TOOL, command[0], self.db, *command[1:], *options]
                    done = subprocess.run(arguments, stdout=full, stderr=subprocess.PIPE, timeout=120)
                self.assertEqual(done.returncode, FAILURE, arguments)
                self.assertIn(b"No space left", done.stderr, arguments)

    def test_an_entry_that_is_too_large_keeps_the_lines_before_it(self):
        huge = b"a\t1\nb\t2\nc\t" + b"v" * (130 << 20) + b"\nd\t4\n"
        words = self.fails(FAILURE, "import", self.db, stdin=huge)
        self.assertIn("line 3", words)
        self.assertIn("128.0 MiB", words)
        self.assertEqual(self.entries(), [(b"a", b"1"), (b"b", b"2")])

    def test_the_limit_of_an_entry_is_that_of_the_database(self):
        small, large, file = self.home / "small.toml", self.home / "large.toml", self.home / "lines.tsv"
        small.write_text('memory_bytes = "16MiB"')
        large.write_text('memory_bytes = "1GiB"')
        limit = (4 << 20) - 64
        fits, too_long = b"f" * (limit - 1), b"l" * limit
        before = b"1" * 1000  # pending when an entry comes that fills a batch alone
        lines = b"a\t" + before + b"\nk\t" + fits + b"\nb\t2\nk\t" + too_long + b"\nc\t3\n"
        file.write_bytes(lines)  # of a pipe, what is pending is written while the next bytes are waited for
        words = self.fails(FAILURE, "import", self.db, str(file), "--options", str(small))
        self.assertRegex(words, "line 4: key and value are together longer than 4.0 MiB")
        words = self.run_tool("import", self.db, str(file), "--options", str(small), "--on-error", "skip").stderr
        self.assertIn(b"imported 4 entries; 1 rejected", words)
        self.assertEqual(self.entries(), [(b"a", before), (b"b", b"2"), (b"c", b"3"), (b"k", fits)])
        self.assertIn("4.0 MiB", self.fails(FAILURE, "put", self.db, "k", "-", "--options", str(small), stdin=too_long + b"l"))
        huge = b"v" * (130 << 20)
        self.ok("import", self.db, "--options", str(large), stdin=b"h\t" + huge)
        self.ok("put", self.db, "i", "-", "--options", str(large), stdin=huge)
        for key in "hi":
            self.assertEqual(self.ok("get", self.db, key), huge + b"\n")

    def import_and_hold(self, lines):
        """An import that was fed `lines` and waits for more; returns when its log holds two batches of them (256 KiB each)."""
        child = subprocess.Popen([TOOL, "import", self.db], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        child.stdin.write(lines)
        child.stdin.flush()
        while not self.log_with(b"row006"):
            self.assertIsNone(child.poll())
            time.sleep(0.01)
        return child

    def log_with(self, text):
        """A file of the log that holds `text`, or None."""
        for path in pathlib.Path(self.db).glob("*.wal"):
            with contextlib.suppress(FileNotFoundError):  # a segment that was made ready has got another name meanwhile
                if text in path.read_bytes():
                    return path
        return None

    def test_a_torn_log_is_told_by_whoever_opens(self):
        lines = b"".join(b"row%06d\t%s\n" % (i, b"v" * 100) for i in range(20_000))
        child = self.import_and_hold(lines)
        child.kill()
        child.communicate()
        whole = self.ok("export", self.db)
        self.assertEqual(self.run_tool("check", self.db).stderr, b"")
        log = self.log_with(b"row000")
        data = bytearray(log.read_bytes())
        at = data.index(b"row00") + (300 << 10)  # in the second batch
        data[at] ^= 1
        log.write_bytes(data)
        for command in ("check", "export", "stats"):
            done = self.run_tool(command, self.db)
            self.assertEqual(done.returncode, SUCCESS)
            self.assertIn(f"of {log.name}".encode(), done.stderr)
            self.assertIn(b"never acknowledged as durable", done.stderr)
        left = self.ok("export", self.db)
        self.assertTrue(left and left != whole and whole.startswith(left))

    def test_nobody_reads_beside_a_writer(self):
        child = self.import_and_hold(b"".join(b"row%06d\t%s\n" % (i, b"v" * 100) for i in range(20_000)))
        for command in (["get", self.db, "row000001"], ["scan", self.db], ["check", self.db], ["export", self.db]):
            self.assertIn("another process has the database open", self.fails(FAILURE, *command))
        child.communicate()
        self.assertEqual(child.returncode, SUCCESS)
        self.assertEqual(len(self.entries()), 20_000)

    def test_a_killed_import_leaves_a_prefix(self):
        seed = int(os.environ.get("NACRE_TOOL_SEED", "5"))
        choice = random.Random(seed)
        lines = [b"%08d\t%s\n" % (i, b"v" * (i % 200)) for i in range(150_000)]
        source = self.home / "lines.tsv"
        source.write_bytes(b"".join(lines))
        kept = []
        for attempt in range(6):
            db = str(self.home / f"killed{attempt}")
            child = subprocess.Popen([TOOL, "import", db, str(source)], stderr=subprocess.DEVNULL)
            time.sleep(choice.uniform(0.01, 0.4))
            child.send_signal(signal.SIGKILL)
            child.wait()
            done = self.run_tool("export", db)
            if done.returncode == NOT_FOUND:
                continue  # killed before there was a database
            self.assertEqual(done.returncode, SUCCESS, done.stderr)
            found = done.stdout.splitlines(keepends=True)
            self.assertEqual(found, lines[: len(found)], f"not a prefix; seed {seed}")
            kept.append(len(found))
            self.assertEqual(self.ok("check", db), b"sound\n")
        self.assertTrue(any(kept), f"every kill came too early: {kept}")

    def test_check_names_file_and_offset(self):
        text = b"".join(b"key%06d\t%s\n" % (i, os.urandom(60).hex().encode()) for i in range(3000))
        self.ok("import", self.db, stdin=text)
        self.ok("compact", self.db)
        table = max(pathlib.Path(self.db).glob("*.sst"), key=lambda path: path.stat().st_size)
        whole = table.read_bytes()
        for at in [100, len(whole) // 3, len(whole) // 2]:
            damaged = bytearray(whole)
            damaged[at] ^= 0x10
            table.write_bytes(damaged)
            done = self.run_tool("check", self.db)
            self.assertEqual(done.returncode, FAILURE, done.stdout + done.stderr)
            words = (done.stdout + done.stderr).decode()
            self.assertIn(table.name, words)
            self.assertRegex(words, r"offset \d+")
            findings = json.loads(self.run_tool("check", self.db, "--json").stdout)
            self.assertFalse(findings["sound"])
            self.assertTrue(0 <= at - findings["findings"][0]["offset"] < 64 << 10, findings)
            for command in ("scan", "export"):
                self.assertEqual(self.run_tool(command, self.db).returncode, FAILURE, f"{command} over damage must not end in success")
        table.unlink()
        self.assertIn(table.name, self.fails(FAILURE, "check", self.db))
        table.write_bytes(whole)
        self.assertEqual(self.ok("check", self.db), b"sound\n")

    def test_reading_commands_change_no_file(self):
        self.ok("import", self.db, stdin=b"a\t1\nb\t2\n")
        state = lambda: {entry.name: (entry.stat().st_mtime_ns, entry.stat().st_size) for entry in os.scandir(self.db)}
        before = state()
        for command in [("get", self.db, "a"), ("scan", self.db), ("export", self.db), ("stats", self.db), ("check", self.db)]:
            self.ok(*command)
        self.assertEqual(state(), before)

    def test_writers_leave_a_log_of_lines(self):
        self.ok("put", self.db, "k", "v")
        path = pathlib.Path(self.db) / "LOG"
        self.assertRegex(path.read_text().splitlines()[-1], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z info closed$")
        path.unlink()
        for command in (["put", self.db, "k", "w"], ["del", self.db, "k"], ["import", self.db], ["compact", self.db]):
            self.ok(*command, "--log-format", "json")
            events = [json.loads(line) for line in path.read_text().splitlines()]
            self.assertIn("opened", [event["kind"] for event in events])
            self.assertEqual(events[-1]["kind"], "closed", command)
            path.unlink()
        self.fails(USAGE, "put", self.db, "k", "w", "--log-format", "xml")
        self.fails(USAGE, "get", self.db, "k", "--log-format", "json")
        self.assertNotIn(b"opened", self.run_tool("put", self.db, "k", "w").stderr)
        self.assertIn(b"nacre: opened database=", self.run_tool("get", self.db, "k", "--verbose").stderr)

    def test_a_second_writer_is_told_that_the_database_is_in_use(self):
        holder = subprocess.Popen([TOOL, "import", self.db], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
        holder.stdin.write(b"a\t1\n")
        holder.stdin.flush()
        for _ in range(200):
            if os.path.exists(os.path.join(self.db, "CURRENT")):
                break
            time.sleep(0.05)
        self.fails(FAILURE, "put", self.db, "k", "v")
        holder.stdin.close()
        self.assertEqual(holder.wait(timeout=60), SUCCESS)
        self.assertEqual(self.entries(), [(b"a", b"1")])


if __name__ == "__main__":
    unittest.main(verbosity=1)

#!/usr/bin/env python3
"""import and export as a person uses them: formats, wrong input, signals, full devices, pipes, terminals. $NACRE_TOOL is the tool."""

import base64
import fcntl
import json
import os
import pathlib
import pty
import random
import re
import resource
import select
import shlex
import shutil
import signal
import struct
import subprocess
import termios
import time
import unittest

from tool_case import FAILURE, NOT_FOUND, SUCCESS, TOOL, USAGE, ToolCase

NOBODY = 65534

# How text stands for bytes, written without looking at the tool's own code.
ENCODERS = {
    "escape": lambda data: b"".join(b"\\x%02x" % byte if byte < 32 or byte == 127 or byte == 92 else bytes([byte]) for byte in data),
    "hex": lambda data: data.hex().encode(),
    "base64": base64.b64encode,
}


def lines(count, begin=0):
    return [b"row%06d\t%s\n" % (i, b"v" * (i % 100)) for i in range(begin, begin + count)]


class TransferTest(ToolCase):
    def file(self, name, data):
        path = self.home / name
        path.write_bytes(data)
        return str(path)

    def exported(self, db=None):
        return self.ok("export", db or self.db)

    def left_beside(self):
        return sorted(name for name in os.listdir(self.home) if name.endswith(".partial"))

    def go_on(self, words):
        """Runs the command that a report says goes on."""
        command = shlex.split(re.search(r": nacre (import .*)$", words, re.M).group(1))
        return lambda stdin=b"": self.ok(*command, stdin=stdin)

    # ---- formats

    def test_every_format_and_encoding_brings_all_bytes_back(self):
        choice = random.Random(7)
        entries = {bytes(choice.randrange(256) for _ in range(choice.randrange(40))): choice.randbytes(choice.randrange(60)) for _ in range(500)}
        entries |= {b"key": b"value", b"": b"", bytes(range(256)): bytes(range(256)), b"text": "Perlmutt \u00e4 \U0001f41a".encode(), b'"': b',"\r\n'}
        text = b"".join(ENCODERS["hex"](key) + b"\t" + ENCODERS["hex"](value) + b"\n" for key, value in entries.items())
        self.ok("import", self.db, "--encoding", "hex", stdin=text)
        expected = self.exported()
        ways = [(form, encoding) for form in ("tsv", "csv", "jsonl") for encoding in ("escape", "hex", "base64")] + [("csv", "none"), ("dump", None)]
        for form, encoding in ways:
            options = ["--encoding", encoding] if encoding else []
            file = str(self.home / f"all-{encoding}.{form}")
            done = self.run_tool("export", self.db, file, *options)
            self.assertEqual(done.returncode, SUCCESS, done.stderr)
            self.assertEqual(f"taken as {form}".encode() in done.stderr, form != "tsv", "what it would be anyway")
            piped = self.ok("export", self.db, "--format", form, *options)
            self.assertEqual(pathlib.Path(file).read_bytes(), piped)
            again = str(self.home / f"db-{form}-{encoding}")
            self.ok("import", again, file, *(options if form != "jsonl" else []))
            self.assertEqual(self.exported(again), expected, (form, encoding))
            shutil.rmtree(again)
            self.ok("import", again, "-", "--format", form, *(options if form != "jsonl" else []), stdin=piped)
            self.assertEqual(self.exported(again), expected, (form, encoding))

    def test_encodings_are_what_others_write(self):
        data = {b"k%d" % i: os.urandom(i) for i in range(20)}
        for name, encode in ENCODERS.items():
            db = str(self.home / name)
            self.ok("import", db, "--encoding", name, stdin=b"".join(encode(k) + b"\t" + encode(v) + b"\n" for k, v in data.items()))
            found = [json.loads(line) for line in self.ok("export", db, "--format", "jsonl", "--encoding", "base64").splitlines()]
            values = [base64.b64decode(entry["value_base64"]) if "value_base64" in entry else entry["value"].encode() for entry in found]
            self.assertEqual(dict(zip([entry["key"].encode() for entry in found], values)), data)

    def test_what_scan_prints_as_json_is_imported(self):
        self.ok("import", self.db, stdin=b"text\tv\xc3\xa4\nraw\\xff\t\\x00\\xfe\n\t\n")
        again = str(self.home / "again")
        self.ok("import", again, "--format", "jsonl", stdin=self.ok("scan", self.db, "--json"))
        self.assertEqual(self.exported(again), self.exported())

    def test_csv_of_others(self):
        text = b'\xef\xbb\xbf"key","value"\r\n"a, b","say ""hi""\r\nthere"\r\nC:\\new,\xff\r\n'
        done = self.run_tool("import", self.db, self.file("their.csv", text))
        self.assertIn(b"is a header", done.stderr)
        self.assertEqual(self.exported(), b'C:\\\\new\t\xff\na, b\tsay "hi"\\r\\nthere\n')
        other = str(self.home / "other")
        self.ok("import", other, "--format", "csv", "--no-header", stdin=b"key,value\nname,wert\n")
        self.assertEqual(self.exported(other), b"key\tvalue\nname\twert\n")
        self.ok("import", other, "--format", "csv", "--header", stdin=b"Name,Wert\nx,y\n")
        self.assertEqual(self.exported(other), b"key\tvalue\nname\twert\nx\ty\n")
        self.assertEqual(self.ok("export", other, "--format", "csv", "--limit", "1"), b'key,value\nkey,"value"\n')
        self.assertEqual(self.ok("export", other, "--format", "csv", "--no-header", "--reverse"), b'x,y\nname,wert\nkey,"value"\n')

    def test_a_dump_carries_all_keyspaces(self):
        self.ok("import", self.db, stdin=b"k\there\n")
        self.ok("import", self.db, "--keyspace", "\u00e4 b", stdin=b"k\tthere\nl\tv\n")
        self.ok("import", self.db, "--keyspace", "empty", stdin=b"")
        file = str(self.home / "all.dump")
        self.ok("export", self.db, file, "--all-keyspaces")
        again = str(self.home / "again")
        self.ok("import", again, file)
        self.assertEqual(self.exported(again), b"k\there\n")
        self.assertEqual(self.ok("export", again, "--keyspace", "\u00e4 b"), b"k\tthere\nl\tv\n")
        self.assertEqual(self.ok("export", again, "--keyspace", "empty"), b"")
        self.assertIn("3 keyspaces", self.fails(USAGE, "import", self.db, file, "--keyspace", "one"))
        one = str(self.home / "one.dump")
        self.ok("export", self.db, one, "--keyspace", "\u00e4 b")
        self.ok("import", again, one, "--keyspace", "elsewhere")
        self.assertEqual(self.ok("export", again, "--keyspace", "elsewhere"), b"k\tthere\nl\tv\n")

    def options_of(self, db):
        return {each["name"]: each["options"] for each in json.loads(self.ok("stats", db, "--json"))["keyspaces"]}

    def test_a_dump_brings_keyspaces_back_as_they_were(self):
        file = self.file("options.toml", b'[keyspace]\nshape = "leveled"\nblock_bytes = 4096\n')
        self.ok("put", self.db, "k", "v", "--options", file)
        chosen = ["--compression", "none", "--bottom-compression", "zstd", "--shape", "tiered", "--filter-bits", "0", "--block-bytes", "65536"]
        self.ok("keyspaces", self.db, "create", "other", *chosen)
        before = self.options_of(self.db)
        self.assertEqual((before["default"]["shape"], before["other"]["filter_bits_per_key"]), ("leveled", 0))
        dump = self.file("all.dump", self.ok("export", self.db, "--all-keyspaces", "--format", "dump"))
        others = self.file("others.toml", b'[keyspace]\nfilter_bits_per_key = 3\n')
        for more in ([], ["--options", others]):
            again = str(self.home / "again")
            done = self.run_tool("import", again, dump, *more)
            self.assertEqual(done.returncode, SUCCESS, done.stderr)
            self.assertNotIn(b"options", done.stderr)
            self.assertEqual(self.options_of(again), before)
            shutil.rmtree(again)
        one = self.file("one.dump", self.ok("export", self.db, "--keyspace", "other", "--format", "dump"))
        self.ok("import", again, one, "--keyspace", "elsewhere")
        self.assertEqual(self.options_of(again)["elsewhere"], before["other"])
        self.assertEqual(self.options_of(again)["default"]["shape"], "lazy_leveled")

    def test_a_keyspace_that_is_there_keeps_its_options_and_that_is_told(self):
        self.ok("put", self.db, "new", "v")
        self.ok("keyspaces", self.db, "create", "other", "--shape", "tiered", "--block-bytes", "2048")
        before = self.options_of(self.db)
        source = str(self.home / "source")
        self.ok("put", source, "k", "v")
        self.ok("keyspaces", source, "create", "other", "--shape", "leveled", "--filter-bits", "24")
        self.ok("put", source, "k", "v", "--keyspace", "other")
        dump = self.file("all.dump", self.ok("export", source, "--all-keyspaces", "--format", "dump"))
        words = self.run_tool("import", self.db, dump).stderr.decode()
        self.assertIn("nacre: keyspace other was there and keeps its options: shape tiered, not leveled as in the dump; "
                      "filter bits per key 10, not 24 as in the dump; block bytes 2048, not 8192 as in the dump\n", words)
        self.assertNotIn("default", words)
        self.assertEqual(self.options_of(self.db), before)
        self.assertEqual(self.ok("get", self.db, "k", "--keyspace", "other"), b"v\n")
        self.assertEqual(self.run_tool("import", self.db, dump, "--quiet").stderr, b"")

    def test_a_dump_of_an_older_tool(self):
        self.ok("keyspaces", self.db, "create", "other", "--shape", "tiered")
        before = self.options_of(self.db)
        words = self.run_tool("import", self.db, "--format", "dump", stdin=bytes.fromhex(
            "4e61637265446d70010000000100000000000000000000004525f85d74a964c3010000000000000005000000000000000443c9f221cbb5ea53314b902347c0f8"
            "6f7468657202000000010000000a0000000000000038ca58dd8ed5ab65df9d5d4dd9515cd30100000001000000787903000000000000001000000000000000"
            "8f23d522157a078e9204deeb9b63822c01000000000000000200000000000000")).stderr
        self.assertEqual(words, b"imported 1 entry\n")
        self.assertEqual(self.ok("get", self.db, "x", "--keyspace", "other"), b"y\n")
        self.assertEqual(self.options_of(self.db), before)

    def test_export_within_bounds(self):
        self.ok("import", self.db, stdin=b"".join(lines(30)))
        keys = lambda *options: [line.split(b"\t")[0][-2:] for line in self.ok("export", self.db, *options).splitlines()]
        self.assertEqual(keys("--prefix", "row00001"), [b"%d" % i for i in range(10, 20)])
        self.assertEqual(keys("--from", "row000005", "--to", "row000007", "--reverse"), [b"06", b"05"])
        self.assertEqual(keys("--limit", "2", "--escaped", "--from", "row\\x300001"), [b"10", b"11"])

    # ---- wrong input

    def test_a_wrong_record_is_named_and_the_way_on_is_right(self):
        cases = {
            "tsv": (lambda i: b"k%04d\tv\n" % i, b"k\tv\tw\n", "line 3001 column 4"),
            "csv": (lambda i: b'k%04d,"a\nb"\n' % i, b'k,"v"w\n', "line 6001 column 6"),
            "jsonl": (lambda i: b'{"key":"k%04d","value":"v"}\n' % i, b'{"key":"k","valu":"v"}\n', "line 3001 column 17"),
        }
        for form, (line, wrong, where) in cases.items():
            db = str(self.home / form)
            good = [line(i) for i in range(4000)]
            file = self.file(f"input.{form}", b"".join(good[:3000]) + wrong + b"".join(good[3000:]))
            words = self.fails(FAILURE, "import", db, file)
            self.assertIn(where, words)
            self.assertIn("3000 entries", words)
            self.assertEqual(self.ok("export", db, "--format", form, "--no-header") if form == "csv" else self.ok("export", db, "--format", form), b"".join(good[:3000]))
            self.file(f"input.{form}", b"".join(good))
            self.go_on(words)()
            self.assertEqual(len(self.exported(db).splitlines()), 4000)

    def test_wrong_records_can_be_passed_over(self):
        text = lines(2000)
        wrong = [b"no tab %d\n" % i for i in range(9)] + [b"k" * 70_000 + b"\tv\n", b"a\\q\tv\n"]
        mixed = list(text)
        for i, line in enumerate(wrong):
            mixed.insert(100 * i, line)
        mixed[-1] = mixed[-1] + b"the last line"
        rejects = str(self.home / "rejects.tsv")
        done = self.run_tool("import", self.db, "--on-error", "skip", "--errors", rejects, stdin=b"".join(mixed))
        self.assertEqual(done.returncode, SUCCESS, done.stderr)
        self.assertIn(b"imported 2000 entries", done.stderr)
        self.assertIn(b"12 rejected", done.stderr)
        self.assertIn(b"line 1 column 9: there is no tab", done.stderr)
        self.assertEqual(done.stderr.count(b"(rejected)"), 5)
        self.assertEqual(pathlib.Path(rejects).read_bytes(), b"".join(wrong) + b"the last line\n")
        self.assertEqual(self.exported(), b"".join(text))
        self.assertIn("file to import", self.fails(USAGE, "import", self.db, rejects, "--on-error", "skip", "--errors", rejects))
        if os.path.exists("/dev/full"):
            words = self.fails(FAILURE, "import", self.db, "--on-error", "skip", "--errors", "/dev/full", stdin=b"a\tb\nwrong\n")
            self.assertIn("No space left", words)
            self.assertIn("1 entry is in the database", words)

    def test_passing_over_counts_wrong_records_too(self):
        text = b"a\t1\nwrong\nb\t2\nc\t3\n"
        self.ok("import", self.db, "--skip-entries", "2", stdin=text)
        self.assertEqual(self.exported(), b"b\t2\nc\t3\n")
        self.assertIn("has only 4 entries", self.fails(FAILURE, "import", self.db, "--skip-entries", "5", stdin=text))

    def test_damaged_dumps(self):
        self.ok("import", self.db, stdin=b"".join(lines(20_000)))
        file = self.home / "whole.dump"
        self.ok("export", self.db, str(file))
        whole, expected = file.read_bytes(), self.exported()
        again = str(self.home / "again")
        for size in (40, len(whole) // 2, len(whole) - 1):
            words = self.fails(FAILURE, "import", again, "--format", "dump", stdin=whole[:size])
            self.assertIn("cut off", words)
            kept = int(re.search(r"(\d+) entries are in", words).group(1)) if "entries are in" in words else 0
            self.assertEqual(self.exported(again), b"".join(lines(kept)))
            shutil.rmtree(again)
        damaged = bytearray(whole)
        damaged[len(whole) // 2] ^= 1
        words = self.fails(FAILURE, "import", again, "--format", "dump", stdin=bytes(damaged))
        self.assertIn("a block is damaged", words)
        done = self.run_tool("import", again, "--format", "dump", "--on-error", "skip", stdin=bytes(damaged))
        self.assertEqual(done.returncode, SUCCESS, done.stderr)
        lost = int(re.search(rb"its (\d+) entries are lost", done.stderr).group(1))
        found = self.exported(again).splitlines()
        self.assertEqual(len(found), 20_000 - lost)
        self.assertLessEqual(set(found), set(expected.splitlines()))
        nothing = str(self.home / "nothing")
        self.assertIn("no dump", self.fails(FAILURE, "import", nothing, "--format", "dump", stdin=b"a\tb\n"))
        self.assertFalse(os.path.exists(nothing))

    def test_options_that_do_not_go_together(self):
        file = self.file("in.dump", b"")
        for arguments in [("import", self.db, "--errors", "f"), ("import", self.db, "--on-error", "hope"), ("import", self.db, "--encoding", "none"),
                          ("import", self.db, "--header"), ("import", self.db, "--format", "jsonl", "--encoding", "hex"),
                          ("import", self.db, file, "--encoding", "hex"), ("import", self.db, file, "--on-error", "skip", "--errors", "f"),
                          ("import", self.db, "--skip-entries", "-1"), ("export", self.db, "--all-keyspaces"),
                          ("export", self.db, "--format", "dump", "--all-keyspaces", "--keyspace", "k"),
                          ("export", self.db, "--format", "dump", "--all-keyspaces", "--limit", "3"), ("export", self.db, "--format", "jsonl", "--no-header"),
                          ("export", self.db, "--prefix", "\\q", "--escaped")]:
            self.fails(USAGE, *arguments)
        self.assertFalse(os.path.exists(self.db))

    # ---- files

    def test_wrong_paths(self):
        self.ok("import", self.db, stdin=b"a\t1\n")
        for arguments in [("import", self.db, str(self.home / "none.tsv")), ("import", self.db, str(self.home)),
                          ("export", self.db, str(self.home)), ("export", self.db, str(self.home / "none" / "out.tsv")),
                          ("import", self.db, "--on-error", "skip", "--errors", str(self.home / "none" / "f"))]:
            self.assertIn("cannot be", self.fails(FAILURE, *arguments))
        self.fails(NOT_FOUND, "export", str(self.home / "nodb"), str(self.home / "out.tsv"))
        self.fails(NOT_FOUND, "export", self.db, str(self.home / "out.tsv"), "--keyspace", "nobody")
        self.assertFalse((self.home / "out.tsv").exists())
        self.assertEqual(self.left_beside(), [])

    def test_no_standard_streams(self):
        self.ok("import", self.db, stdin=b"a\t1\n")
        without = lambda *arguments, closed: subprocess.run([TOOL, *arguments], capture_output=True, timeout=60, preexec_fn=lambda: [os.close(i) for i in closed])
        self.assertIn(b"Bad file descriptor", without("import", self.db, closed=[0]).stderr)
        self.assertIn(b"Bad file descriptor", without("export", self.db, closed=[1]).stderr)
        self.assertEqual(without("import", self.db, self.file("wrong.tsv", b"b\t2\nwrong\n"), closed=[0, 1, 2]).returncode, FAILURE)
        self.assertEqual(self.ok("check", self.db), b"sound\n")
        self.assertEqual(self.exported(), b"a\t1\nb\t2\n")

    @unittest.skipUnless(os.geteuid() == 0, "becomes somebody else: needs root")
    def test_no_permission(self):
        os.chmod(self.home, 0o755)
        tool = str(self.home / "nacre")
        shutil.copy(TOOL, tool)
        self.ok("import", self.db, stdin=b"a\t1\n")
        secret = self.file("secret.tsv", b"a\t1\n")
        os.chmod(secret, 0o600)
        mine = self.home / "mine"
        mine.mkdir()
        os.chown(mine, NOBODY, NOBODY)

        def run(*arguments):
            done = subprocess.run([tool, *arguments], capture_output=True, timeout=60, user=NOBODY, group=NOBODY, extra_groups=[], cwd=mine)
            return done.returncode, done.stderr.decode()

        for arguments in [("export", self.db), ("import", self.db, "-"), ("import", str(mine / "db"), secret), ("import", str(self.home / "other"), "-")]:
            code, words = run(*arguments)
            self.assertEqual(code, FAILURE, (arguments, words))
            self.assertIn("ermission denied", words)
        self.assertFalse((mine / "db").exists())
        public = self.file("public.tsv", b"a\t1\n")
        os.chmod(public, 0o644)
        self.assertEqual(run("import", str(mine / "db"), public)[0], SUCCESS)
        code, words = run("export", str(mine / "db"), str(self.home / "out.tsv"))
        self.assertEqual(code, FAILURE)
        self.assertIn("cannot be written: Permission denied", words)

    def test_an_existing_file_is_replaced_by_force_only(self):
        self.ok("import", self.db, stdin=b"a\t1\n")
        out = self.home / "out.tsv"
        out.write_bytes(b"precious")
        self.assertIn("--force", self.fails(FAILURE, "export", self.db, str(out)))
        self.assertEqual(out.read_bytes(), b"precious")
        link = self.home / "link.tsv"
        link.symlink_to(out)
        self.ok("export", self.db, str(link), "--force")
        self.assertTrue(link.is_symlink())
        self.assertEqual(out.read_bytes(), b"a\t1\n")
        self.assertEqual(self.left_beside(), [])
        self.ok("export", self.db, "/dev/null", "--format", "tsv")

    def large(self):
        self.ok("import", self.db, stdin=b"".join(b"row%06d\t%s\n" % (i, b"v" * 500) for i in range(20_000)))

    def test_a_full_device_leaves_no_half_file(self):
        self.large()
        out = self.home / "out.tsv"
        limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        words = self.fails(FAILURE, "export", self.db, str(out), preexec_fn=limit)
        self.assertIn("File too large", words)
        self.assertIn("was removed", words)
        with open(self.home / "stdout", "wb") as stdout:
            done = subprocess.run([TOOL, "export", self.db], stdout=stdout, stderr=subprocess.PIPE, preexec_fn=limit, timeout=60)
        self.assertEqual(done.returncode, FAILURE)
        self.assertIn(b"not complete", done.stderr)
        self.assertFalse(out.exists())
        self.assertEqual(self.left_beside(), [])

    @unittest.skipUnless(os.geteuid() == 0, "mounts a small file system: needs root")
    def test_a_full_file_system(self):
        self.large()
        small = self.home / "small"
        small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(small)], capture_output=True).returncode != 0:
            self.skipTest("no tmpfs can be mounted here")
        try:
            (small / "out.tsv").write_bytes(b"of yesterday")
            words = self.fails(FAILURE, "export", self.db, str(small / "out.tsv"), "--force")
            self.assertIn("No space left", words)
            self.assertEqual(os.listdir(small), ["out.tsv"])
            self.assertEqual((small / "out.tsv").read_bytes(), b"of yesterday")
        finally:
            subprocess.run(["umount", str(small)], check=True)

    def test_a_killed_export_leaves_no_file_under_the_name(self):
        self.large()
        out = self.home / "out.csv"
        for wait in (0.0, 0.01, 0.02, 0.05, 0.1):
            child = subprocess.Popen([TOOL, "export", self.db, str(out)], stderr=subprocess.DEVNULL)
            time.sleep(wait)
            child.kill()
            child.wait()
            if out.exists():
                self.assertEqual(out.read_bytes().count(b"\n"), 20_001)
                out.unlink()
        for name in self.left_beside():
            (self.home / name).unlink()

    def test_an_interrupted_export_removes_its_file(self):
        self.large()
        fifo = self.home / "fifo"
        os.mkfifo(fifo)
        child = subprocess.Popen([TOOL, "export", self.db, str(fifo)], stderr=subprocess.PIPE)
        with open(fifo, "rb") as reader:
            reader.read(10)
            child.send_signal(signal.SIGINT)
            time.sleep(0.05)
            reader.read()
        self.assertEqual(child.wait(timeout=60), -signal.SIGINT)
        self.assertIn(b"interrupted", child.stderr.read())
        child.stderr.close()

    # ---- pipes

    def test_a_reader_that_goes_away_ends_export_as_it_ends_cat(self):
        self.large()
        for form in ("tsv", "csv", "jsonl", "dump"):
            child = subprocess.Popen([TOOL, "export", self.db, "--format", form], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            child.stdout.read(10)
            child.stdout.close()
            words = child.stderr.read()
            child.stderr.close()
            self.assertEqual(child.wait(timeout=60), -signal.SIGPIPE)
            self.assertEqual(words, b"")
        ignore = lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        child = subprocess.Popen([TOOL, "export", self.db], stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=ignore, restore_signals=False)
        child.stdout.close()
        self.assertIn(b"Broken pipe", child.stderr.read())
        child.stderr.close()
        self.assertEqual(child.wait(timeout=60), FAILURE)

    def test_whoever_reads_the_words_may_go_and_the_import_goes_on(self):
        child = subprocess.Popen([TOOL, "import", self.db, "--on-error", "skip"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        child.stderr.close()
        child.stdin.write(b"wrong\n" * 10 + b"".join(lines(1000)))
        child.stdin.close()
        self.assertEqual(child.wait(timeout=60), SUCCESS)
        self.assertEqual(self.exported(), b"".join(lines(1000)))

    # ---- signals

    def interrupted(self, *arguments, feed=None, when=None, kind=signal.SIGINT):
        child = subprocess.Popen([TOOL, "import", self.db, *arguments], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        if feed:
            child.stdin.write(feed)
            child.stdin.flush()
        when()
        child.send_signal(kind)
        words = child.stderr.read().decode()
        child.stderr.close()
        try:
            child.stdin.close()
        except BrokenPipeError:
            pass
        return child.wait(timeout=60), words

    def wait_for_log(self, text):
        while not any(text in path.read_bytes() for path in pathlib.Path(self.db).glob("*.wal")):
            time.sleep(0.01)

    def test_an_interrupted_import_says_exactly_what_is_there(self):
        text = lines(30_000)
        for kind in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            # The last line comes in part: it is not an entry yet.
            fed = b"".join(text[:20_000]) + text[20_000][:5]
            code, words = self.interrupted(feed=fed, when=lambda: self.wait_for_log(b"row019999"), kind=kind)
            self.assertEqual(code, -kind, words)
            self.assertIn("20000 entries are in the database: all through line 20000, byte %d" % (len(fed) - 5), words)
            self.assertEqual(self.exported(), b"".join(text[:20_000]))
            self.go_on(words)(stdin=b"".join(text))
            self.assertEqual(self.exported(), b"".join(text))
            shutil.rmtree(self.db)

    def test_interrupts_at_any_time_of_a_file(self):
        choice = random.Random(int(os.environ.get("NACRE_TOOL_SEED", "5")))
        forms = {"tsv": b"".join(lines(100_000)), "csv": b"".join(b'row%06d,"%s\n"\n' % (i, b"v" * (i % 100)) for i in range(100_000))}
        self.ok("import", self.db, stdin=forms["tsv"])
        forms["dump"] = self.ok("export", self.db, "--format", "dump")
        shutil.rmtree(self.db)
        ends = set()
        for form, data in forms.items():
            file = self.file(f"many.{form}", data)
            for _ in range(4):
                code, words = self.interrupted(file, when=lambda: time.sleep(choice.uniform(0.02, 0.25)))
                ends.add(code)
                if code == -signal.SIGINT and "entries are in" in words:
                    kept = int(re.search(r"(\d+) entries are in", words).group(1))
                    self.assertEqual(len(self.exported().splitlines()), kept)
                    self.go_on(words)()
                    code = SUCCESS
                if code == SUCCESS:
                    self.assertEqual(len(self.exported().splitlines()), 100_000, words)
                shutil.rmtree(self.db, ignore_errors=True)
        self.assertLessEqual(ends, {SUCCESS, -signal.SIGINT})

    def test_a_second_interrupt_ends_at_once(self):
        reading, writing = os.pipe()
        os.set_blocking(writing, False)
        try:
            while True:
                os.write(writing, b"x" * 4096)  # the report will not get out
        except BlockingIOError:
            os.set_blocking(writing, True)
        child = subprocess.Popen([TOOL, "import", self.db], stdin=subprocess.PIPE, stderr=writing)
        child.stdin.write(b"".join(lines(10_000)))
        child.stdin.flush()
        self.wait_for_log(b"row009999")
        child.send_signal(signal.SIGINT)
        time.sleep(0.3)
        self.assertIsNone(child.poll(), "it should wait to tell what it kept")
        child.send_signal(signal.SIGINT)
        self.assertEqual(child.wait(timeout=20), -signal.SIGINT)
        child.stdin.close()
        os.close(reading)
        os.close(writing)
        self.assertEqual(self.exported(), b"".join(lines(10_000)))

    def test_a_signal_that_was_ignored_stays_ignored(self):
        child = subprocess.Popen(["nohup", TOOL, "import", self.db], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        child.stdin.write(b"".join(lines(10_000)))
        child.stdin.flush()
        self.wait_for_log(b"row009999")
        child.send_signal(signal.SIGHUP)
        child.stdin.close()
        self.assertEqual(child.wait(timeout=60), SUCCESS)

    # ---- progress

    def on_terminal(self, columns, *arguments, term="xterm", resize=None):
        """What the command draws on a terminal of so many columns: the list of its lines, as they were drawn."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        child = subprocess.Popen([TOOL, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=slave, env={**os.environ, "TERM": term})
        text = b""
        while child.poll() is None or select.select([master], [], [], 0)[0]:
            if select.select([master], [], [], 0.05)[0]:
                text += os.read(master, 65536)
                if resize and b"%" in text:
                    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, resize, 0, 0))
                    resize = None
        self.assertEqual(child.returncode, SUCCESS, text)
        os.close(slave)
        os.close(master)
        self.drawn = text
        return [line for line in re.split(rb"\r\x1b\[K|\r\n|\n", text) if line]

    def large_file(self, million):
        path = self.home / "large.tsv"
        with open(path, "wb") as file:
            for i in range(10 * million):
                file.write(b"".join(b"%08d\t%s\n" % (100_000 * i + k, b"v" * 20) for k in range(100_000)))
        return str(path)

    def bars(self, *arguments, **more):
        """Enough to do that something is drawn, however fast the machine."""
        for million in (1, 4):
            file = self.large_file(million)
            drawn = self.on_terminal(*arguments[:1], "import", self.db, file, "--durability", "disk", *arguments[1:], **more)
            bars = [line for line in drawn if line.startswith(b"import ")]
            shutil.rmtree(self.db)
            if bars:
                return drawn, bars
        self.fail(f"nothing was drawn: {drawn}")

    def test_the_bar_fits_forty_columns(self):
        drawn, bars = self.bars(40)
        for line in bars:
            self.assertLess(len(line), 40, line)
            self.assertRegex(line, rb"^import  \d+%  ")
        self.assertRegex(drawn[-1], rb"^imported \d+ entries")

    def test_export_tells_how_far_it_is_where_tables_tell(self):
        file = str(self.home / "out.tsv")
        for million in (1, 4):
            self.ok("import", self.db, self.large_file(million))
            self.ok("compact", self.db)
            drawn = [line for line in self.on_terminal(90, "export", self.db, file, "--force") if line.startswith(b"export ")]
            if drawn:
                break
        for line in drawn:
            self.assertRegex(line, rb"^export  ~\d+%  [\d.]+ [kM] entries  ")
        shares = [int(re.search(rb"~(\d+)%", line).group(1)) for line in drawn]
        self.assertTrue(shares and shares == sorted(shares) and shares[-1] <= 100, shares)
        for line in self.on_terminal(90, "export", self.db, file, "--force", "--prefix", "0"):
            self.assertNotIn(b"%", line, "how much lies within bounds is not known")

    def test_the_bar_follows_the_width(self):
        _, bars = self.bars(200, resize=24)
        self.assertRegex(bars[0], rb"^import  \d+%  [\d.]+ [kM] entries  [\d.]+ [kM]/s  .*MiB/s  (\d+:\d\d left  )?\[#* *\]$")
        self.assertLess(len(bars[-1]), 24 if len(bars) > 1 else 200)

    def test_quiet_and_no_terminal(self):
        file = self.large_file(1)
        self.assertEqual(self.on_terminal(80, "import", self.db, file, "--quiet"), [])
        self.assertEqual(self.run_tool("import", self.db, file, "--quiet").stderr, b"")
        words = self.run_tool("import", self.db, file).stderr
        self.assertNotIn(b"\r", words)
        self.assertNotIn(b"\x1b", words)
        self.on_terminal(80, "import", self.db, file, term="dumb")
        self.assertNotIn(b"\x1b", self.drawn)

    def test_plain_lines_where_there_is_no_terminal(self):
        child = subprocess.Popen([TOOL, "import", self.db], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        begin = time.monotonic()
        while time.monotonic() - begin < 5.5:
            child.stdin.write(b"".join(lines(100)))
            child.stdin.flush()
            time.sleep(0.1)
        _, words = child.communicate(timeout=60)
        self.assertEqual(child.returncode, SUCCESS)
        self.assertRegex(words, rb"^import  [\d.]+ k entries  [\d.k ]+/s  [\d.]+ KiB  .*KiB/s\nimported \d+ entries")


if __name__ == "__main__":
    unittest.main(verbosity=1)

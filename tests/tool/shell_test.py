#!/usr/bin/env python3
"""`nacre shell`, at a terminal and in scripts, and questions that other commands ask. $NACRE_TOOL is the tool's path."""

import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import tempfile
import time
import unittest

from terminal import Terminal

TOOL = os.path.abspath(os.environ.get("NACRE_TOOL", "build/release/nacre"))
SUCCESS, NOT_FOUND, USAGE, FAILURE = range(4)
PROMPT = r"nacre[^\r\n]*> "


class ShellTest(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="nacre-shell-"))
        self.db = str(self.home / "db")

    def tearDown(self):
        shutil.rmtree(self.home)

    def run_tool(self, *arguments, stdin=b"", **more):
        return subprocess.run([TOOL, *arguments], input=stdin, capture_output=True, timeout=120, **more)

    def fill(self, entries):
        self.run_tool("import", self.db, stdin=b"".join(b"key%06d\tvalue %d\n" % (i, i) for i in range(entries)))

    def shell(self, *options, columns=80, **environment):
        environment.setdefault("NACRE_HISTORY", str(self.home / "history"))
        return Terminal([TOOL, "shell", self.db, *options], columns, **environment)

    # ---- at a terminal

    def test_a_first_hour(self):
        terminal = self.shell()
        terminal.expect(r"Make one\? \[y/N\] ")
        terminal.type("y\n")
        terminal.expect(r"help lists the commands.*" + PROMPT)
        for typed, answer in [("put user:1 Alice", ""), ("get user:1", "Alice"), ("gte user:1", r'did you mean "get"\?'),
                              ("put a", "usage: put KEY VALUE"), ("scan", r"user:1 +Alice"), ("help", "put +store a value"),
                              ("get nobody", "no such key: nobody"), ("create people", "use people"), ("use people", ""),
                              ("timing on", ""), ("count", "0.*took")]:
            terminal.type(typed + "\n")
            terminal.expect(re.escape(typed) + r"\s.*" + answer + ".*" + PROMPT)
        terminal.type("\x04")
        self.assertEqual(terminal.close(), SUCCESS)
        self.assertEqual(self.run_tool("get", self.db, "user:1").stdout, b"Alice\n")

    def test_a_mistyped_path_makes_no_database(self):
        for answer in ("n\n", "\n", "\x04", "\x03"):
            terminal = self.shell()
            terminal.expect(r"\[y/N\] ")
            terminal.type(answer)
            self.assertNotEqual(terminal.close(), SUCCESS)
            self.assertFalse(os.path.exists(self.db))

    def test_tab_completes(self):
        self.fill(300)
        terminal = self.shell()
        terminal.expect(PROMPT)
        terminal.type("sc\tfr\tke\t\t")
        terminal.expect(r"key0000\.\.\.\s+key0001\.\.\.\s+key0002\.\.\.")
        terminal.expect(PROMPT + "scan from key000")
        terminal.type("123 limit 1\n")
        terminal.expect(r"key000123 +value 123.*" + PROMPT)
        terminal.type("put \"\\x01 \xc3\xa4\" odd\n".encode("latin-1"))
        terminal.expect(PROMPT)
        terminal.type("get \"\\x01\t\n")
        terminal.expect(r"odd.*" + PROMPT)
        terminal.type("\x04")
        self.assertEqual(terminal.close(), SUCCESS)

    def test_history(self):
        self.fill(1)
        terminal = self.shell()
        terminal.expect(PROMPT)
        for line in ("put a 1", " put secret 2", "get a"):
            terminal.type(line + "\n")
            terminal.expect(PROMPT)
        terminal.type("\x1b[A\x1b[A\n")  # two up
        terminal.expect(PROMPT)
        terminal.type("exit\n")
        self.assertEqual(terminal.close(), SUCCESS)
        history = self.home / "history"
        self.assertEqual(history.read_text(), "put a 1\nget a\nput a 1\nexit\n")
        self.assertEqual(stat.S_IMODE(history.stat().st_mode), 0o600)
        terminal = self.shell()
        terminal.expect(PROMPT)
        terminal.type("\x1b[A\x1b[A\x1b[A\n")
        terminal.expect(r"get a.*1\r\n.*" + PROMPT)
        terminal.type("\x04")
        self.assertEqual(terminal.close(), SUCCESS)
        terminal = self.shell(NACRE_HISTORY="", HOME=str(self.home))
        terminal.expect(PROMPT)
        terminal.type("get a\n")
        terminal.expect(r"1\r\n.*" + PROMPT)
        terminal.type("\x04")
        self.assertEqual(terminal.close(), SUCCESS)
        self.assertFalse((self.home / ".local").exists())

    def test_history_that_cannot_be_written_does_not_matter(self):
        self.fill(1)
        terminal = self.shell(NACRE_HISTORY="/proc/nothing/history")
        terminal.expect(PROMPT)
        terminal.type("count\n")
        terminal.expect(r"1\r\n.*" + PROMPT)
        terminal.type("\x04")
        self.assertEqual(terminal.close(), SUCCESS)

    def test_ctrl_c_gives_up_the_line_and_stops_a_scan(self):
        self.fill(200_000)
        terminal = self.shell()
        terminal.expect(PROMPT)
        terminal.type("put never")
        terminal.expect("never")
        terminal.type("\x03")
        terminal.expect(r"\^C\r\n" + PROMPT)
        terminal.type("put kept 1\n")
        terminal.expect(PROMPT)
        terminal.type("scan limit 200000\n")
        terminal.expect("key000100")
        terminal.type("\x03")
        terminal.expect(r"stopped by Ctrl-C.*" + PROMPT)
        self.assertNotIn(b"key199999", terminal.output)
        terminal.type("get kept\n")
        terminal.expect(r"1\r\n.*" + PROMPT)
        terminal.type("\x04")
        self.assertEqual(terminal.close(), SUCCESS)
        self.assertEqual(self.run_tool("get", self.db, "kept").stdout, b"1\n")

    def interrupted(self, command):
        """A shell that was told, while `command` ran, that it cannot be stopped: what was there to do grows until that is so."""
        for entries in (300_000, 1_000_000, 3_000_000):
            self.fill(entries)
            terminal = self.shell()
            terminal.expect(PROMPT)
            terminal.type(command + "\n")
            terminal.expect(command + r"\r\n")
            time.sleep(0.05)
            terminal.type("\x03")
            if b"cannot be stopped half way" in terminal.expect(r"half way[^>]*durability memory|" + PROMPT):
                return terminal
            terminal.type("\x04")
            terminal.close()
        self.fail(f"{command} was always done before the interrupt came")

    def test_ctrl_c_says_what_cannot_be_stopped_and_the_prompt_comes_back(self):
        for command in ("compact", "check"):
            terminal = self.interrupted(command)
            self.assertNotRegex(terminal.output[terminal.seen :], PROMPT.encode(), "it is not done yet")
            terminal.expect(PROMPT, seconds=120)
            terminal.type("get key000001\n")
            terminal.expect(r"value 1\r\n.*" + PROMPT)
            terminal.type("put never")
            terminal.expect("never")
            terminal.type("\x03")  # the first one again
            terminal.expect(r"\^C\r\n" + PROMPT)
            terminal.type("\x04")
            self.assertEqual(terminal.close(), SUCCESS)

    def test_a_second_ctrl_c_ends_the_shell_and_harms_nothing(self):
        terminal = self.interrupted("compact")
        terminal.type("\x03")
        self.assertEqual(terminal.close(), -signal.SIGINT)
        self.assertEqual(self.run_tool("check", self.db).stdout, b"sound\n")
        self.assertEqual(self.run_tool("get", self.db, "key000001").stdout, b"value 1\n")

    def test_a_killed_shell_keeps_what_it_acknowledged(self):
        self.fill(1)
        terminal = self.shell()
        terminal.expect(PROMPT)
        terminal.type("put kept 1\n")
        terminal.expect(PROMPT)
        os.kill(terminal.pid, signal.SIGKILL)
        terminal.close()
        self.assertEqual(self.run_tool("get", self.db, "kept").stdout, b"1\n")

    def test_a_hangup_ends_it(self):
        self.fill(1)
        terminal = self.shell()
        terminal.expect(PROMPT)
        os.kill(terminal.pid, signal.SIGHUP)
        terminal.close()
        self.assertEqual(self.run_tool("check", self.db).stdout, b"sound\n")

    def test_ctrl_z_stops_it_and_fg_goes_on(self):
        self.fill(1)
        terminal = Terminal(["/bin/bash", "--norc", "-i"], PS1="bash$ ", NACRE_HISTORY="")
        terminal.expect(r"bash\$ ")
        terminal.type(f"'{TOOL}' shell '{self.db}'\n")
        terminal.expect(PROMPT)
        terminal.type("count")
        terminal.expect("count")
        terminal.type("\x1a")
        terminal.expect(r"Stopped.*bash\$ ")
        terminal.type("fg\n")
        terminal.expect(PROMPT + "count")
        terminal.type("\n")
        terminal.expect(r"1\r\n.*" + PROMPT)
        terminal.type("\x04")
        terminal.expect(r"bash\$ ")
        terminal.type("exit\n")
        self.assertEqual(terminal.close(), SUCCESS)

    def test_forty_columns(self):
        self.fill(3)
        subprocess.run([TOOL, "put", self.db, "a-long-key-" + "k" * 60, "v" * 500], check=True)
        terminal = self.shell(columns=40)
        terminal.expect(PROMPT)
        for line in ("scan", "help", "help scan", "keyspaces", "stats", "help get"):
            terminal.type(line + "\n")
            answer = terminal.expect(r"\r\n.*\r\n" + PROMPT)
            for row in answer.decode().split("\r\n")[1:-1]:
                self.assertLessEqual(len(row), 40, f"{line}: {row!r}")
        terminal.type("\x04")
        self.assertEqual(terminal.close(), SUCCESS)

    def test_stored_bytes_do_not_steer_the_terminal(self):
        evil = b"\x1b]0;owned\x07\x1b[31m\xc2\x9b\xe2\x80\xae"
        subprocess.run([TOOL, "put", self.db, "k", "-"], input=evil, check=True)
        subprocess.run([TOOL, "put", self.db, "-", "--value-file", "/dev/null"], check=True)
        subprocess.run([TOOL, "shell", self.db], input=b'put "\\x1b[2J" v\n', check=True)
        for command in (["get", self.db, "k"], ["scan", self.db], ["get", self.db, "k", "-"], ["get", self.db, "\x1b[5m"]):
            terminal = Terminal([TOOL, *command])
            terminal.close()
            self.assertNotRegex(terminal.output, rb"\x1b|\x07|\xc2\x9b|\xe2\x80\xae", command)
        terminal = self.shell()
        terminal.expect(PROMPT)
        terminal.seen = len(terminal.output)
        for line in ("scan", "get k", "get \"\\x1b\t"):
            terminal.type(line + "\n")
            terminal.expect(PROMPT)
        terminal.type("\x04")
        terminal.close()
        self.assertNotRegex(terminal.output, rb"\x1b\]|\x1b\[31m|\x07owned|\xc2\x9b|\xe2\x80\xae|\x1b\[2J")
        self.assertEqual(self.run_tool("get", self.db, "k").stdout, evil + b"\n", "a pipe gets the bytes")

    def test_questions(self):
        self.fill(20)
        for answer, code, left in [("n\n", USAGE, 20), ("\x03", -signal.SIGINT, 20), ("y\n", SUCCESS, 10)]:
            terminal = Terminal([TOOL, "del", self.db, "--from", "key000010"])
            terminal.expect(r"Erase 10 entries, from key000010 to key000019\? \[y/N\] ")
            terminal.type(answer)
            self.assertEqual(terminal.close(), code)
            self.assertEqual(self.run_tool("scan", self.db, "--count").stdout, b"%d\n" % left)
        terminal = self.shell()
        terminal.expect(PROMPT)
        terminal.type("del --prefix key\n")
        terminal.expect(r"Erase 10 entries.*\[y/N\] ")
        terminal.type("n\n")
        terminal.expect(r"nothing was changed.*" + PROMPT)
        for line in ("begin", "put open 1"):
            terminal.type(line + "\n")
            terminal.expect(r"\r\n.*\(transaction\)> ")
        terminal.type("\x04")
        terminal.expect("rolled back")
        self.assertEqual(terminal.close(), SUCCESS)
        self.assertEqual(self.run_tool("get", self.db, "open").returncode, NOT_FOUND)

    def test_a_terminal_that_can_do_nothing(self):
        self.fill(1)
        for name in ("dumb", "no-such-terminal"):
            terminal = self.shell(TERM=name)
            terminal.expect(PROMPT)
            terminal.type("count\n")
            terminal.expect(r"1\r\n.*" + PROMPT)
            terminal.type("\x04")
            self.assertEqual(terminal.close(), SUCCESS)

    # ---- scripts

    def test_scripts(self):
        done = self.run_tool("shell", self.db, stdin=b'put a 1\nput "b\\n" 2\nscan\n')
        self.assertEqual((done.returncode, done.stdout, done.stderr), (SUCCESS, b"a\t1\nb\\n\t2\n", b""))
        done = self.run_tool("shell", self.db, stdin=b"get a\nget nobody\nget a\n")
        self.assertEqual((done.returncode, done.stdout), (NOT_FOUND, b"1\n1\n"))
        done = self.run_tool("shell", self.db, stdin=b"get a\n\n# c\nput \"x\nget a\n")
        self.assertEqual((done.returncode, done.stdout), (USAGE, b"1\n"))
        self.assertIn(b"line 4, column 5", done.stderr)
        script = self.home / "script"
        script.write_bytes(b"nonsense\nget a\n")
        for options, output in ((["--file", str(script)], b""), (["--file", str(script), "--keep-going"], b"1\n"),
                                (["--command", f"read {script}"], b"")):
            done = self.run_tool("shell", self.db, *options)
            self.assertEqual((done.returncode, done.stdout), (USAGE, output), options)
            self.assertIn(b"script line 1, column 1", done.stderr)
        done = self.run_tool("shell", self.db, "--command", "put c 3", "--command", "get c")
        self.assertEqual((done.returncode, done.stdout), (SUCCESS, b"3\n"))
        done = self.run_tool("shell", self.db, "--read-only", "--command", "put c 4")
        self.assertEqual(done.returncode, USAGE)
        done = self.run_tool("shell", self.db, "--command", "batch", "--command", "put d 4")
        self.assertEqual(done.returncode, FAILURE)
        self.assertIn(b"1 change is dropped", done.stderr)
        self.assertEqual(self.run_tool("shell", self.db, "--keyspace", "defaul").returncode, NOT_FOUND)
        self.assertEqual(self.run_tool("shell", self.db, "--file", str(self.home)).returncode, FAILURE)
        self.assertEqual(self.run_tool("shell", self.db, "--file", str(self.home / "no")).returncode, FAILURE)

    def test_bytes_of_any_kind_in_scripts(self):
        self.assertEqual(self.run_tool("shell", self.db, stdin=bytes(range(256)) * 3 + b"\0\n").returncode, USAGE)
        done = self.run_tool("shell", self.db, stdin=b"put '\xff\0' '\x80'\nget '\xff\0'")
        self.assertEqual((done.returncode, done.stdout), (SUCCESS, b"\x80\n"))

    def test_import_and_export_inside(self):
        tsv, out = self.home / "in.tsv", self.home / "out.tsv"
        tsv.write_bytes(b"a\t1\nb\t2\n")
        done = self.run_tool("shell", self.db, "--command", f"import '{tsv}'", "--command", f"export '{out}'")
        self.assertEqual(done.returncode, SUCCESS, done.stderr)
        self.assertEqual(out.read_bytes(), tsv.read_bytes())

    def test_a_pipe_that_closes_ends_a_script_quietly(self):
        self.fill(50_000)
        command = f"'{TOOL}' shell '{self.db}' --command scan --command 'put late 1' | head -n 1"
        done = subprocess.run(["bash", "-c", command], capture_output=True, timeout=60)
        self.assertEqual((done.stdout, done.stderr), (b"key000000\tvalue 0\n", b""))
        self.assertEqual(self.run_tool("get", self.db, "late").returncode, NOT_FOUND, "nothing is done that nobody hears of")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([TOOL, "shell", self.db, "--command", "scan"], stdout=full, stderr=subprocess.PIPE, timeout=60)
        self.assertEqual(done.returncode, FAILURE)
        self.assertIn(b"not complete", done.stderr)

    # ---- the small commands

    def test_put_from_file_and_standard_input(self):
        data = bytes(range(256)) * 100
        file = self.home / "value"
        file.write_bytes(data)
        self.assertEqual(self.run_tool("put", self.db, "f", "--value-file", str(file)).returncode, SUCCESS)
        self.assertEqual(self.run_tool("put", self.db, "s", "-", stdin=data).returncode, SUCCESS)
        self.assertEqual(self.run_tool("get", self.db, "f").stdout, data + b"\n")
        self.assertEqual(self.run_tool("get", self.db, "s").stdout, data + b"\n")
        self.assertEqual(self.run_tool("get", self.db, "s", "--hex").stdout, data.hex().encode() + b"\n")
        for wrong, code in ((["k"], USAGE), (["k", "v", "--value-file", str(file)], USAGE), (["k", "--value-file", str(self.home)], FAILURE),
                            (["k", "--value-file", str(self.home / "no")], FAILURE)):
            done = self.run_tool("put", self.db, *wrong)
            self.assertEqual(done.returncode, code, wrong)
            self.assertTrue(done.stderr)

    def test_get_and_del_of_several_keys(self):
        self.fill(3)
        done = self.run_tool("get", self.db, "key000002", "nobody", "key000000")
        self.assertEqual((done.returncode, done.stdout), (NOT_FOUND, b"key000002\tvalue 2\nkey000000\tvalue 0\n"))
        self.assertIn(b"nobody", done.stderr)
        done = self.run_tool("del", self.db, "key000002", "nobody", "key000000")
        self.assertEqual(done.returncode, NOT_FOUND)
        self.assertEqual(self.run_tool("scan", self.db, "--keys-only").stdout, b"key000001\n")

    def test_del_of_ranges(self):
        self.fill(100)
        self.assertEqual(self.run_tool("del", self.db, "--prefix", "key00001").returncode, USAGE, "nobody can be asked")
        for options, left in ((["--prefix", "key00001"], 90), (["--from", "key000050"], 40), (["--to", "key000005"], 35), (["--prefix", ""], 0)):
            self.assertEqual(self.run_tool("del", self.db, *options, "--yes").returncode, SUCCESS)
            self.assertEqual(self.run_tool("scan", self.db, "--count").stdout, b"%d\n" % left, options)
        self.assertEqual(self.run_tool("del", self.db, "--prefix", "", "--yes").returncode, NOT_FOUND)
        self.assertEqual(self.run_tool("del", self.db).returncode, USAGE)
        self.assertEqual(self.run_tool("del", self.db, "k", "--prefix", "k", "--yes").returncode, USAGE)

    def test_scan_forms(self):
        self.run_tool("import", self.db, stdin=b"a\t1\nb\\xff\t2\n")
        for options, out in ((["--count"], b"2\n"), (["--count", "--json", "--prefix", "a"], b'{"count":1}\n'), (["--keys-only"], b"a\nb\xff\n"),
                             (["--values-only"], b"1\n2\n"), (["--hex"], b"61\t31\n62ff\t32\n"), (["--json", "--keys-only"], b'{"key":"a"}\n{"key_hex":"62ff"}\n'),
                             (["--json", "--hex", "--limit", "1"], b'{"key_hex":"61","value_hex":"31"}\n')):
            self.assertEqual(self.run_tool("scan", self.db, *options).stdout, out, options)
        self.assertEqual(self.run_tool("scan", self.db, "--count", "--keys-only").returncode, USAGE)

    def test_keyspaces(self):
        self.fill(2)
        self.assertEqual(self.run_tool("keyspaces", self.db, "create", "users", "--compression", "zstd", "--shape", "leveled").returncode, SUCCESS)
        for wrong in (["create"], ["create", "users"], ["create", "x", "--filter-bits", "25"], ["create", "x", "--block-bytes", "5"], ["drop"],
                      ["list", "users"], ["list", "--yes"], ["drop", "users", "--shape", "tiered"], ["frob"], ["drop", "users"], ["drop", "default", "--yes"]):
            done = self.run_tool("keyspaces", self.db, *wrong)
            self.assertEqual(done.returncode, USAGE, wrong)
            self.assertTrue(done.stderr, wrong)
        self.assertRegex(self.run_tool("keyspaces", self.db).stdout.decode(), r"keyspace +entries.*\ndefault +2 .*\nusers +0 ")
        done = self.run_tool("keyspaces", self.db, "drop", "usres", "--yes")
        self.assertEqual(done.returncode, NOT_FOUND)
        self.assertIn(b'did you mean "users"?', done.stderr)
        self.assertEqual(self.run_tool("keyspaces", self.db, "drop", "users", "--yes").returncode, SUCCESS)
        self.assertNotIn(b"users", self.run_tool("keyspaces", self.db, "--json").stdout)
        self.assertEqual(self.run_tool("flush", self.db).returncode, SUCCESS)

    def test_bench_leaves_nothing(self):
        for options in ([], ["--json"], ["--value-bytes", "0", "--durability", "disk"]):
            done = self.run_tool("bench", str(self.home), "--entries", "500", *options)
            self.assertEqual(done.returncode, SUCCESS, done.stderr)
            self.assertIn(b"scan everything", done.stdout)
            self.assertEqual(os.listdir(self.home), [])
        child = subprocess.Popen([TOOL, "bench", str(self.home), "--entries", "50000000"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        while not os.listdir(self.home):
            time.sleep(0.01)
        time.sleep(0.2)
        child.send_signal(signal.SIGINT)
        self.assertRegex(child.communicate(timeout=60)[1], rb"(?s)as soon as it can.*stopped by Ctrl-C")
        self.assertEqual((child.returncode, os.listdir(self.home)), (FAILURE, []))
        self.assertEqual(self.run_tool("bench", str(self.home / "no")).returncode, FAILURE)
        self.assertEqual(self.run_tool("bench", str(self.home), "--entries", "0").returncode, USAGE)

    def test_hints(self):
        for arguments, hint in ((["gte", self.db, "k"], 'did you mean "get"?'), (["scan", self.db, "--limt", "1"], 'did you mean "--limit"?'),
                                (["put", self.db, "k", "-x"], "write -- before"), (["get", self.db, "k", "--jsn=1"], 'did you mean "--json"?'),
                                ([], "which command?"), (["--hepl"], 'did you mean "--help"?'), (["\x1b[31m"], "\\x1b[31m")):
            done = self.run_tool(*arguments)
            self.assertEqual(done.returncode, USAGE)
            self.assertIn(hint, done.stderr.decode(), arguments)
            self.assertNotIn(b"\x1b", done.stderr)
        for arguments in (["help"], ["help", "get"]):
            self.assertIn(b"Usage: nacre", self.run_tool(*arguments).stdout)
        self.fill(1)
        self.assertIn(b'did you mean "default"?', self.run_tool("get", self.db, "k", "--keyspace", "defautl").stderr)


if __name__ == "__main__":
    unittest.main(verbosity=1)

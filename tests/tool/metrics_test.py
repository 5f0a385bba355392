#!/usr/bin/env python3
"""What a running database publishes: nacre top, nacre serve-metrics, its page in a real browser. $NACRE_TOOL is the tool."""

import fcntl
import json
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import unittest
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import browser

TOOL = os.environ.get("NACRE_TOOL", "build/release/nacre")
HOUSE = pathlib.Path(__file__).resolve().parents[2]
SUCCESS, NOT_FOUND, USAGE, FAILURE = range(4)


class Writer:
    """A process that has the database open, and writes until it is told to stop."""

    def __init__(self, db):
        self.process = subprocess.Popen([TOOL, "import", db], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.stop = False
        self.thread = threading.Thread(target=self.write)
        self.thread.start()

    def write(self):
        value = b"v" * 200
        try:
            for batch in range(1 << 30):
                if self.stop:
                    break
                lines = b"".join(b"key%09d\t%s\n" % ((batch * 2000 + i) * 7919 % 1_000_003, value) for i in range(2000))
                self.process.stdin.write(lines)
                self.process.stdin.flush()
                time.sleep(0.02 if batch > 60 else 0)
        except BrokenPipeError:
            pass

    def end(self, kill=False):
        if self.process.poll() is None and kill:
            self.process.kill()
        self.stop = True
        self.thread.join()
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass
        return self.process.wait(60)


class Server:
    def __init__(self, db, *arguments):
        self.process = subprocess.Popen([TOOL, "serve-metrics", db, "--listen", "127.0.0.1:0", *arguments], stderr=subprocess.PIPE)
        self.words = self.process.stderr.readline().decode()
        self.url = re.search(r"http://\S+?/", self.words).group()

    def get(self, path, method="GET"):
        request = urllib.request.Request(self.url + path, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers, error.read()

    def end(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        self.process.stderr.close()
        return code


class PublishedTest(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="nacre-metrics-"))
        self.addCleanup(shutil.rmtree, self.home)  # after whatever has it open
        self.db = str(self.home / "db")

    def run_tool(self, *arguments):
        return subprocess.run([TOOL, *arguments], capture_output=True, timeout=120)

    def top(self, *arguments):
        done = self.run_tool("top", self.db, *arguments)
        self.assertEqual(done.returncode, SUCCESS, done.stderr)
        return done.stdout.decode()

    def writer(self):
        """One that has published levels and an interval."""
        writer = Writer(self.db)
        self.addCleanup(writer.end)
        deadline = time.monotonic() + 60
        while True:
            self.assertLess(time.monotonic(), deadline, "nothing is published")
            time.sleep(0.3)
            if not os.path.exists(self.db + "/CURRENT"):
                continue
            published = json.loads(self.top("--once", "--json"))
            if published["process_id"] and published["stats"]["keyspaces"][0]["levels"]:
                return writer

    def server(self, *arguments):
        server = Server(self.db, *arguments)
        self.addCleanup(server.end)
        return server

    # ---- what is published

    def test_no_database(self):
        for command in ("top", "serve-metrics"):
            done = self.run_tool(command, self.db)
            self.assertEqual(done.returncode, NOT_FOUND, done.stderr)
            self.assertIn(self.db.encode(), done.stderr)
            os.makedirs(self.db, exist_ok=True)
            self.assertEqual(self.run_tool(command, self.db).returncode, NOT_FOUND)
        self.assertEqual(os.listdir(self.db), [], "who looks makes nothing")

    def test_a_command_that_is_soon_over_publishes_nothing(self):
        self.run_tool("put", self.db, "k", "v")
        self.assertNotIn("STATS", os.listdir(self.db))
        self.assertIn("nothing was published", self.top("--once"))
        server = self.server()
        self.assertEqual(server.get("metrics")[2].splitlines()[-1], b"nacre_up 0")
        self.assertFalse(json.loads(server.get("stats.json")[2])["is_open"])

    def test_the_life_of_an_owner(self):
        writer = self.writer()
        self.assertEqual(os.stat(self.db + "/STATS").st_mode & 0o777, 0o600)
        pid = writer.process.pid
        words = self.top("--once")
        self.assertIn("open by process %d" % pid, words)
        for title in ("A second", "Latency", "Levels", "Flushes and compactions", "Delays of writers", "Memory"):
            self.assertIn(title, words)
        first, second = map(json.loads, self.top("--json", "--count", "2").splitlines())
        self.assertEqual(first["process_id"], pid)
        self.assertGreaterEqual(second["stats"]["writes"], first["stats"]["writes"])
        self.assertEqual(json.loads(self.top("--json", "--once", "--keyspace", "none"))["stats"]["keyspaces"], [])
        self.assertIn("no figures of keyspace no\\x1bne: it is not there", self.top("--once", "--keyspace", "no\x1bne"))
        self.assertNotIn("no figures", words + self.top("--once", "--keyspace", "default"))

        writer.end(kill=True)
        words = self.top("--once")
        self.assertIn("process %d is gone without closing it" % pid, words)
        server = self.server()
        self.assertIn(b"nacre_up 0\n", server.get("metrics")[2])
        left = json.loads(server.get("stats.json")[2])
        self.assertEqual((left["is_open"], left["was_closed"], left["process_id"]), (False, False, pid))

        again = Writer(self.db)  # recovers, publishes, closes
        try:
            deadline = time.monotonic() + 60
            while json.loads(self.top("--once", "--json"))["process_id"] != again.process.pid:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.2)
        finally:
            self.assertEqual(again.end(), SUCCESS)
        self.assertIn("closed by process %d" % again.process.pid, self.top("--once"))
        self.assertEqual(self.run_tool("check", self.db).returncode, SUCCESS)

    def test_who_looks_keeps_nobody_out(self):
        self.run_tool("put", self.db, "k", "v")
        looks = [subprocess.Popen([TOOL, "top", self.db, "--json", "--count", "0"], stdout=subprocess.DEVNULL) for _ in range(3)]
        try:
            for i in range(60):
                done = self.run_tool("put", self.db, "k", str(i))
                self.assertEqual(done.returncode, SUCCESS, done.stderr)
        finally:
            for look in looks:
                look.terminate()
                look.wait()

    def test_a_file_of_others_is_left_alone(self):
        self.run_tool("put", self.db, "k", "v")
        theirs = pathlib.Path(self.db, "STATS")
        theirs.write_text("figures of the last quarter")
        writer = Writer(self.db)
        try:
            time.sleep(2.5)
            self.assertIn("open; nothing is published yet", self.top("--once"))
        finally:
            self.assertEqual(writer.end(), SUCCESS)
        self.assertEqual(theirs.read_text(), "figures of the last quarter")

    # ---- the screen

    def on_terminal(self, columns, keys=b"", end=None):
        """What top draws on a terminal of so many columns, and its exit code."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
        before = termios.tcgetattr(slave)
        process = subprocess.Popen([TOOL, "top", self.db], stdin=slave, stdout=slave, stderr=slave, env={**os.environ, "LANG": "C.UTF-8", "LC_ALL": ""})
        out, began, sent = b"", time.monotonic(), False
        while time.monotonic() < began + 20:
            if select.select([master], [], [], 0.2)[0]:
                out += os.read(master, 1 << 16)
            if process.poll() is not None and not select.select([master], [], [], 0.1)[0]:
                break
            if not sent and time.monotonic() > began + 2.5:
                sent = True
                if end:
                    process.send_signal(end)
                else:
                    os.write(master, keys)
        code = process.wait(10)
        self.assertEqual(termios.tcgetattr(slave), before, "the terminal is as it was")
        os.close(master)
        os.close(slave)
        return out.decode(), code

    def test_a_terminal(self):
        self.writer()
        for columns in (40, 100):
            out, code = self.on_terminal(columns, b"kpq")
            self.assertEqual(code, SUCCESS)
            self.assertTrue(out.startswith("\x1b[?1049h") and out.rstrip().endswith("\x1b[?1049l"), out[-80:])
            self.assertIn("Levels of default", out)
            self.assertIn("paused", out)
            for line in re.split(r"\r\n|\x1b\[H", out):
                shown = re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", line)
                self.assertLessEqual(len(shown), columns, shown)
        for end in (signal.SIGINT, signal.SIGTERM):
            out, code = self.on_terminal(80, end=end)
            self.assertEqual(code, SUCCESS)
            self.assertTrue(out.rstrip().endswith("\x1b[?1049l"), out[-80:])

    def test_a_closed_pipe_ends_it(self):
        self.run_tool("put", self.db, "k", "v")
        process = subprocess.Popen([TOOL, "top", self.db], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        process.stdout.readline()
        process.stdout.close()
        process.wait(20)
        process.stderr.close()

    # ---- over HTTP

    def test_what_is_served(self):
        self.writer()
        server = self.server()
        status, headers, text = server.get("metrics")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
        self.assertIn(b"\nnacre_up 1\n", text)
        metrics = set(re.findall(r"^# TYPE (\S+) ", text.decode(), re.M))
        self.assertEqual(len(metrics), text.count(b"# TYPE "), "no family is there twice")
        metrics |= {name + part for name in metrics for part in ("_sum", "_count")}
        dashboard = json.loads((HOUSE / "share/grafana/nacre.json").read_text())
        asked = set(re.findall(r"\bnacre_\w+", json.dumps([dashboard["panels"], dashboard["templating"]])))
        self.assertGreater(len(asked), 30)
        self.assertEqual(asked - metrics, set(), "the dashboard asks for what there is")

        status, headers, text = server.get("stats.json?x=1")
        self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
        self.assertTrue(json.loads(text)["is_open"])
        self.assertIn(b"<title>Nacre", server.get("")[2])
        self.assertEqual(server.get("", "HEAD")[2], b"")
        self.assertEqual(server.get("nothing")[0], 404)
        self.assertEqual(server.get("metrics", "POST")[0], 405)
        self.assertEqual(server.end(), SUCCESS)

    def test_bad_clients(self):
        self.run_tool("put", self.db, "k", "v")
        server = self.server()
        port = int(server.url.split(":")[-1].strip("/"))
        silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]
        for request, status in ((b"GET / HTTP/1.1\r\nHost: " + b"x" * 9000, b"431"), (b"nonsense\r\n\r\n", b"400"), (b"\0\0 \0 \r\n\r\n", b"400")):
            with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
                client.sendall(request)
                self.assertIn(status, client.recv(100), request[:20])
        self.assertEqual(server.get("metrics")[0], 200, "silent ones keep nobody waiting")
        for client in silent:
            client.close()
        self.assertEqual(server.end(), SUCCESS)

    def test_a_signal_ends_it_whenever_it_comes(self):
        # One that came while requests were answered went to another thread of the process, and the next wait had no end.
        self.run_tool("put", self.db, "k", "v")
        for turn in range(30):
            server = Server(self.db)
            port = int(server.url.split(":")[-1].strip("/"))
            for client in [socket.create_connection(("127.0.0.1", port)) for _ in range(20)]:
                client.close()
            time.sleep(turn / 15000)
            self.assertEqual(server.end(), SUCCESS)

    def test_wrong_places_to_listen(self):
        self.run_tool("put", self.db, "k", "v")
        server = self.server()
        taken = re.search(r"127[^/]+", server.url).group()
        for where, words in ((taken, "taken"), ("9464", "address"), ("127.0.0.1:", "address"), ("127.0.0.1:99999", "address"), ("::1:9464", "address"),
                             ("no.such.host.invalid:0", ""), ("192.0.2.1:0", "")):
            done = self.run_tool("serve-metrics", self.db, "--listen", where)
            self.assertEqual(done.returncode, USAGE, where)
            self.assertIn(words, done.stderr.decode())
        self.assertEqual(self.run_tool("top", self.db, "--count", "-1").returncode, USAGE)

    # ---- the page

    @unittest.skipUnless(browser.program(), "there is no Chromium: install the package chromium to look at the page")
    def test_the_page_in_a_browser(self):
        writer = self.writer()
        server = self.server()
        page = browser.Browser(server.url)
        self.addCleanup(page.close)
        page.wait_for("history.length >= 3 && document.querySelector('[data-level=L0], [data-level=L7]') !== null")
        page.wait_for("!/^0/.test(document.querySelector('.tile b').textContent)")
        self.assertIn("open by process %d" % writer.process.pid, page.evaluate("document.getElementById('state').textContent"))
        self.assertGreaterEqual(page.evaluate("document.querySelectorAll('#chart-rates path').length"), 1)
        self.assertIn("write", page.evaluate("document.getElementById('latencies').textContent"))
        self.assertIn("beyond one copy, at most", page.evaluate("document.getElementById('amplification').textContent"))
        keep = os.environ.get("NACRE_SCREENSHOTS")
        for name, width, theme in (("desktop", 1280, "light"), ("dark", 1280, "dark"), ("phone", 390, "light")):
            page.resize(width, 900)
            page.evaluate("document.documentElement.dataset.theme = '%s'; draw()" % theme)
            self.assertLessEqual(page.evaluate("document.documentElement.scrollWidth"), width, "nothing is wider than the screen")
            if keep:
                page.screenshot(os.path.join(keep, name + ".png"))
        page.evaluate("$('keyspace').value = 'default'; $('keyspace').dispatchEvent(new Event('change'))")
        page.wait_for("chosen === 'default' && history.length >= 1")
        writer.end(kill=True)
        page.wait_for("/the owner is gone/.test(document.getElementById('state').textContent)")
        self.assertEqual(page.errors, [])
        server.end()
        page.wait_for("/no answer/.test(document.getElementById('state').textContent)")


if __name__ == "__main__":
    unittest.main()

"""What tests of the nacre command share: a directory of their own, and ways to run the tool. $NACRE_TOOL is its path."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

TOOL = os.environ.get("NACRE_TOOL", "build/release/nacre")
SUCCESS, NOT_FOUND, USAGE, FAILURE = range(4)


class ToolCase(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="nacre-tool-"))
        self.db = str(self.home / "db")

    def tearDown(self):
        shutil.rmtree(self.home)

    def run_tool(self, *arguments, stdin=b"", **more):
        done = subprocess.run([TOOL, *arguments], input=stdin, capture_output=True, timeout=120, **more)
        self.assertGreaterEqual(done.returncode, 0, f"{arguments} ended by signal {-done.returncode}: {done.stderr[-2000:]}")
        return done

    def ok(self, *arguments, stdin=b"", **more):
        done = self.run_tool(*arguments, stdin=stdin, **more)
        self.assertEqual(done.returncode, SUCCESS, f"{arguments}: {done.stderr[-2000:]}")
        return done.stdout

    def fails(self, code, *arguments, stdin=b"", **more):
        done = self.run_tool(*arguments, stdin=stdin, **more)
        self.assertEqual(done.returncode, code, f"{arguments}: {done.stderr[-2000:]}")
        self.assertTrue(done.stderr.strip(), f"{arguments} failed without a word")
        return done.stderr.decode(errors="replace")

#!/usr/bin/env python3
"""Doxygen reads all public headers without a warning, and finds what they say."""

import pathlib
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Reference(unittest.TestCase):
    def test_no_warning_and_the_words_are_there(self):
        if shutil.which("doxygen") is None:
            self.skipTest("doxygen is not installed")
        with tempfile.TemporaryDirectory(prefix="nacre-docs-") as home:
            settings = (ROOT / "docs/Doxyfile").read_text() + f"OUTPUT_DIRECTORY = {home}\n"
            done = subprocess.run(["doxygen", "-"], input=settings.encode(), cwd=ROOT, capture_output=True, timeout=300)
            self.assertEqual((done.returncode, done.stderr.decode()), (0, ""))
            page = (pathlib.Path(home) / "html/classnacre_1_1Db.html").read_text()
            self.assertIn("recovers what a crash left", page)  # a comment above a declaration
            self.assertIn("objects still alive make their later calls answer kClosed", page)  # one behind it
            for header in (ROOT / "include/nacre").glob("*.h"):
                if header.name != "nacre.h":
                    shown = pathlib.Path(home) / "html" / f"{header.stem.replace('_', '__')}_8h.html"
                    self.assertTrue(shown.exists(), f"no page for {header.name}")


if __name__ == "__main__":
    unittest.main()

#!/usr/bin/env python3
"""The code in the documents is right: it compiles, and what commands are said to print they print.

A block in a page says after its ``` what it is:

  cpp            a piece of a program on an open `nacre::Db db`, or a program with main; compiled
  cpp rocksdb    the same of another engine, for pages that put both side by side: `rocksdb::DB* db` (or leveldb::DB*), beside a `nacre::Db target`
  c lmdb         likewise, with an `MDB_env* env`
  c              a piece of a program on an open `nacre_db* db`
  console        lines after "$ " are run in an empty directory, one for each page, and must print the lines below them;
                 a line "..." stands for any lines
  sh             commands that are not run: only their syntax is checked
  toml           options that the nacre command must accept
  cmake          each command must begin one in a CMakeLists.txt below tests/consumers, where it is built
  text, none     a drawing, a list

$NACRE_TOOL is the command, $CXX and $CC the compilers.
"""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOOL = os.environ.get("NACRE_TOOL", str(ROOT / "build/release/nacre"))
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCE = re.compile(r"^```([^\n`]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CXX_FLAGS = ["-std=c++23", "-Wall", "-Werror", "-Wno-unused-variable", "-Wno-unused-but-set-variable", "-Wno-missing-field-initializers"]
CXX_FLAGS += ["-Wno-unused-result", "-Wno-unused-function", "-Wno-return-type"]  # a piece shows one thing

# language: headers that a piece may take for granted, what it finds open, the header without which it cannot be compiled
WORLDS = {
    "cpp": ("#include \"nacre/nacre.h\"\n", "nacre::Db& db", None),
    "cpp rocksdb": ("#include <rocksdb/db.h>\n#include <rocksdb/convenience.h>\n#include <rocksdb/filter_policy.h>\n"
                    "#include <rocksdb/table.h>\n#include <rocksdb/utilities/optimistic_transaction_db.h>\n#include <rocksdb/utilities/transaction.h>\n"
                    "#include \"nacre/nacre.h\"\n",
                    "rocksdb::DB* db, rocksdb::OptimisticTransactionDB* txn_db, rocksdb::ColumnFamilyHandle* orders, nacre::Db& target", "rocksdb/db.h"),
    "cpp leveldb": ("#include <leveldb/cache.h>\n#include <leveldb/db.h>\n#include <leveldb/filter_policy.h>\n#include <leveldb/write_batch.h>\n"
                    "#include \"nacre/nacre.h\"\n",
                    "leveldb::DB* db, nacre::Db& target", "leveldb/db.h"),
}
STANDARD = "".join(f"#include <{name}>\n" for name in "array cassert cstdint cstdio cstring iostream memory optional span string vector".split())


def blocks(page):
    text = page.read_text()
    for match in FENCE.finditer(text):
        yield match.group(1).strip(), match.group(2), text.count("\n", 0, match.start()) + 2


def translation_unit(page, language):
    """All blocks of one language in a page, each a function of its own, with line numbers of the page."""
    headers, parameters, _ = WORLDS[language]
    includes, functions = [STANDARD, headers], []
    for at, (name, code, line) in enumerate(blocks(page)):
        if name != language:
            continue
        body = re.sub(r"^#include.*$", lambda match: includes.append(match.group(0) + "\n") or "", code, flags=re.MULTILINE)
        where = f'#line {line} "{page.relative_to(ROOT)}"\n'
        if re.search(r"^int main\(", body, re.MULTILINE):
            functions.append(f"namespace block_{at} {{\n{where}{re.sub('^int main', 'int program', body, flags=re.MULTILINE)}}}\n")
        else:
            functions.append(f"void block_{at}([[maybe_unused]] {parameters.replace(', ', ', [[maybe_unused]] ')}) {{\n{where}{body}}}\n")
    return "".join(includes) + "\n".join(functions) if functions else ""


def has_header(compiler, header):
    return subprocess.run([compiler, "-x", "c++", "-E", "-"], input=f"#include <{header}>\n".encode(), capture_output=True).returncode == 0


class CodeBlocks(unittest.TestCase):
    def compile(self, compiler, flags, text):
        done = subprocess.run([compiler, "-fsyntax-only", *flags, "-I", str(ROOT / "include"), "-"], input=text.encode(), capture_output=True)
        self.assertEqual(done.returncode, 0, done.stderr.decode()[:4000])

    def test_cpp(self):
        compiler = os.environ.get("CXX", "g++")
        for page in PAGES:
            for language, (_, _, needed) in WORLDS.items():
                text = translation_unit(page, language)
                if not text:
                    continue
                with self.subTest(page=page.name, language=language):
                    if needed and not has_header(compiler, needed):
                        self.skipTest(f"{needed} is not installed")
                    self.compile(compiler, ["-x", "c++", *CXX_FLAGS], text)

    def test_c(self):
        for page in PAGES:
            for language, header, parameter in (("c", "nacre/c.h", "nacre_db* db"), ("c lmdb", "lmdb.h", "MDB_env* env")):
                pieces = [(code, line) for name, code, line in blocks(page) if name == language]
                if not pieces:
                    continue
                with self.subTest(page=page.name, language=language):
                    if language != "c" and not has_header("g++", header):
                        self.skipTest(f"{header} is not installed")
                    text = f"#include <stdio.h>\n#include <string.h>\n#include <{header}>\n"
                    for at, (code, line) in enumerate(pieces):
                        text += f'void block_{at}({parameter}) {{\n(void)db;\n#line {line} "{page.name}"\n{code}}}\n'.replace("(void)db", f"(void){parameter.split()[-1]}")
                    self.compile(os.environ.get("CC", "gcc"), ["-x", "c", "-std=c99", "-Wall", "-Werror", "-Wno-unused"], text)

    def test_console(self):
        for page in PAGES:
            with tempfile.TemporaryDirectory(prefix="nacre-docs-") as home:
                bin_directory = pathlib.Path(home) / "bin"
                bin_directory.mkdir()
                (bin_directory / "nacre").symlink_to(TOOL)
                work = pathlib.Path(home) / "work"
                work.mkdir()
                environment = {**os.environ, "PATH": f"{bin_directory}:{os.environ['PATH']}", "HOME": home, "LC_ALL": "C.UTF-8"}
                for language, code, line in blocks(page):
                    if language == "console":
                        with self.subTest(page=page.name, line=line):
                            self.run_console(code, work, environment)

    def run_console(self, code, work, environment):
        for command, promised in re.findall(r"^\$ (.*(?:\\\n.*)*)\n((?:(?!\$ ).*\n)*)", code, re.MULTILINE):
            done = subprocess.run(["bash", "-c", command], cwd=work, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
            pattern = "".join(r"(?:.*\n)*" if line.strip() == "..." else re.escape(line) + "\n" for line in promised.splitlines())
            printed = done.stdout.decode()
            self.assertRegex(printed, rf"\A{pattern}\Z", f"$ {command}\nprints:\n{printed}")

    def test_shell(self):
        for page in PAGES:
            for language, code, line in blocks(page):
                if language == "sh":
                    with self.subTest(page=page.name, line=line):
                        done = subprocess.run(["bash", "-n"], input=code.encode(), capture_output=True)
                        self.assertEqual((done.returncode, done.stderr), (0, b""))

    def test_toml(self):
        for page in PAGES:
            for language, code, line in blocks(page):
                if language == "toml":
                    with self.subTest(page=page.name, line=line), tempfile.TemporaryDirectory(prefix="nacre-docs-") as home:
                        (pathlib.Path(home) / "nacre.toml").write_text(code)
                        done = subprocess.run([TOOL, "put", f"{home}/db", "k", "v", "--options", f"{home}/nacre.toml"], capture_output=True)
                        self.assertEqual(done.returncode, 0, done.stderr.decode())

    def test_cmake(self):
        consumers = " ".join(" ".join(path.read_text().split()) for path in (ROOT / "tests/consumers").rglob("CMakeLists.txt"))
        for page in PAGES:
            for language, code, line in blocks(page):
                if language == "cmake":
                    with self.subTest(page=page.name, line=line):
                        for command in re.findall(r"^\w+\([^)]*", re.sub(r"#.*", "", code), re.MULTILINE):
                            self.assertIn(" ".join(command.split()), consumers, "no consumer in tests/consumers does so")

    def test_every_block_says_what_it_is(self):
        known = {*WORLDS, "c", "c lmdb", "console", "sh", "toml", "cmake", "text", ""}
        for page in PAGES:
            for language, _, line in blocks(page):
                self.assertIn(language, known, f"{page.name}:{line}")


if __name__ == "__main__":
    unittest.main()

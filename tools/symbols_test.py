#!/usr/bin/env python3
"""Tests of tools/symbols: small libraries whose exports differ from a list."""

import importlib.machinery
import importlib.util
import os
import pathlib
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
loader = importlib.machinery.SourceFileLoader("symbols", str(HERE / "symbols"))
symbols = importlib.util.module_from_spec(importlib.util.spec_from_loader("symbols", loader))
loader.exec_module(symbols)

API = '__attribute__((visibility("default")))'
CODE = f"""
#include <string_view>
namespace nacre {{
struct {API} Db {{ void put(std::string_view key); void size() {{}} }};
void Db::put(std::string_view) {{ size(); }}
{API} const char* to_string(int) {{ return ""; }}
namespace engine {{ void flush() {{}} }}
}}
extern "C" {API} void nacre_open() {{ nacre::engine::flush(); }}
"""
EXPORTS = {"nacre::Db::put(std::string_view)", "nacre::to_string(int)", "nacre_open"}


class SymbolsTest(unittest.TestCase):
    def problems(self, code, listed):
        with tempfile.TemporaryDirectory() as home:
            source, compiled, shared, archive = (f"{home}/{name}" for name in ("a.cc", "a.o", "liba.so", "liba.a"))
            pathlib.Path(source).write_text(code)
            compiler = os.environ.get("CXX", "c++")
            subprocess.run([compiler, "-std=c++17", "-fPIC", "-fvisibility=hidden", "-fvisibility-inlines-hidden", "-c", source, "-o", compiled],
                           check=True)
            subprocess.run([compiler, "-shared", compiled, "-o", shared], check=True)
            subprocess.run(["ar", "rcs", archive, compiled], check=True)
            return list(symbols.problems(shared, archive, listed))

    def test_the_list_fits(self):
        self.assertEqual(self.problems(CODE, EXPORTS), [])

    def test_more_is_exported(self):
        self.assertEqual(self.problems(CODE, EXPORTS - {"nacre_open"}), ["new: nacre_open"])

    def test_less_is_exported(self):
        self.assertEqual(self.problems(CODE, EXPORTS | {"nacre::Db::get()"}), ["gone: nacre::Db::get()"])

    def test_a_public_function_that_is_hidden(self):
        for hidden in ("nacre::to_string(int)", "nacre_open"):
            mark = {"nacre::to_string(int)": f"{API} const", "nacre_open": f"{API} void"}[hidden]
            self.assertEqual(self.problems(CODE.replace(mark, mark.removeprefix(API)), EXPORTS - {hidden}), [f"hidden: {hidden}"])

    def test_a_class_that_is_hidden(self):
        self.assertEqual(self.problems(CODE.replace(f"struct {API}", "struct"), EXPORTS),
                         ["gone: nacre::Db::put(std::string_view)", "hidden: nacre::Db::put(std::string_view)"])


if __name__ == "__main__":
    unittest.main()

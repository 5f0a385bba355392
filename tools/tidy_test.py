#!/usr/bin/env python3
"""Tests of tools/tidy: each plants one violation in a small tree and sees it found, with the right words, at the right line."""

import importlib.machinery
import importlib.util
import pathlib
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
loader = importlib.machinery.SourceFileLoader("tidy", str(HERE / "tidy"))
tidy = importlib.util.module_from_spec(importlib.util.spec_from_loader("tidy", loader))
loader.exec_module(tidy)

CLEAN = {
    "include/nacre/bytes.h": "#pragma once\n#include <string_view>\n",
    "include/nacre/error.h": '#pragma once\n#include "nacre/bytes.h"\n',
    "include/nacre/db.h": '#pragma once\n#include "nacre/error.h"\n',
    "src/base/result.h": '#pragma once\n#include "nacre/error.h"\n',
    "src/base/README.md": "# base\n",
    "src/table/table.h": '#pragma once\n#include "base/result.h"\n#include "cache/cache.h"\n',
    "src/table/README.md": "# table\n",
    "src/cache/cache.h": "#pragma once\n",
    "src/cache/README.md": "# cache\n",
    "src/engine/db.cc": '#include "nacre/db.h"\n#include "table/table.h"\n',
    "src/engine/README.md": "# engine\n",
    "tools/README.md": "# tools\n",
}


class TidyTest(unittest.TestCase):
    def findings(self, files):
        """The findings of the clean tree with `files` written over it; None removes a file."""
        with tempfile.TemporaryDirectory() as directory:
            for path, text in {**CLEAN, **files}.items():
                if text is not None:
                    file = pathlib.Path(directory, path)
                    file.parent.mkdir(parents=True, exist_ok=True)
                    file.write_bytes(text if isinstance(text, bytes) else text.encode())
            checker = tidy.Tidy(directory)
            checker.run()
            return checker.findings

    def assert_clean(self, files):
        self.assertEqual(self.findings(files), [])

    def assert_found(self, files, path, line, rule, *words):
        found = self.findings(files)
        self.assertEqual([(f[0], f[1], f[2]) for f in found], [(path, line, rule)], found)
        for word in words:
            self.assertIn(word, found[0][3])

    def assert_banned(self, code, replacement, folder="base"):
        self.assert_found({f"src/{folder}/x.cc": f"int before;\n{code}\n"}, f"src/{folder}/x.cc", 2, "banned", replacement)

    def test_the_clean_tree_is_clean(self):
        self.assert_clean({})

    # --- includes

    def test_upward_include(self):
        self.assert_found({"src/base/x.cc": '\n#include "table/table.h"\n'}, "src/base/x.cc", 2, "include",
                          "table/ (F3) is above base/ (F0)", "callback")

    def test_sideways_include(self):
        self.assert_found({"src/cache/x.cc": '#include "wal/wal.h"\n'}, "src/cache/x.cc", 1, "include", "siblings on F3")

    def test_a_drawn_sibling_edge_has_one_direction(self):
        self.assert_clean({"src/table/x.cc": '#include "cache/cache.h"\n'})
        self.assert_found({"src/cache/x.cc": '#include "table/table.h"\n'}, "src/cache/x.cc", 1, "include", "siblings")

    def test_tests_beside_the_code_obey_the_floors_too(self):
        self.assert_found({"src/base/x_test.cc": '#include "cache/cache.h"\n'}, "src/base/x_test.cc", 1, "include", "above")

    def test_nothing_includes_what_stands_beside_the_house(self):
        self.assert_found({"src/engine/x.cc": '#include "sim/disk.h"\n'}, "src/engine/x.cc", 1, "include", "beside the house")

    def test_a_folder_without_a_floor(self):
        self.assert_found({"src/base/x.cc": '#include "attic/box.h"\n'}, "src/base/x.cc", 1, "include", "no floor")
        self.assert_found({"src/attic/x.cc": '#include "base/result.h"\n', "src/attic/README.md": "# attic\n"},
                          "src/attic/x.cc", 1, "include", "src/attic has no floor")

    def test_relative_and_bare_includes(self):
        self.assert_found({"src/base/x.cc": '#include "result.h"\n'}, "src/base/x.cc", 1, "include", "folder/file.h")
        self.assert_found({"src/base/x.cc": '#include "../base/result.h"\n'}, "src/base/x.cc", 1, "include", "folder/file.h")

    def test_commented_and_quoted_includes_do_not_count(self):
        self.assert_clean({"src/base/x.cc": '// #include "table/table.h"\n/*\n#include "table/table.h"\n*/\nint x;\n'})

    def test_spaces_in_a_directive(self):
        self.assert_found({"src/base/x.cc": '  #  include   "table/table.h"\n'}, "src/base/x.cc", 1, "include", "above")

    def test_vocabulary_is_for_all_and_the_public_api_is_not(self):
        self.assert_clean({"src/cache/x.cc": '#include "nacre/error.h"\n'})
        for include in ('"nacre/db.h"', "<nacre/db.h>"):
            self.assert_found({"src/cache/x.cc": f"#include {include}\n"}, "src/cache/x.cc", 1, "include", "the public API is above cache/")

    def test_vocabulary_stays_on_the_ground(self):
        self.assert_found({"include/nacre/error.h": '#include "nacre/db.h"\n'}, "include/nacre/error.h", 1, "include", "only vocabulary")

    def test_public_headers_include_nothing_of_src(self):
        self.assert_found({"include/nacre/db.h": '#include "base/result.h"\n'}, "include/nacre/db.h", 1, "include", "only public")

    def test_link_edges_obey_the_floors(self):
        self.assert_clean({"CMakeLists.txt": "nacre_folder(base)\nnacre_folder(table CONCURRENT USES cache base)\n"})
        self.assert_found({"CMakeLists.txt": "\nnacre_folder(base USES table)\n"}, "CMakeLists.txt", 2, "include", "above")
        self.assert_found({"CMakeLists.txt": "nacre_folder(attic)\n"}, "CMakeLists.txt", 1, "include", "no floor")

    # --- banned names

    def test_banned_names(self):
        for code, replacement in [
            ("std::mutex m;", "sync::Mutex"),
            ("std::lock_guard l(m);", "sync::MutexLock"),
            ("std::condition_variable c;", "sync::CondVar"),
            ("std::thread t;", "sync::Thread"),
            ("std::jthread t;", "sync::Thread"),
            ("pthread_create(0, 0, 0, 0);", "sync::Thread"),
            ("std::this_thread::yield();", "sync::spin_turn"),
            ("usleep(3);", "Clock::sleep_ns"),
            ("auto t = std::chrono::steady_clock::now();", "Clock"),
            ("clock_gettime(1, &t);", "Clock"),
            ("auto t = time(nullptr);", "Clock"),
            ("std::random_device d;", "base::Prng"),
            ("int r = rand();", "base::Prng"),
            ("std::filesystem::remove(p);", "Directory"),
            ("std::ifstream f;", "Directory"),
            ('FILE* f = fopen("x", "r");', "Directory"),
            ("std::remove(path);", "Directory"),
            ("int f = ::open(p, 0);", "nacre/runtime.h"),
            ("return ::read(f, p, n);", "nacre/runtime.h"),
            ("fsync(f);", "nacre/runtime.h"),
            ("void* p = mmap(0, n, 0, 0, 0, 0);", "function of os/"),
            ("::sigaction(1, &a, 0);", "signals"),
            ("signal(SIGBUS, f);", "signals"),
            ('auto* home = std::getenv("HOME");', "Options"),
            ("std::cout << 1;", "EventSink"),
            ('printf("%d", 1);', "EventSink"),
            ("throw 1;", "Result"),
            ("assert(x);", "NACRE_CHECK"),
            ("__builtin_prefetch(p);", "base::prefetch"),
            ("#define LOCK std::mutex", "sync::Mutex"),
        ]:
            with self.subTest(code):
                self.assert_banned(code, replacement)

    def test_banned_headers(self):
        for header, replacement in [("mutex", "sync::Mutex"), ("thread", "sync::Thread"), ("chrono", "Clock"), ("random", "base::Prng"),
                                    ("filesystem", "Directory"), ("unistd.h", "nacre/runtime.h"), ("sys/mman.h", "nacre/runtime.h"),
                                    ("liburing.h", "nacre/runtime.h"), ("csignal", "signals"), ("iostream", "EventSink")]:
            with self.subTest(header):
                self.assert_banned(f"#include <{header}>", replacement)

    def test_bans_hold_in_public_headers(self):
        self.assert_found({"include/nacre/db.h": "#include <mutex>\n"}, "include/nacre/db.h", 1, "banned", "sync::Mutex")

    def test_names_that_only_look_banned(self):
        self.assert_clean({"src/base/x.cc": "\n".join([
            "// std::mutex would be slower; rand() too",
            'const char* text = "std::mutex";',
            'const char* raw = R"(fsync(1); " std::thread)";',
            "file.read(0, out); file->open(x); Directory::open(y); file.sync();",
            "int n = 1'000'000; char c = '\"'; static_assert(sizeof(n) == 4);",
            "auto end = std::remove(v.begin(), v.end(), 3);",
            "uint64_t time(int zone); clock.coarse_now_ns(); int open_read(int);",
            ""])})

    def test_os_and_sync_may(self):
        for folder in ("os", "sync"):
            self.assert_clean({f"src/{folder}/x.cc": "#include <mutex>\nstd::mutex m;\nint f = ::open(p, 0);\n",
                               f"src/{folder}/README.md": "# x\n"})

    def test_an_exception_covers_only_what_it_names(self):
        self.assert_clean({"src/base/assert.cc": "void f() { fprintf(0, 0); }\n"})
        self.assert_found({"src/base/assert.cc": "void f() { fprintf(0, 0); }\nstd::mutex m;\n"}, "src/base/assert.cc", 2, "banned")

    def test_an_exception_that_is_not_needed_any_more(self):
        self.assert_found({"src/base/assert.cc": "int x;\n"}, "tools/tidy", 0, "stale", "src/base/assert.cc")

    def test_empty_names(self):
        self.assert_found({"src/base/x.h": "class FileManager {};\n"}, "src/base/x.h", 1, "name", "FileManager")

    # --- sizes

    def test_long_files(self):
        self.assert_clean({"src/base/x.cc": "//\n" * 600, "src/base/x_test.cc": "//\n" * 800, "tests/x.cc": "//\n" * 800,
                           "tests/README.md": "# tests\n"})
        self.assert_found({"src/base/x.cc": "//\n" * 601}, "src/base/x.cc", 601, "file-size", "600 at most")
        self.assert_found({"src/base/x_test.cc": "//\n" * 801}, "src/base/x_test.cc", 801, "file-size", "800 at most")

    def function(self, head, lines, tail="}"):
        """A function of `lines` lines, head and closing brace included, as line 2 of a file."""
        return "int before;\n" + head + "\n" + "  work();\n" * (lines - 2) + tail + "\nint after() { return 1; }\n"

    def test_long_functions(self):
        for head in ["void f() {", "static auto Foo::bar(int a, Map m = {}) const -> int {", "TEST(Block, Cuts) {",
                     "template <class T>  void f(T) {", "bool operator()(int a) const {", "extern \"C\" int f(void) {",
                     "Foo make(int a) {"]:
            with self.subTest(head):
                self.assert_clean({"src/base/x.cc": self.function(head, 70)})
                self.assert_found({"src/base/x.cc": self.function(head, 71)}, "src/base/x.cc", 2, "function-size", "71 lines")

    def test_long_functions_inside_of_types_and_namespaces(self):
        for head in ["namespace a::b { inline namespace c { class X final : public Y<int> { public: void f() {",
                     "class NACRE_CAPABILITY(\"mutex\") X { private: X() : a_{1}, b_(2) {",
                     "template <class T> requires (sizeof(T) > 4) struct X { int a = g(); int b[2] = {1, 2}; auto f() {"]:
            depth = head.count("{") - head.count("}")
            with self.subTest(head):
                self.assert_clean({"src/base/x.cc": self.function(head, 70, "}" * depth + ";")})
                self.assert_found({"src/base/x.cc": self.function(head, 71, "}" * depth + ";")}, "src/base/x.cc", 2, "function-size")

    def test_long_types_and_namespaces_are_no_functions(self):
        for head in ["namespace n {", "struct X {", "class NACRE_CAPABILITY(\"mutex\") X {", "template <class T>\nclass X {", "enum X : int {",
                     "template <class T> requires (sizeof(T) > 4)\nstruct X final : public Y<T> {", "constexpr int kTable[] = {",
                     "template <>\nclass [[nodiscard]] X<void> : public std::expected<void, Error> {", 'extern "C" {']:
            with self.subTest(head):
                self.assert_clean({"src/base/x.cc": self.function(head, 200, "};")})

    def test_braces_in_text_do_not_confuse(self):
        self.assert_found({"src/base/x.cc": self.function("void f() { char c = '{'; auto s = \"}}}\"; // {{{", 71)},
                          "src/base/x.cc", 2, "function-size")

    def test_readmes(self):
        self.assert_found({"src/cache/README.md": None}, "src/cache/README.md", 0, "readme", "missing")
        self.assert_found({"sim/x.cc": "int x;\n"}, "sim/README.md", 0, "readme", "missing")
        self.assert_found({"src/cache/README.md": "x\n" * 61}, "src/cache/README.md", 61, "readme", "60 at most")
        self.assert_clean({"src/cache/README.md": "x\n" * 60, "README.md": "x\n" * 300})

    def test_public_headers_together(self):
        self.assert_clean({"include/nacre/a.h": "//\n" * 600, "include/nacre/b.h": "//\n" * 600})
        self.assert_found({"include/nacre/a.h": "//\n" * 600, "include/nacre/b.h": "//\n" * 600, "include/nacre/d.h": "//\n" * 300},
                          "include/nacre", 0, "public-size", "1500 at most")

    def test_the_c_api_counts_by_itself(self):
        c_api = {"include/nacre/c.h": "//\n" * 500, "include/nacre/c_part.h": "//\n" * 500}
        self.assert_clean({"include/nacre/a.h": "//\n" * 600, "include/nacre/b.h": "//\n" * 600, **c_api})
        self.assert_found({**c_api, "include/nacre/c_more.h": "//\n"}, "include/nacre/c.h", 0, "public-size", "1000 at most")
        self.assert_found({"include/nacre/a.h": "//\n" * 600, "include/nacre/cursor.h": "//\n" * 600, "include/nacre/d.h": "//\n" * 301},
                          "include/nacre", 0, "public-size", "1500 at most")

    # --- text

    def test_open_work(self):
        for mark in ("TODO", "FIXME", "XXX"):
            self.assert_found({"docs/A.md": f"a\nb {mark}: later\n"}, "docs/A.md", 2, "open-work", mark)
        self.assert_clean({"docs/A.md": "a mkdtemp name ends in -XXXXXX\n"})

    def test_machine_paths(self):
        for text in ("see /work/main/x", "cd /tmp/nacre/build", "(/root/x)", "/tmp/nacre"):
            with self.subTest(text):
                self.assert_found({"docs/A.md": text + "\n"}, "docs/A.md", 1, "machine-path", "one machine")
        self.assert_clean({"docs/A.md": "$dir/work/x ./work/y a/root/b /tmp/nacre-test.ab12 framework/root/\n"})

    def test_white_space(self):
        self.assert_found({"docs/A.md": "a\nb \n"}, "docs/A.md", 2, "trailing-space")
        self.assert_found({"docs/A.md": "a\r\n"}, "docs/A.md", 1, "trailing-space")
        self.assert_found({"docs/A.md": "a\nb"}, "docs/A.md", 2, "trailing-space", "newline")

    def test_binary_and_built_files_are_left_alone(self):
        self.assert_clean({"fuzz/corpus/x": b"TODO \0 \n", "build/dev/x.cc": "std::mutex TODO \n", ".git/x": "TODO \n"})

    def test_pages_name_only_tests_that_exist(self):
        code = "TEST(Log, KeepsOrder) {}\nTEST_F(TableTest, FindsKeys) {}\n"
        page = "held by `Log.KeepsOrder` and `TableTest.FindsKeys`; see `Db::open` and `x.h`\n"
        self.assert_clean({"src/base/x_test.cc": code, "docs/PROMISES.md": page})
        self.assert_found({"src/base/x_test.cc": code, "docs/PROMISES.md": page + "and `Log.KeepsAll`\n"},
                          "docs/PROMISES.md", 2, "page", "Log.KeepsAll")

    def test_links_lead_somewhere(self):
        self.assert_clean({"docs/A.md": "[b](B.md#x) [c](../src/base) [d](https://example.org/x)\n", "docs/B.md": "b\n"})
        self.assert_found({"docs/A.md": "\n[b](B.md)\n"}, "docs/A.md", 2, "page", "B.md")


class TablesTest(unittest.TestCase):
    """The tables agree with each other."""

    def test_every_sibling_edge_joins_two_folders_of_one_floor(self):
        for lower, upper in tidy.SIBLINGS:
            self.assertEqual(tidy.FLOOR_OF[lower], tidy.FLOOR_OF[upper])

    def test_every_ban_that_is_named_exists(self):
        names = {name for name, _, _ in tidy.BANS}
        self.assertLessEqual({name for name, _ in tidy.BANNED_HEADERS}, names)
        for _, bans, reason in tidy.EXCEPTIONS:
            self.assertTrue(reason)
            self.assertLessEqual(set(bans.split()) - {"*"}, names)


if __name__ == "__main__":
    unittest.main()

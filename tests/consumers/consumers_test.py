#!/usr/bin/env python3
"""Programs of others, built against Nacre as it is installed, and with its sources in their own build. $NACRE_BUILD is a build of the
preset `package`; the sources are compiled with its flags, in directories beside it, so that ccache has the objects."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("NACRE_BUILD", SOURCE / "build/package"))
CACHE = dict(re.findall(r"^(\w+):\w+=(.*)$", (BUILD / "CMakeCache.txt").read_text(), re.M))
LIBRARIES = CACHE["CMAKE_INSTALL_LIBDIR"]
TAKEN_OVER = ["CMAKE_CXX_COMPILER", "CMAKE_CXX_COMPILER_LAUNCHER", "CMAKE_C_COMPILER", "CMAKE_C_COMPILER_LAUNCHER", "CMAKE_BUILD_TYPE",
              "CMAKE_CXX_FLAGS_RELEASE", "CMAKE_COMPILE_WARNING_AS_ERROR"]
SAID = "user:1 = Alice\nuser:2 = Bob\n"


def run(*command, **environment):
    done = subprocess.run([str(word) for word in command], env={**os.environ, **environment}, capture_output=True, text=True, timeout=1200,
                          check=False)
    done.words = done.stdout + done.stderr
    return done


class ConsumersTest(unittest.TestCase):
    def setUp(self):
        self.home = pathlib.Path(tempfile.mkdtemp(prefix="nacre-consumers-"))
        self.builds = []

    def tearDown(self):
        for directory in [self.home, *self.builds]:
            shutil.rmtree(directory)

    def ok(self, *command, **environment):
        done = run(*command, **environment)
        self.assertEqual(done.returncode, 0, f"{' '.join(map(str, command))}:\n{done.words[-6000:]}")
        return done.stdout

    def says_hello(self, program, libraries=None):
        data = self.home / f"data-{program.name}-{len(list(self.home.iterdir()))}"
        self.assertEqual(self.ok(program, data, LD_LIBRARY_PATH=str(libraries or "")), SAID)

    def configured(self, consumer, *definitions):
        build = pathlib.Path(tempfile.mkdtemp(prefix="consumer-", dir=BUILD.parent))
        self.builds.append(build)
        done = run("cmake", "-G", "Ninja", "-S", HERE / consumer, "-B", build, *(f"-D{name}={CACHE[name]}" for name in TAKEN_OVER if name in CACHE),
                   *(f"-D{definition}" for definition in definitions))
        return build, done

    def built(self, consumer, *definitions):
        build, done = self.configured(consumer, *definitions)
        self.assertEqual(done.returncode, 0, done.words[-6000:])
        self.ok("cmake", "--build", build)
        return build, done.stdout

    def installed(self, build, root):
        self.ok("cmake", "--install", build, DESTDIR=str(root))
        return root / CACHE["CMAKE_INSTALL_PREFIX"].lstrip("/")

    def needed(self, program):
        return re.findall(r"NEEDED.*\[(.+)\]", self.ok("readelf", "-d", program))

    # ---- installed

    def test_cmake_finds_both_libraries(self):
        prefix = self.installed(BUILD, self.home / "root")
        build, _ = self.built("installed", f"CMAKE_PREFIX_PATH={prefix}", "NACRE_KINDS=shared;static")
        for name in ("hello_nacre", "hello_shared", "hello_static"):
            self.says_hello(build / name)
            self.assertEqual("libnacre.so.0" in self.needed(build / name), name != "hello_static", name)

    def test_pkg_config_finds_both_libraries(self):
        root = self.home / "root"
        libraries = self.installed(BUILD, root) / LIBRARIES
        environment = {"PKG_CONFIG_PATH": str(libraries / "pkgconfig"), "PKG_CONFIG_SYSROOT_DIR": str(root)}
        for kind, how in (("shared", []), ("static", ["--static"])):
            flags = self.ok("pkg-config", "--cflags", "--libs", *how, "nacre", **environment).split()
            if how:  # with the namelink gone the linker takes the archive
                (libraries / "libnacre.so").unlink()
            self.ok(CACHE["CMAKE_CXX_COMPILER"], "-std=c++23", "-Wall", "-Wextra", "-Werror", HERE / "hello.cc", "-o", self.home / kind, *flags)
            self.says_hello(self.home / kind, libraries)

    def test_an_older_standard_is_refused_in_words(self):
        include = self.installed(BUILD, self.home / "root") / "include"
        done = run(CACHE["CMAKE_CXX_COMPILER"], "-std=c++17", "-fsyntax-only", f"-I{include}", HERE / "hello.cc")
        self.assertRegex(done.words, r"error.*compile with -std=c\+\+23")

    def test_another_version_or_kind_is_refused_in_words(self):
        prefix = self.installed(BUILD, self.home / "root")
        (self.home / "old").mkdir()
        (self.home / "old/CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.20)\nproject(old LANGUAGES CXX)\nfind_package(nacre 0.0 REQUIRED)\n")
        done = run("cmake", "-S", self.home / "old", "-B", self.home / "old-build", f"-DCMAKE_PREFIX_PATH={prefix}")
        self.assertRegex(done.words, r"compatible\s+with requested version \"0\.0\"")
        _, done = self.configured("installed", f"CMAKE_PREFIX_PATH={prefix}", "NACRE_KINDS=round")
        self.assertIn("no 'round' in this installation", " ".join(done.words.split()))

    def test_the_archive_names_what_it_lacks(self):
        prefix = self.installed(BUILD, self.home / "root")
        lacking = [f"CMAKE_PREFIX_PATH={prefix}", "NACRE_URING=NACRE_URING-NOTFOUND", "CMAKE_FIND_LIBRARY_PREFIXES=none"]
        _, done = self.configured("installed", *lacking, "NACRE_KINDS=static")
        self.assertIn("liburing-dev", done.words)
        _, done = self.configured("installed", *lacking, "NACRE_KINDS=shared")
        self.assertEqual(done.returncode, 0, done.words)

    # ---- in the tree of another project

    def test_a_subdirectory_keeps_to_itself(self):
        build, words = self.built("subdirectory", f"NACRE_SOURCE={SOURCE}", f"CMAKE_INSTALL_PREFIX={self.home}/prefix")
        self.says_hello(build / "hello")
        self.assertNotIn("libnacre.so.0", self.needed(build / "hello"))
        for variable in ("CMAKE_CXX_FLAGS: ''", "CMAKE_CXX_STANDARD: '17'", "PROJECT_VERSION: '7.0'"):
            self.assertIn(variable, words)
        self.assertIn("Total Tests: 1", self.ok("ctest", "-N", "--test-dir", build))
        self.ok("cmake", "--install", build)
        self.assertEqual([path.name for path in self.home.glob("prefix/**/*") if path.is_file()], ["hello"])
        self.assertEqual(list(build.glob("nacre/nacre")), [], "the command was built")

        self.ok("cmake", build, "-DNACRE_INSTALL=ON")  # unless it is asked for
        self.ok("cmake", "--build", build)
        self.ok("cmake", "--install", build)
        self.assertEqual(list(self.home.rglob("libnacre.so*")), [])
        self.serves_where_it_was_moved(self.home / "prefix", "static")

    def test_fetched_shared_and_installed_along(self):
        prefix = self.home / "prefix"
        build, _ = self.built("subdirectory", f"NACRE_SOURCE={SOURCE}", "NACRE_FETCH=ON", "BUILD_SHARED_LIBS=ON", "NACRE_INSTALL=ON",
                              f"CMAKE_INSTALL_PREFIX={prefix}")
        self.says_hello(build / "hello")
        self.assertIn("libnacre.so.0", self.needed(build / "hello"))
        self.ok("cmake", "--install", build)
        self.assertEqual(list(prefix.rglob("libnacre.a")), [])

        self.serves_where_it_was_moved(prefix, "shared")

    def serves_where_it_was_moved(self, prefix, kind):
        moved = prefix.rename(self.home / "moved")
        consumer, _ = self.built("installed", f"CMAKE_PREFIX_PATH={moved}", f"NACRE_KINDS={kind}")
        self.says_hello(consumer / "hello_nacre")
        [description] = moved.rglob("nacre.pc")
        flags = self.ok("pkg-config", "--cflags", "--libs", "nacre", PKG_CONFIG_PATH=str(description.parent)).split()
        self.ok(CACHE["CMAKE_CXX_COMPILER"], "-std=c++23", HERE / "hello.cc", "-o", self.home / "hello", *flags)
        self.says_hello(self.home / "hello", description.parent.parent)


if __name__ == "__main__":
    unittest.main()

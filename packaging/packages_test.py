#!/usr/bin/env python3
"""The Debian packages, as files: what they are called, need and hold, and that it runs from there. $NACRE_BUILD is a build of the preset
`package`. `./x package --check` installs them on a bare Debian 12."""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parent
BUILD = pathlib.Path(os.environ.get("NACRE_BUILD", SOURCE / "build/package"))
PAGES = "usr/share/doc/nacre/"
VERSION = re.search(r"^project\(nacre VERSION ([\d.]+)", (SOURCE / "CMakeLists.txt").read_text(), re.M)[1]
REVISION = re.match(r"nacre \(([^)]+)\)", (HERE / "debian/changelog").read_text())[1]


def output(*command, **environment):
    return subprocess.run([str(word) for word in command], env={**os.environ, **environment}, capture_output=True, check=True, text=True).stdout


@unittest.skipUnless(shutil.which("dpkg-shlibdeps"), "makes packages with Debian's dpkg-dev, which is not there")
class PackagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory(prefix="nacre-packages-")
        cls.root = pathlib.Path(cls.home.name)
        output("cpack", "--config", BUILD / "CPackConfig.cmake", "-B", cls.root / "made")
        cls.packages = {path.name.split("_")[0]: path for path in (cls.root / "made").glob("*.deb")}
        for path in cls.packages.values():
            output("dpkg-deb", "-x", path, cls.root / "root")
        cls.architecture = output("dpkg", "--print-architecture").strip()
        cls.libraries = "usr/lib/" + output("dpkg-architecture", "-qDEB_HOST_MULTIARCH").strip()

    @classmethod
    def tearDownClass(cls):
        cls.home.cleanup()

    def field(self, package, name):
        return output("dpkg-deb", "-f", self.packages[package], name).strip()

    def members(self, package):
        archive = subprocess.run(["dpkg-deb", "--fsys-tarfile", self.packages[package]], capture_output=True, check=True).stdout
        with tempfile.TemporaryFile() as file:
            file.write(archive)
            file.seek(0)
            with tarfile.open(fileobj=file) as tar:
                return {member.name.removeprefix("./"): member for member in tar}

    def files(self, package):
        return {name for name, member in self.members(package).items() if not member.isdir()}

    def test_one_version_everywhere(self):
        self.assertEqual(json.loads((SOURCE / "vcpkg.json").read_text())["version"], VERSION)
        self.assertTrue(REVISION.startswith(f"{VERSION}-"))

    def test_names(self):
        expected = {f"{name}_{REVISION}_{self.architecture}.deb" for name in ("libnacre0", "libnacre-dev", "nacre-tools")}
        expected |= {f"nacre-doc_{REVISION}_all.deb"}
        self.assertEqual({path.name for path in self.packages.values()}, expected)

    def test_needs(self):
        runtime = self.field("libnacre0", "Depends")
        for library in ("libc6", "liblz4-1", "libstdc++6", "liburing2", "libzstd1"):
            self.assertRegex(runtime, rf"\b{re.escape(library)} \(>= ")
        self.assertEqual(self.field("libnacre-dev", "Depends"), f"libnacre0 (= {REVISION}), liblz4-dev, libzstd-dev, liburing-dev")
        self.assertRegex(self.field("nacre-tools", "Depends"), rf"^libnacre0 \(= {re.escape(REVISION)}\), libc6")
        self.assertEqual(self.field("nacre-doc", "Depends"), "")
        self.assertEqual([self.field(name, "Suggests") for name in ("libnacre-dev", "nacre-tools")], ["nacre-doc"] * 2)
        sections = {"libnacre0": "libs", "libnacre-dev": "libdevel", "nacre-tools": "database", "nacre-doc": "doc"}
        self.assertEqual({name: self.field(name, "Section") for name in sections}, sections)

    def test_contents_of_the_library(self):
        documents = {f"usr/share/doc/libnacre0/{name}" for name in ("copyright", "changelog.Debian.gz")}
        self.assertEqual(self.files("libnacre0"), documents | {f"{self.libraries}/libnacre.so.0", f"{self.libraries}/libnacre.so.{VERSION}"})

    def test_contents_of_the_development_files(self):
        files = self.files("libnacre-dev")
        headers = {f"usr/include/nacre/{path.name}" for path in (SOURCE / "include/nacre").glob("*.h")}
        self.assertEqual({name for name in files if name.startswith("usr/include/")}, headers)
        for name in ("libnacre.so", "libnacre.a", "pkgconfig/nacre.pc", "cmake/nacre/nacreConfig.cmake", "cmake/nacre/nacreConfigVersion.cmake"):
            self.assertIn(f"{self.libraries}/{name}", files)
        self.assertEqual([name for name in files if "test" in name or "licence" in name.lower()], [])

    def test_contents_of_the_tools(self):
        files = self.files("nacre-tools")
        expected = {"usr/bin/nacre"} | {f"usr/share/doc/nacre-tools/{name}" for name in ("copyright", "changelog.Debian.gz")}
        expected |= {f"usr/share/man/man1/{path.name}.gz" for path in (SOURCE / "share/man").glob("*.1")}
        expected |= {f"usr/share/bash-completion/completions/{path.name}" for path in (SOURCE / "share/bash-completion").glob("*")}
        self.assertEqual(files, expected | {"usr/share/nacre/grafana/nacre.json"})

    def test_contents_of_the_pages(self):
        files = {name.removeprefix(PAGES) for name in self.files("nacre-doc") if name.startswith(PAGES)}
        expected = {"README.md", "bench/RESULTS.md", "docs/benchmarks.html", "examples/README.md"}
        expected |= {str(path.relative_to(SOURCE)) for pattern in ("docs/*.md", "docs/*.svg", "docs/adr/*.md", "examples/*.c*") for path in SOURCE.glob(pattern)}
        self.assertEqual(files, expected)
        self.assertEqual(self.files("nacre-doc") - {PAGES + name for name in files},
                         {f"usr/share/doc/nacre-doc/{name}" for name in ("copyright", "changelog.Debian.gz")})

    def test_links_between_installed_pages_hold(self):
        root = self.root / "root" / PAGES
        for page in root.rglob("*.md"):
            for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
                target = os.path.relpath(page.parent / target, root)
                if target.startswith(("docs/", "examples/", "README.md", "bench/RESULTS.md")):
                    self.assertTrue((root / target).exists(), f"{page.relative_to(root)} links to {target}")

    def test_the_manual_names_files_that_are_installed(self):
        named = re.findall(r"(?<=\bPa /)usr/\S+", (SOURCE / "share/man/nacre.1").read_text())
        self.assertGreater(len(named), 3)
        for name in named:
            self.assertTrue((self.root / "root" / name).exists(), name)

    def test_owners_and_modes(self):
        for package in self.packages:
            for name, member in self.members(package).items():
                self.assertEqual((member.uname, member.gname), ("root", "root"), name)
                self.assertEqual(member.mode, 0o777 if member.issym() else 0o755 if member.isdir() or name == "usr/bin/nacre" else 0o644, name)

    def test_sums_are_of_the_files(self):
        for package, path in self.packages.items():
            control = self.root / f"control-{package}"
            output("dpkg-deb", "-e", path, control)
            sums = dict(reversed(line.split("  ")) for line in (control / "md5sums").read_text().splitlines())
            self.assertEqual(set(sums), {name for name, member in self.members(package).items() if member.isreg()})
            for name, digest in sums.items():
                self.assertEqual(hashlib.md5((self.root / "root" / name).read_bytes()).hexdigest(), digest, name)

    def test_no_place_of_this_machine_is_in_them(self):
        for path in (self.root / "root").rglob("*"):
            if path.is_file():
                self.assertNotIn(str(SOURCE).encode(), path.read_bytes(), path)

    def test_the_command_runs_with_the_library(self):
        root = self.root / "root"
        environment = {"LD_LIBRARY_PATH": str(root / self.libraries)}
        output(root / "usr/bin/nacre", "put", self.root / "data", "user:1", "Alice", **environment)
        self.assertEqual(output(root / "usr/bin/nacre", "get", self.root / "data", "user:1", **environment), "Alice\n")
        self.assertNotIn("RUNPATH", output("readelf", "-d", root / "usr/bin/nacre"))


if __name__ == "__main__":
    unittest.main()

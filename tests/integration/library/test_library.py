"""libwarder-verify is installed, found by pkg-config, and judges evidence."""
import hashlib
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import unittest

BUILD, SOURCE = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
PARTS = ("tcb_info.json", "qe_identity.json", "tcb_signing_chain.pem",
         "pck_crl.der", "root_ca_crl.der")
# What the dynamic linker may be asked for beside it, and itself.
NEEDED = {"libcrypto.so.3", "libjansson.so.4", "libc.so.6"}
LINKER = "ld-linux"


def run(*args, env=None, check=True):
    done = subprocess.run(args, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=100, env=env)
    if check and done.returncode != 0:
        raise AssertionError("%s: %d\n%s%s" % (
            args, done.returncode, done.stdout, done.stderr))
    return done


def is_sanitized():
    with open(os.path.join(BUILD, "meson-info", "intro-buildoptions.json"),
              encoding="utf-8") as f:
        return {o["name"]: o["value"] for o in json.load(f)}[
            "b_sanitize"] != "none"


@unittest.skipIf(is_sanitized(),
                 "an ordinary program cannot load a library with sanitizers")
class Library(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="warder-library-")
        cls.install()
        cls.compile()
        cls.swtee = os.path.join(cls.folder, "swtee")
        run(cls.program("warder"), "swtee", "init", cls.swtee)

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    @staticmethod
    def program(name):
        return os.path.join(BUILD, name)

    @classmethod
    def install(cls):
        run("meson", "install", "-C", BUILD, "--no-rebuild", "--quiet",
            "--destdir", cls.folder)
        for folder, _, files in os.walk(cls.folder):
            if "libwarder-verify.pc" in files:
                cls.pkgconfig = folder
            if folder.endswith("/include/warder"):
                cls.headers = folder
            if "libwarder-verify.so.0" in files:
                cls.library = os.path.join(folder, "libwarder-verify.so.0")

    @classmethod
    def compile(cls):
        env = dict(os.environ, PKG_CONFIG_PATH=cls.pkgconfig,
                   PKG_CONFIG_SYSROOT_DIR=cls.folder)
        flags = run("pkg-config", "--cflags", "--libs", "libwarder-verify",
                    env=env).stdout.split()
        cls.example = os.path.join(cls.folder, "appraise")
        run("cc", "-Wall", "-Wextra", "-Werror", "-o", cls.example,
            os.path.join(SOURCE, "examples/appraise.c"), *flags)
        cls.host = os.path.join(cls.folder, "host")
        run("cc", "-Dmain=appraise", "-c", "-o", cls.example + ".o",
            os.path.join(SOURCE, "examples/appraise.c"), *flags)
        run("cc", "-Wall", "-Wextra", "-Werror", "-o", cls.host,
            os.path.join(SOURCE, "tests/integration/library/host.c"),
            cls.example + ".o", *flags, "-ljansson", "-ldl")

    def appraise(self, *words):
        return self.judge(self.example, *words)

    def judge(self, *words):
        quote = [w for w in words if "=" in w]
        return run(*words[:len(words) - len(quote)], "sgx", *quote,
                   check=False, env=dict(
                       os.environ,
                       LD_LIBRARY_PATH=os.path.dirname(self.library)))

    def quote(self):
        path = os.path.join(self.folder, "quote.bin")
        run(self.program("warder"), "swtee", "quote", "--dir", self.swtee,
            "--tee", "sgx", "--report-data", "00ff", "--output", path)
        return path

    def words(self, quote):
        folder = os.path.join(self.swtee, "collateral")
        with open(os.path.join(folder, "trust_anchor.pem"),
                  encoding="ascii") as f:
            der = ssl.PEM_cert_to_DER_cert(f.read())
        return ["quote=" + quote, "anchor=" + hashlib.sha256(der).hexdigest()
                ] + ["%s=%s" % (name.split(".")[0],
                                os.path.join(folder, name)) for name in PARTS]

    def test_evidence_becomes_claims(self):
        done = self.appraise(*self.words(self.quote()))
        self.assertEqual(done.returncode, 0, done.stderr)
        claims = json.loads(done.stdout)
        self.assertEqual(claims["tee"], "sgx")
        self.assertEqual(claims["report_data"][:4], "00ff")
        self.assertTrue(claims["software"])

    def test_evidence_that_was_touched_is_refused(self):
        path = self.quote()
        with open(path, "r+b") as f:
            f.seek(48 + 64)
            byte = f.read(1)[0]
            f.seek(48 + 64)
            f.write(bytes([byte ^ 1]))
        done = self.appraise(*self.words(path))
        self.assertEqual((done.returncode, done.stdout), (3, ""))
        self.assertIn("quote_bad_signature", done.stderr)

    def test_the_vendors_roots_are_the_standard(self):
        words = [w for w in self.words(self.quote())
                 if not w.startswith("anchor=")]
        done = self.appraise(*words)
        self.assertEqual(done.returncode, 3)
        self.assertIn("pck_chain_untrusted_root", done.stderr)

    def test_a_program_keeps_the_json_values_it_has(self):
        words = self.words(self.quote())
        for memory in ("plain", "own"):
            done = self.judge(self.host, memory, *words)
            self.assertEqual(done.returncode, 0, (memory, done.stderr))
            self.assertEqual(json.loads(done.stdout)["tee"], "sgx")

    def test_a_program_may_change_the_memory_of_json_at_any_time(self):
        words = self.words(self.quote())
        for memory in ("before", "half"):
            done = self.judge(self.host, memory, *words)
            self.assertEqual(done.returncode, 0, (memory, done.stderr))

    def test_a_program_without_memory_for_json_is_told_so(self):
        done = self.judge(self.host, "failing", *self.words(self.quote()))
        self.assertEqual(done.returncode, 0, done.stderr[-1000:])
        told = done.stderr.splitlines()
        self.assertGreater(len(told), 100)
        self.assertEqual([t for t in told if "memory" not in t], [])

    def test_nothing_else_is_exported(self):
        names = run("nm", "-D", "--defined-only", self.library).stdout
        names = {line.split()[-1].split("@")[0]
                 for line in names.splitlines()}
        self.assertIn("wd_appraise", names)
        self.assertEqual([n for n in names if not n.startswith("wd_") and
                          n != "LIBWARDER_VERIFY_0"], [])

    def test_what_headers_declare_is_there(self):
        exported = run("nm", "-D", "--defined-only", self.library).stdout
        seen = 0
        for where, _, files in os.walk(self.headers):
            for name in files:
                if not name.endswith(".h"):
                    continue
                with open(os.path.join(where, name),
                          encoding="utf-8") as f:
                    text = re.sub(r"/\*.*?\*/", "", f.read(), flags=re.S)
                for function in re.findall(
                        r"^(?!static|#|\t| ).+?\b(wd_\w+)\(", text, re.M):
                    seen += 1
                    self.assertIn(" T %s" % function, exported)
        self.assertGreater(seen, 40)

    def test_it_needs_little(self):
        dynamic = run("readelf", "-d", self.library).stdout
        needed = {n for n in re.findall(r"NEEDED.*\[(.*?)\]", dynamic)
                  if not n.startswith(LINKER)}
        self.assertEqual(needed - NEEDED, set())


if __name__ == "__main__":
    unittest.main(argv=["test_library"], verbosity=2)

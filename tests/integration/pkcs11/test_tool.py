"""The module as other programs see it: pkcs11-tool of OpenSC lists, signs and
tests, and OpenSSL verifies what comes out."""
import hashlib
import os
import shutil
import sys
import time
import unittest

from holder_rig import (ENGINE, Rig, is_root, is_sanitized,
                        sanitizer_runtime, user_id, wait_until)

DIGESTS = {"SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512"}


class Tool(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.rig = Rig()
        cls.rsa = cls.rig.key("rsa", "RSAKEY")
        cls.p256 = cls.rig.key("p256", "ECKEY")
        cls.p384 = cls.rig.key("p384", "P384")
        cls.p521 = cls.rig.key("p521", "P521")
        cls.ed = cls.rig.key("ed25519", "EDKEY")
        cls.rig.start()

    @classmethod
    def tearDownClass(cls):
        cls.rig.stop()

    def sign(self, key, mechanism, data, *more):
        """The signature, in the form OpenSSL takes."""
        out = os.path.join(self.rig.folder, "signature")
        self.rig.tool("--sign", "--mechanism", mechanism, "--id",
                      key.id.encode().hex(), "--signature-format", "openssl",
                      "--input-file", self.rig.file("data", data),
                      "--output-file", out, *more)
        return out

    def public(self, key):
        return self.rig.file("public.pem", self.rig.run(
            "openssl", "x509", "-in", key.chain, "-noout", "-pubkey").stdout)

    def verify(self, key, digest, signature, data, *options):
        self.rig.run("openssl", "dgst", "-" + digest, "-verify",
                     self.public(key), "-signature", signature,
                     *[x for o in options for x in ("-sigopt", o)],
                     self.rig.file("data", data))

    def test_the_token_is_named_as_the_holder_says(self):
        out = self.rig.tool("--list-slots").stdout.decode()
        self.assertIn("token label        : warder", out)
        self.assertIn("serial num         : 00112233445566ff", out)
        self.assertNotIn("login required", out)

    def test_each_key_has_three_objects_of_one_label_and_id(self):
        out = self.rig.tool("--list-objects").stdout.decode()
        for kind in ("Private Key Object; RSA", "Public Key Object; RSA",
                     "Certificate Object"):
            self.assertIn(kind, out)
        for key in self.rig.keys:
            self.assertEqual(out.count(key.id.encode().hex()), 3)
            self.assertEqual(out.count("label:      %s\n" % key.label), 3)
        self.assertIn("sensitive, always sensitive, never extractable", out)

    def test_rsa_pkcs1_signatures_verify(self):
        for mechanism, digest in DIGESTS.items():
            data = os.urandom(100000)
            out = self.sign(self.rsa, mechanism + "-RSA-PKCS", data)
            self.verify(self.rsa, digest, out, data)

    def test_rsa_pss_signatures_verify(self):
        for mechanism, digest in DIGESTS.items():
            data = os.urandom(1000)
            out = self.sign(self.rsa, mechanism + "-RSA-PKCS-PSS", data)
            self.verify(self.rsa, digest, out, data,
                        "rsa_padding_mode:pss", "rsa_pss_saltlen:-1")

    def test_rsa_pss_of_a_digest_verifies(self):
        data = os.urandom(1000)
        out = self.sign(self.rsa, "RSA-PKCS-PSS",
                        hashlib.sha384(data).digest(), "--hash-algorithm",
                        "SHA384", "--mgf", "MGF1-SHA384", "--salt-len", "20")
        self.verify(self.rsa, "sha384", out, data, "rsa_padding_mode:pss",
                    "rsa_pss_saltlen:20", "rsa_mgf1_md:sha384")

    def test_ecdsa_signatures_verify(self):
        for key in (self.p256, self.p384, self.p521):
            for mechanism, digest in DIGESTS.items():
                data = os.urandom(1000)
                out = self.sign(key, "ECDSA-" + mechanism, data)
                self.verify(key, digest, out, data)

    def test_ecdsa_of_a_digest_verifies(self):
        data = os.urandom(1000)
        out = self.sign(self.p256, "ECDSA", hashlib.sha256(data).digest())
        self.verify(self.p256, "sha256", out, data)

    def test_ed25519_signatures_verify(self):
        data = os.urandom(3000)
        out = os.path.join(self.rig.folder, "signature")
        self.rig.tool("--sign", "--mechanism", "EDDSA", "--id",
                      self.ed.id.encode().hex(), "--input-file",
                      self.rig.file("data", data), "--output-file", out)
        with open(out, "rb") as f:
            self.ed.private.public_key().verify(f.read(), data)

    def test_digests_are_those_of_the_standard(self):
        data = os.urandom(100000)
        for mechanism, digest in DIGESTS.items():
            out = os.path.join(self.rig.folder, "digest")
            self.rig.tool("--hash", "--mechanism", mechanism, "--input-file",
                          self.rig.file("data", data), "--output-file", out)
            with open(out, "rb") as f:
                self.assertEqual(f.read(), hashlib.new(digest, data).digest())

    def test_private_bytes_are_not_to_be_read(self):
        out = self.rig.tool("--read-object", "--type", "privkey", "--id",
                            self.rsa.id.encode().hex()).stdout
        self.assertIn(b"sorry, reading private keys not", out)

    def test_certificates_and_public_keys_read_as_they_are(self):
        for key in self.rig.keys:
            out = os.path.join(self.rig.folder, "object")
            self.rig.tool("--read-object", "--type", "cert", "--id",
                          key.id.encode().hex(), "--output-file", out)
            pem = self.rig.run("openssl", "x509", "-inform", "der", "-in",
                               out).stdout
            with open(key.chain, "rb") as f:
                self.assertEqual(pem, f.read())

    def test_writes_are_refused(self):
        done = self.rig.tool("--write-object", self.rsa.file, "--type",
                             "privkey", "--label", "mine", check=False)
        self.assertIn(b"CKR_TOKEN_WRITE_PROTECTED", done.stdout)
        done = self.rig.tool("--delete-object", "--type", "privkey",
                             "--label", "RSAKEY", check=False)
        self.assertIn(b"(0x1b)", done.stdout)  # CKR_ACTION_PROHIBITED
        done = self.rig.tool("--keypairgen", "--key-type", "rsa:2048",
                             check=False)
        self.assertNotEqual(done.returncode, 0)

    def test_the_tests_of_pkcs11_tool_pass(self):
        out = self.rig.tool("--test", "--login", "--pin", "1234").stdout
        self.assertIn(b"No errors", out)

    def test_the_fork_test_of_pkcs11_tool_passes(self):
        self.rig.tool("--test-fork")

    def test_ssh_lists_the_keys(self):
        out = self.rig.run("ssh-keygen", "-D",
                           self.rig.module).stdout.decode()
        self.assertIn("ssh-rsa ", out)
        self.assertIn("ecdsa-sha2-nistp256 ", out)

    def test_a_holder_that_is_away_is_waited_for_as_told(self):
        rig = Rig()
        try:
            for wait in ("0", "1"):
                begin = time.monotonic()
                done = rig.tool("--list-objects", check=False,
                                WARDER_HOLDER_WAIT=wait)
                self.assertNotEqual(done.returncode, 0)
                took = time.monotonic() - begin
                self.assertLess(int(wait) - 0.1, took)
                self.assertLess(took, int(wait) + 5)
            key = rig.key("p256", "LATE")
            rig.start()
            rig.say("ready 0")
            slow = rig.popen("pkcs11-tool", "--module", rig.module,
                             "--list-objects", WARDER_HOLDER_WAIT="20")
            self.assertIsNone(slow.poll())
            time.sleep(0.3)
            rig.say("ready 1")
            self.assertIn(key.label.encode(), slow.communicate(timeout=20)[0])
        finally:
            rig.stop()

    @unittest.skipIf(is_sanitized(), "ssh-agent, being setgid, would load "
                     "the module without its runtime")
    def test_ssh_agent_signs(self):
        lines = self.rig.run("ssh-keygen", "-D", self.rig.module).stdout
        os.chmod(self.rig.file("askpass", "#!/bin/sh\necho\n"), 0o755)
        agent = os.path.join(self.rig.folder, "agent.sock")
        self.rig.popen("ssh-agent", "-D", "-a", agent, "-P",
                       self.rig.folder + "/*")
        wait_until("ssh-agent", lambda: os.path.exists(agent))
        env = {"SSH_AUTH_SOCK": agent, "DISPLAY": "none",
               "SSH_ASKPASS": os.path.join(self.rig.folder, "askpass"),
               "SSH_ASKPASS_REQUIRE": "force"}
        self.rig.run("ssh-add", "-s", self.rig.module, **env)
        lines = [x for x in lines.splitlines()
                 if x.startswith((b"ssh-rsa ", b"ecdsa-sha2-"))]
        self.assertGreaterEqual(len(lines), 2)
        for line in lines:
            public = self.rig.file("public.pub", line + b"\n")
            data = self.rig.file("data", os.urandom(1000))
            self.rig.run("ssh-keygen", "-Y", "sign", "-f", public, "-n",
                         "file", data, **env)
            with open(data, "rb") as f:
                self.rig.run("ssh-keygen", "-Y", "check-novalidate", "-n",
                             "file", "-s", data + ".sig", data=f.read())
            os.unlink(data + ".sig")

    @unittest.skipUnless(os.path.exists(ENGINE), "no engine for OpenSSL")
    def test_openssl_signs_by_the_engine(self):
        for label in ("RSAKEY", "ECKEY"):
            out = os.path.join(self.rig.folder, "request.pem")
            self.rig.run("openssl", "req", "-new", "-engine", "pkcs11",
                         "-keyform", "engine", "-subj", "/CN=x", "-key",
                         "pkcs11:token=warder;object=%s;type=private" % label,
                         "-out", out, OPENSSL_CONF=self.rig.openssl_conf())
            self.rig.run("openssl", "req", "-in", out, "-verify", "-noout")

    @unittest.skipUnless(shutil.which("keytool"), "no Java")
    def test_java_finds_keys_and_signs(self):
        conf = self.rig.file("java.cfg", "name = Warder\nlibrary = %s\n"
                             "slotListIndex = 0\n" % self.rig.module)
        store = ("-keystore", "NONE", "-storetype", "PKCS11", "-addprovider",
                 "SunPKCS11", "-providerArg", conf, "-storepass", "1234")
        for label in ("RSAKEY", "ECKEY"):
            out = os.path.join(self.rig.folder, "request.pem")
            self.rig.run("keytool", "-certreq", "-alias", label, "-file", out,
                         *store)
            self.rig.run("openssl", "req", "-in", out, "-verify", "-noout")

    def test_a_dropped_key_is_gone_and_cannot_sign(self):
        rig = Rig()
        try:
            key = rig.key("p256", "GONE")
            rig.start()
            self.assertIn(b"GONE", rig.tool("--list-objects").stdout)
            rig.say("drop " + key.id)
            self.assertNotIn(b"GONE", rig.tool("--list-objects").stdout)
        finally:
            rig.stop()

    def test_the_newest_version_is_found(self):
        rig = Rig()
        try:
            old = rig.key("p256", "KEY")
            new = rig.key("p256", "KEY", version=2, key_id=old.id)
            rig.start()
            out = os.path.join(rig.folder, "object")
            rig.tool("--read-object", "--type", "cert", "--label", "KEY",
                     "--output-file", out)
            pem = rig.run("openssl", "x509", "-inform", "der", "-in",
                          out).stdout
            with open(new.chain, "rb") as f:
                self.assertEqual(pem, f.read())
        finally:
            rig.stop()

    @unittest.skipUnless(is_root(), "needs root, to be other users")
    def test_users_see_what_they_may(self):
        rig = Rig()
        try:
            www = user_id("www-data")
            seen = rig.key("p256", "SEEN", see=[www], use=[])
            used = rig.key("p256", "USED", use=[www])
            rig.start()
            root = rig.tool("--list-objects").stdout
            self.assertIn(b"SEEN", root)
            self.assertIn(b"USED", root)
            out = rig.tool("--list-objects", user="www-data").stdout
            self.assertIn(b"SEEN", out)
            self.assertIn(b"USED", out)
            nobody = rig.tool("--list-objects", user="nobody").stdout
            self.assertNotIn(b"SEEN", nobody)
            self.assertNotIn(b"USED", nobody)
            sign = ("--sign", "--mechanism", "ECDSA-SHA256", "--input-file",
                    rig.file("data", b"x"), "--output-file", "/dev/null",
                    "--id")
            seen, used = seen.id.encode().hex(), used.id.encode().hex()
            rig.tool(*sign, used, user="www-data")
            done = rig.tool(*sign, seen, user="www-data", check=False)
            self.assertIn(b"CKR_KEY_FUNCTION_NOT_PERMITTED", done.stdout)
            done = rig.tool(*sign, used, check=False)
            self.assertIn(b"CKR_KEY_FUNCTION_NOT_PERMITTED", done.stdout)
            done = rig.tool(*sign, used, user="nobody", check=False)
            self.assertIn(b"Private key not found", done.stdout)
        finally:
            rig.stop()


if __name__ == "__main__":
    if is_sanitized() and not sanitizer_runtime():
        print("SKIPPED: no runtime of the sanitizer to load first")
        sys.exit(77)
    unittest.main(argv=sys.argv[:1])

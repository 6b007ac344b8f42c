"""The row of kind pkcs11 on a token of SoftHSM 2."""
import os
import shutil
import tempfile

from cryptography.hazmat.primitives import keywrap, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from hsm_rig import MODULE, Hsm
from row import Row


class Token(Hsm):
    """In a folder that .close() removes; .fail() has a module between that
    fails on command."""

    def __init__(self, shim=None, label="warder"):
        self.home = tempfile.mkdtemp(prefix="hsm-")
        super().__init__(self.home, label)
        self.shim = shim
        self.control = os.path.join(self.home, "control")

    def settings(self, through=False, **more):
        environment = "SOFTHSM2_CONF=" + self.conf
        if through:
            environment += " SHIM_MODULE=%s SHIM_FILE=%s" % (
                MODULE, self.control)
        return dict(dict(
            uri="pkcs11:token=%s?module-path=%s" % (
                self.label, self.shim if through else MODULE),
            pin_file=self.pin_file, environment=environment), **more)

    def row(self, program, **settings):
        return Row(program, "pkcs11", **self.settings(**settings))

    def fail(self, *lines):
        """What the module between does from now on; nothing: passes all."""
        with open(self.control + ".new", "w", encoding="ascii") as f:
            f.write("".join(line + "\n" for line in lines))
        os.rename(self.control + ".new", self.control)

    def calls(self, name):
        """How often the module between was called."""
        with open(self.control + ".calls", encoding="ascii") as f:
            return f.read().split("\n").count(name)

    def objects(self):
        return self.key_tool("--list-objects").stdout

    def close(self):
        shutil.rmtree(self.home)


def unwrap(key, data, sha1=True):
    """What the holder of KEY gets of what a token has wrapped."""
    size = key.key_size // 8
    digest = SHA1() if sha1 else SHA256()
    aes = key.decrypt(data[:size], padding.OAEP(
        padding.MGF1(digest), digest, None))
    got = keywrap.aes_key_unwrap_with_padding(aes, data[size:])
    # SoftHSM fills up what it wraps to eight bytes.
    return got[:length(got)] if got[0] == 0x30 and \
        0 < len(got) - length(got) < 8 else got


def length(der):
    """Of the DER element that these bytes begin with."""
    if der[1] < 0x80:
        return 2 + der[1]
    n = der[1] & 0x7f
    return 2 + n + int.from_bytes(der[2:2 + n], "big")


def spki(key):
    return key.public_key().public_bytes(
        serialization.Encoding.DER,
        serialization.PublicFormat.SubjectPublicKeyInfo)


def der(key):
    return key.private_bytes(serialization.Encoding.DER,
                             serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption())


def skip_loudly(name):
    if not os.path.exists(MODULE):
        print("SKIPPED: %s needs SoftHSM 2: apt-get install softhsm2 opensc"
              % name)
        raise SystemExit(77)


__all__ = ["MODULE", "Token", "der", "skip_loudly", "spki", "unwrap"]

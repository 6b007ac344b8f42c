"""A token of SoftHSM 2 in a folder of its own."""
import os
import subprocess

MODULE = "/usr/lib/softhsm/libsofthsm2.so"


class Hsm:
    def __init__(self, folder, label="warder"):
        self.folder, self.label = folder, label
        self.conf = os.path.join(folder, "softhsm2.conf")
        self.pin_file = os.path.join(folder, "pin")
        self.pin = str(int.from_bytes(os.urandom(4), "little") + 10 ** 9)
        os.makedirs(os.path.join(folder, "tokens"))
        with open(self.conf, "w", encoding="ascii") as f:
            f.write("directories.tokendir = %s/tokens\n"
                    "objectstore.backend = file\nlog.level = ERROR\n"
                    "slots.removable = false\n" % folder)
        self.write_pin(self.pin)
        self.tool("softhsm2-util", "--init-token", "--free", "--label", label,
                  "--pin", self.pin, "--so-pin", self.pin)

    def write_pin(self, pin):
        with open(os.open(self.pin_file, os.O_CREAT | os.O_TRUNC |
                          os.O_WRONLY, 0o600), "w", encoding="ascii") as f:
            f.write(pin + "\n")

    def tool(self, *command, check=True):
        env = dict(os.environ, SOFTHSM2_CONF=self.conf)
        return subprocess.run(command, env=env, check=check, timeout=60,
                              capture_output=True, text=True)

    def key_tool(self, *options, **more):
        return self.tool(
            "pkcs11-tool", "--module", MODULE, "--token-label", self.label,
            "--login", "--pin", self.pin, *options, **more)

    def uri(self, key="root", module=MODULE):
        return "pkcs11:token=%s;object=%s?module-path=%s&pin-source=file:%s" \
            % (self.label, key, module, self.pin_file)

    def options(self, *more, **names):
        """Those of warder init."""
        return ["--seal", "pkcs11", "--pkcs11", self.uri(**names),
                "--pkcs11-environment", "SOFTHSM2_CONF=" + self.conf, *more]

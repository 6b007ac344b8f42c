"""A whole server with backends of the kinds that only tests have: its keys are
files of a folder, and other files there say how it misbehaves (backend_rows.c).
"""
import os
import shutil
import sys

from whole import BUILD, Whole, wait_until

PROGRAMS = os.path.abspath(sys.argv[2]) if len(sys.argv) > 2 else None


class Folder(Whole):
    """With one backend, called `here`."""

    def __init__(self, conf="", kind="folder", **kw):
        self.keys, self.kind = None, kind
        super().__init__(config="", **kw)
        self.keys = self.path("keys")
        os.mkdir(self.keys)
        self.bin = self.path("bin")
        os.mkdir(self.bin)
        for name in os.listdir(self.build):
            source = os.path.join(self.build, name)
            if name.startswith("warder") and os.path.isfile(source):
                os.symlink(source, os.path.join(self.bin, name))
        for name in ("warderd", "warder-backend"):
            os.unlink(os.path.join(self.bin, name))
            shutil.copy(os.path.join(PROGRAMS, name), self.bin)
        self.add_backend("here", self.keys, conf)

    def program(self, name):
        # warderd looks for roles beside its own file, which must be no link.
        if name == "warderd" and self.keys:
            return os.path.join(self.bin, name)
        return super().program(name)

    def add_backend(self, name, folder, conf=""):
        self.add_config("[backend %s]" % name, "kind = " + self.kind,
                        "folder = " + folder, conf,
                        "" if "timeout_ms" in conf else "timeout_ms = 1000")

    def file(self, name):
        return os.path.join(self.keys, name)

    def put(self, name, data=b""):
        with open(self.file(name), "wb") as f:
            f.write(data)

    def get(self, name):
        with open(self.file(name), "rb") as f:
            return f.read()

    def drop(self, name):
        os.unlink(self.file(name))

    def calls(self, what=None):
        """What the backend was asked, in order."""
        if not os.path.exists(self.file("calls")):
            return []
        lines = self.get("calls").decode().splitlines()
        return [x for x in lines if what in (None, x.split()[0])]

    def create(self, *options, kind="aes-256", **kw):
        return self.warder("key", "create", "--kind", kind, "--backend",
                           "here", *options, **kw)

    def path_of(self, key):
        return "default/key/" + key["id"]


__all__ = ["BUILD", "Folder", "wait_until"]


class AttachesOurs:
    """For tests with a server and a policy: who may attach a key of ours."""

    def attach_as(self, rule, *args):
        """With a token of no more rights than to register, and RULE."""
        made = self.server.warder("token", "create", "--user", "some",
                                  "--rule", "keys:register", "--rule", rule)
        with open(self.server.path("some.token"), "w", encoding="utf-8") as f:
            f.write(made["token"])
        os.chmod(self.server.path("some.token"), 0o600)
        return self.server.run(
            "key", "attach", "--admin", self.server.socket, "--token-file",
            self.server.path("some.token"), "--policy", self.policy, *args,
            check=False)

    def only_who_may_change_its_policy(self, *args):
        done = self.attach_as("keys:retrieve", *args)
        self.assertEqual(done.returncode, 3, done)
        self.assertIn(b"keys:update", done.stderr)
        done = self.attach_as("keys:update", *args)
        self.assertEqual(done.returncode, 0, done)

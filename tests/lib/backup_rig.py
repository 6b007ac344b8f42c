"""A server that is restored from the backup of another one, in another place;
and what can be done to a backup before that.
"""
import hashlib
import io
import json
import os
import shutil
import tarfile

from server_rig import Server
from whole import BUILD, Whole

PASSPHRASE = "correct horse battery staple"


def backup(server, name="a.backup"):
    """Makes one of a running server: its path."""
    server.warder("backup", server.path(name), "--config",
                  server.path("warder.conf"))
    return server.path(name)


def opened_by(server):
    """The options that open a backup of SERVER, and standard input."""
    if server.passphrase is not None:
        return ["--passphrase-file", "-"], server.passphrase.encode()
    return ["--key-file", server.path("state/seal.key")], None


class Restored(Whole):
    """FIRST's backup FILE in a place of its own."""

    def __init__(self, first, file, log=None):
        self.first, self.file, self.old_log = first, file, log
        Server.__init__(self, BUILD, passphrase=first.passphrase, cells=None,
                        bounded=True)
        self.ca = self.path("tls.pem")
        self.fed = True  # collateral is in the backup

    def prepare(self):
        with open(self.first.path("warder.conf"), encoding="utf-8") as f:
            conf = f.read()
        conf = conf.replace(self.first.folder, self.folder)
        conf = conf.replace(":%d" % self.first.port, ":%d" % self.port)
        with open(self.path("warder.conf"), "w", encoding="utf-8") as f:
            f.write(conf)
        os.symlink(self.first.path("swtee"), self.path("swtee"))
        shutil.copy2(self.first.token_file, self.token_file)
        if self.old_log:
            shutil.copytree(self.old_log, self.path("state/log"))

    def restore_args(self, file=None):
        options, stdin = opened_by(self.first)
        return ["restore", file or self.file, "--config",
                self.path("warder.conf"), "--json"] + options, stdin

    def restore(self, file=None, check=True):
        args, stdin = self.restore_args(file)
        return self.run(*args, stdin=stdin, check=check)

    def init(self):
        self.prepare()
        self.said = json.loads(self.restore().stdout)
        self.release_key = self.said["release_key"]


class Empty(Restored):
    """The place, before anything was restored there."""

    def init(self):
        self.prepare()


# ---- what somebody may do to a backup

def members(path):
    """name -> bytes, in order."""
    with tarfile.open(path) as t:
        return {m.name: t.extractfile(m).read() for m in t.getmembers()}


def plain(name, size):
    info = tarfile.TarInfo(name)
    info.size, info.mode, info.mtime = size, 0o600, 1700000000
    return info


def write(path, files, header=plain):
    """An archive of these files as a backup has them."""
    with open(path, "wb") as f:
        for name, data in files.items():
            head = bytearray(header(name, len(data)).tobuf(
                tarfile.USTAR_FORMAT))
            # numbers as a backup has them: device numbers with zeros
            head[329:345] = b"0000000\0" * 2
            head[148:156] = b" " * 8
            head[148:156] = b"%06o\0 " % sum(head)
            f.write(head + data + bytes(-len(data) % 512))
        f.write(bytes(1024))
    return path


def honest_manifest(files):
    """FILES with a manifest that fits them; its MAC cannot."""
    manifest = json.loads(files["manifest.json"])
    for entry in manifest["files"]:
        data = files[entry["name"]]
        entry["size"] = len(data)
        entry["sha256"] = hashlib.sha256(data).hexdigest()
    text = json.dumps(manifest, separators=(",", ":"), sort_keys=True)
    return dict(files, **{"manifest.json": text.encode()})

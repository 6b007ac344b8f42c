"""A small guest for measured boot: Debian's own shim, GRUB and kernel, signed
as they come, and an initramfs with busybox and the agent of the build. What
comes from Debian is fetched once and kept in the build folder.
"""
import fcntl
import gzip
import hashlib
import os
import re
import shutil
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
FETCH_SECONDS = 120

# In the order in which they are loaded; names of files below /lib/modules.
MODULES = ("virtio_ring", "virtio", "virtio_pci_modern_dev",
           "virtio_pci_legacy_dev", "virtio_pci", "failover", "net_failover",
           "virtio_net")
SHIM = "usr/lib/shim/shimx64.efi.signed"
GRUB = "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed"
BUSYBOX = "bin/busybox"
PROGRAMS = ("warder-agent", "warder-link")


class Unavailable(Exception):
    """The parts of the guest cannot be had here."""


def run(*words, cwd=None, timeout=FETCH_SECONDS):
    try:
        done = subprocess.run(words, cwd=cwd, capture_output=True,
                              timeout=timeout)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise Unavailable(str(e)) from e
    if done.returncode != 0:
        raise Unavailable("%s: %s" % (
            words[0], done.stderr.decode(errors="replace")[-300:].strip()))
    return done.stdout.decode()


def packages():
    """scripts/packages.sh lists them; the kernel's is the newest there is."""
    with open(os.path.join(HERE, "../../../scripts/packages.sh"),
              encoding="utf-8") as f:
        names = re.search(r'packages_guest="([^"]*)"', f.read()).group(1)
    for name in names.split():
        if name.startswith("linux-image-"):
            found = re.findall(r"Depends: (linux-image-\d\S*)",
                               run("apt-cache", "depends", name))
            if not found:
                raise Unavailable("no package %s" % name)
            name = found[0]
        yield name


class Parts:
    """What comes from Debian, below .folder."""

    def __init__(self, build):
        self.folder = os.path.join(os.path.abspath(build), "measured-guest")
        lock = self.folder + ".lock"
        with open(lock, "w", encoding="utf-8") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            if not os.path.isdir(self.folder):
                self._fetch()
        self.kernel = self._find("boot", r"vmlinuz-")
        self.modules = {name: self._find("lib/modules", name + r"\.ko$")
                        for name in MODULES}

    def _fetch(self):
        made = tempfile.mkdtemp(dir=os.path.dirname(self.folder))
        try:
            os.chmod(made, 0o755)
            debs = os.path.join(made, "debs")
            os.mkdir(debs)
            run("apt-get", "download", *packages(), cwd=debs)
            for deb in sorted(os.listdir(debs)):
                run("dpkg", "-x", os.path.join(debs, deb), made)
            shutil.rmtree(debs)
            os.rename(made, self.folder)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise

    def _find(self, below, pattern):
        for folder, _, files in os.walk(os.path.join(self.folder, below)):
            for name in files:
                if re.match(pattern, name):
                    return os.path.join(folder, name)
        raise Unavailable("no %s in %s" % (pattern, self.folder))

    def path(self, name):
        return os.path.join(self.folder, name)


# ---- initramfs

def cpio(files):
    """An archive of {name: (mode, bytes)}, as the kernel unpacks it."""
    out = bytearray()

    def add(number, name, mode, data):
        head = [number, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0,
                len(name) + 1, 0]
        out.extend(b"070701" + b"".join(b"%08X" % v for v in head))
        out.extend(name.encode() + b"\0")
        out.extend(bytes(-len(out) % 4))
        out.extend(data)
        out.extend(bytes(-len(out) % 4))

    folders = set()
    for name in files:
        while "/" in name:
            name = name.rpartition("/")[0]
            folders.add(name)
    every = {name: (0o40755, b"") for name in folders}
    every.update(files)
    for number, (name, (mode, data)) in enumerate(sorted(every.items()), 1):
        add(number, name, mode, data)
    add(0, "TRAILER!!!", 0, b"")
    out.extend(bytes(-len(out) % 512))
    return bytes(out)


def content(path):
    with open(path, "rb") as f:
        return f.read()


def libraries(program):
    """Paths of the shared libraries of a program, its loader among them."""
    return set(re.findall(r"(/\S+) \(0x", run("ldd", program)))


def base_files(parts, build):
    files = {name: (0o40755, b"") for name in (
        "dev", "proc", "sys", "etc", "run", "tmp")}
    files["init"] = (0o100755, content(os.path.join(HERE, "init.sh")))
    files["bin/busybox"] = (0o100755, content(parts.path(BUSYBOX)))
    files["bin/sh"] = (0o120777, b"busybox")
    needed = set()
    for name in PROGRAMS:
        program = os.path.join(build, name)
        files["bin/" + name] = (0o100755, content(program))
        needed |= libraries(program)
    for path in needed:
        files[path.lstrip("/")] = (0o100755, content(path))
    for name in MODULES:
        files["lib/modules/%s.ko" % name] = (0o100644,
                                             content(parts.modules[name]))
    files["lib/modules/order"] = (
        0o100644, "".join("%s.ko\n" % m for m in MODULES).encode())
    return files


def initramfs(parts, build, more):
    """The whole of it, with files of the test's own ({name: bytes})."""
    base = cpio(base_files(parts, build))
    own = cpio({name: (0o100644, data) for name, data in more.items()})
    return packed(base, os.path.join(build, "measured-guest.initramfs")) + \
        gzip.compress(own, mtime=0)


def packed(base, kept):
    """Packing takes its time: KEPT has the digest of what was packed last,
    and that."""
    digest = hashlib.sha256(base).digest()
    if os.path.exists(kept) and content(kept)[:len(digest)] == digest:
        return content(kept)[len(digest):]
    data = gzip.compress(base, 6, mtime=0)
    with tempfile.NamedTemporaryFile(dir=os.path.dirname(kept),
                                     delete=False) as f:
        f.write(digest + data)
    os.rename(f.name, kept)
    return data


def esp(folder, parts, initrd):
    """The folder that the firmware sees as its system partition; what GRUB is
    to do is written before each boot."""
    for name, source in (("EFI/BOOT/BOOTX64.EFI", parts.path(SHIM)),
                         ("EFI/BOOT/grubx64.efi", parts.path(GRUB)),
                         ("vmlinuz", parts.kernel)):
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        shutil.copyfile(source, path)
    with open(os.path.join(folder, "initrd"), "wb") as f:
        f.write(initrd)


def configure(folder, command_line):
    path = os.path.join(folder, "EFI/debian/grub.cfg")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write("linux /vmlinuz %s\ninitrd /initrd\nboot\n" % command_line)

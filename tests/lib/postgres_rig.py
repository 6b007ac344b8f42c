"""A PostgreSQL of the test's own, on loopback and in a folder that it removes.
Root starts it as the user that its package has made."""
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time

DEADLINE = 60
FOLDERS = sorted(glob.glob("/usr/lib/postgresql/*/bin"))


def is_there():
    return bool(FOLDERS) and shutil.which("psql") is not None


class Postgres:
    def __init__(self, port):
        self.port, self.process = port, None
        self.folder = tempfile.mkdtemp(prefix="postgres-")
        self.password = os.urandom(16).hex()
        self.run = []
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres", "postgres")
            self.run = ["setpriv", "--reuid", "postgres", "--regid",
                        "postgres", "--clear-groups"]
        self.init()
        self.start()

    def path(self, name):
        return os.path.join(self.folder, name)

    def init(self):
        with open(self.path("pw"), "w", encoding="ascii") as f:
            f.write(self.password)
        subprocess.run(
            self.run + [FOLDERS[-1] + "/initdb", "-D", self.path("data"), "-A",
                        "scram-sha-256", "-U", "admin", "--pwfile",
                        self.path("pw"), "--no-sync", "--locale=C", "-E",
                        "UTF8"],
            check=True, capture_output=True, timeout=DEADLINE, cwd="/")

    def start(self):
        self.process = subprocess.Popen(
            self.run + [FOLDERS[-1] + "/postgres", "-D", self.path("data"),
                        "-c", "listen_addresses=127.0.0.1", "-c",
                        "port=%d" % self.port, "-c", "fsync=off", "-c",
                        "unix_socket_directories=" + self.folder],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, cwd="/")
        end = time.monotonic() + DEADLINE
        while self.ask("select 1").returncode != 0:
            assert time.monotonic() < end, "PostgreSQL does not start"
            time.sleep(0.05)

    def ask(self, sql, user="admin", password=None):
        return subprocess.run(
            ["psql", "-h", "127.0.0.1", "-p", str(self.port), "-U", user,
             "-d", "postgres", "-XAtc", sql], capture_output=True, text=True,
            timeout=DEADLINE, stdin=subprocess.DEVNULL,
            env=dict(os.environ, PGPASSWORD=password or self.password))

    def query(self, sql):
        run = self.ask(sql)
        assert run.returncode == 0, run.stderr
        return run.stdout.split()

    def close(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(DEADLINE)
        shutil.rmtree(self.folder, ignore_errors=True)

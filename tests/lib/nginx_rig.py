"""nginx with keys in the holder, through Debian's engine, or in files."""
import os
import signal
import socket
import subprocess
import tempfile

from holder_rig import ENGINE, is_root, is_sanitized, wait_until
from ports import free_port

NGINX = "/usr/sbin/nginx"
WORKER = "www-data"


def missing():
    """Why nginx cannot be tested here, or None."""
    for path in (NGINX, ENGINE, "/usr/bin/curl"):
        if not os.path.exists(path):
            return path + " is not there"
    if is_sanitized():
        return "nginx is tested with the ordinary module"
    return None


class Nginx:
    """One server per key; .ports by label. URIS may be files as well."""

    def __init__(self, rig, uris, http="", answer='200 "%s\\n"',
                 engine=True, log_level="info"):
        self.rig = rig
        self.engine = engine
        self.folder = tempfile.mkdtemp(dir=rig.folder)
        os.chmod(self.folder, 0o755)
        self.ports = {label: free_port() for label in uris}
        self.chains = {k.label: k.chain for k in rig.keys}
        self.log = os.path.join(self.folder, "error.log")
        servers = "".join(
            "server { listen 127.0.0.1:%d ssl; ssl_certificate %s;"
            ' ssl_certificate_key "%s"; return %s; }\n'
            % (self.ports[label], self.chains[label], key,
               answer % label if "%s" in answer else answer)
            for label, key in uris.items())
        temp = "".join("%s_temp_path %s/temp;\n" % (what, self.folder)
                       for what in ("client_body", "proxy", "fastcgi",
                                    "uwsgi", "scgi"))
        self.conf = rig.file(self.folder + "/nginx.conf", (
            "%sdaemon off; worker_processes 1; pid %s/nginx.pid;\n"
            "error_log %s %s;\nevents { worker_connections 64; }\n"
            "http { access_log off; ssl_session_tickets off;"
            " ssl_protocols TLSv1.2 TLSv1.3;\n%s%s%s}\n" % (
                "user %s;" % WORKER if is_root() else "", self.folder,
                self.log, log_level, http, temp, servers)))
        self.process = subprocess.Popen(
            self.command(), env=self.env(), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        rig.others.append(self.process)
        self.wait()

    def command(self, *more):
        return [NGINX, "-e", self.log, "-c", self.conf, *more]

    def env(self):
        if not self.engine:
            return self.rig.env()
        return self.rig.env(OPENSSL_CONF=self.rig.openssl_conf())

    def wait(self):
        def listens():
            assert self.process.poll() is None, self.errors()
            return all(self._can_connect(p) for p in self.ports.values())
        wait_until("nginx to listen", listens, 30)
        self.worker = wait_until("a worker", self._worker)

    @staticmethod
    def _can_connect(port):
        try:
            socket.create_connection(("127.0.0.1", port), 2).close()
        except OSError:
            return False
        return True

    def _worker(self):
        path = "/proc/%d/task/%d/children" % (self.process.pid,
                                              self.process.pid)
        with open(path, encoding="ascii") as f:
            pids = f.read().split()
        return int(pids[0]) if len(pids) == 1 else None

    def errors(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def fetch(self, label, *more):
        """What curl says, its certificate check included."""
        return subprocess.run(
            ["curl", "--silent", "--show-error", "--noproxy", "*",
             "--max-time", "10", "--cacert", self.chains[label],
             "https://localhost:%d/" % self.ports[label],
             "--resolve", "localhost:%d:127.0.0.1" % self.ports[label],
             *more], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            timeout=20)

    def works(self, label, *more):
        return self.fetch(label, *more).stdout.decode() == label + "\n"

    def reload(self):
        """SIGHUP; back when another worker serves."""
        old = self.worker
        self.process.send_signal(signal.SIGHUP)
        self.worker = wait_until(
            "a new worker", lambda: self._other_worker(old), 20)

    def _other_worker(self, old):
        pid = self._worker()
        return pid if pid != old else None


def uri(label, token="warder", more=""):
    return "engine:pkcs11:pkcs11:token=%s;object=%s;type=private%s" % (
        token, label, more)

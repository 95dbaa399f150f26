"""Throw-away servers, and sessions on them by libpq itself: no package besides Python is needed."""
import ctypes
import glob
import os
import re
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SERVERS = os.path.join(ROOT, "test", "support", "servers")
MASTER_PASSWORD = "m4ster-s3cret-pw"
SOURCE_PASSWORD = "s0urce-s3cret-pw"

libpq = ctypes.CDLL("libpq.so.5")
libpq.PQconnectdb.restype = ctypes.c_void_p
libpq.PQexec.restype = ctypes.c_void_p
for name in ("PQerrorMessage", "PQgetvalue", "PQresultErrorMessage", "PQresultErrorField"):
    getattr(libpq, name).restype = ctypes.c_char_p
silence = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_char_p)(lambda _, message: None)
TUPLES_OK, COMMAND_OK, EMPTY_QUERY = 2, 1, 0
SQLSTATE = ord("C")


class SqlError(Exception):
    def __init__(self, message, sqlstate, lost):
        super().__init__(message.strip())
        self.sqlstate, self.lost = sqlstate, lost


class Session:
    def __init__(self, conninfo):
        self.handle = ctypes.c_void_p(libpq.PQconnectdb(conninfo.encode()))
        if libpq.PQstatus(self.handle) != 0:
            text = libpq.PQerrorMessage(self.handle).decode(errors="replace")
            self.close()
            raise SqlError(text, "08001", True)
        libpq.PQsetNoticeProcessor(self.handle, silence, None)

    def query(self, sql):
        result = ctypes.c_void_p(libpq.PQexec(self.handle, sql.encode()))
        try:
            if libpq.PQresultStatus(result) not in (TUPLES_OK, COMMAND_OK, EMPTY_QUERY):
                message = (libpq.PQresultErrorMessage(result) or libpq.PQerrorMessage(self.handle) or b"").decode(errors="replace")
                state = (libpq.PQresultErrorField(result, SQLSTATE) or b"").decode()
                lost = libpq.PQstatus(self.handle) != 0
                if not lost:
                    libpq.PQclear(ctypes.c_void_p(libpq.PQexec(self.handle, b"ROLLBACK")))
                raise SqlError(message, state, lost)
            return [[libpq.PQgetvalue(result, row, column).decode(errors="replace")
                     for column in range(libpq.PQnfields(result))] for row in range(libpq.PQntuples(result))]
        finally:
            libpq.PQclear(result)

    def close(self):
        if self.handle:
            libpq.PQfinish(self.handle)
            self.handle = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def servers(*arguments, **more):
    return subprocess.run([SERVERS, *arguments], check=True, stdout=subprocess.PIPE, text=True, **more).stdout.strip()


class Server:
    """A cluster, on a file system of its own where one can be mounted (so that a disk can be full)."""

    def __init__(self, side, directory, settings, disk_megabytes=0, clock=None, address=None):
        self.side, self.directory, self.disk, self.clock = side, os.path.join(directory, side), False, clock
        tree = os.environ.get("PG_AIRLIFT_%s_TREE" % side.upper()) or servers("tree", side, os.path.join(directory, side + "_tree"))
        self.bindir = tree.splitlines()[-1]
        text = subprocess.run([os.path.join(self.bindir, "postgres"), "--version"], check=True, stdout=subprocess.PIPE, text=True).stdout
        self.major = int(re.search(r"(\d+)", text).group(1))
        self.more_timeouts = "".join(" -c %s=0" % name for since, name in ((14, "idle_session_timeout"), (17, "transaction_timeout"))
                                     if self.major >= since)
        os.makedirs(self.directory)
        if disk_megabytes and os.geteuid() == 0:
            self.disk = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=%dm,mode=755" % disk_megabytes, "tmpfs", self.directory],
                                       stderr=subprocess.DEVNULL).returncode == 0
        if address:
            settings = [*settings, "listen_addresses=127.0.0.1,%s" % address]
        servers("init", self.bindir, self.directory, *settings)
        if address:
            with open(os.path.join(self.directory, "data", "pg_hba.conf"), "a") as file:
                file.write("host all all 10.213.0.0/16 scram-sha-256\n")
        self.start()
        if side == "target":
            servers("managed", self.directory, MASTER_PASSWORD)
        else:
            self.query("postgres", "ALTER ROLE postgres PASSWORD '%s'" % SOURCE_PASSWORD)

    @property
    def port(self):
        with open(os.path.join(self.directory, "port")) as file:
            return int(file.read())

    def start(self):
        servers("start", self.directory, env={**os.environ, **(self.clock.environment if self.clock else {})})

    def stop(self, mode):
        servers("stop", self.directory, mode)

    def is_running(self):
        return os.path.exists(os.path.join(self.directory, "data", "postmaster.pid")) and self.answers()

    def answers(self):
        try:
            self.query("postgres", "SELECT 1")
            return True
        except SqlError:
            return False

    def ensure_up(self, patience=60):
        """After a crash the postmaster comes back by itself; one that ended is started."""
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            if self.answers():
                return
            try:
                with open(os.path.join(self.directory, "data", "postmaster.pid")) as file:
                    pid = int(file.readline())
                os.kill(pid, 0)
            except (OSError, ValueError):
                try:
                    self.start()
                except subprocess.CalledProcessError:
                    pass
            time.sleep(0.2)
        raise RuntimeError("%s does not come up" % self.side)

    def destroy(self):
        try:
            self.stop("immediate")
        except subprocess.CalledProcessError:
            pass
        if self.disk:
            subprocess.run(["umount", self.directory])

    def temporary_files(self):
        return glob.glob(os.path.join(self.directory, "data", "base", "pgsql_tmp", "*"))

    def superuser(self, database):
        return ("host=%s/socket port=%d user=postgres dbname=%s connect_timeout=10 options='-c statement_timeout=0 -c lock_timeout=0 "
                "-c idle_in_transaction_session_timeout=0%s'" % (self.directory, self.port, database, self.more_timeouts))

    def query(self, database, sql):
        with Session(self.superuser(database)) as session:
            return session.query(sql)

    def value(self, database, sql):
        return self.query(database, sql)[0][0]

    def psql(self, database, script, *options):
        return subprocess.run([os.path.join(self.bindir, "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", *options, "-d", self.superuser(database)],
                              input=script, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=True).stdout

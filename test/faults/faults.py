"""The table of faults. Each is a function that does harm to a running command and returns what mends it, or None.

`stage` has: source, target (Server), database, helper and worker (processes; worker may be None), helper_clock,
to_source, to_target, between, back (Proxy), network (Namespace), random."""
import os
import signal
import threading
import time

from postgres import Session, SqlError


def send(*signals):
    def harm(stage):
        for number in signals:
            stage.helper.send_signal(number)
            time.sleep(0.05 if len(signals) > 1 else 0)
    return harm


def to_worker(number):
    """To the process of `pg_airlift worker`, when it is in the midst of a task where it can be met there."""
    def harm(stage):
        deadline = time.monotonic() + 1
        while time.monotonic() < deadline and stage.worker.poll() is None:
            try:
                if stage.target.query("postgres", "SELECT 1 FROM pg_stat_activity WHERE datname = '%s' AND state <> 'idle' "
                                                  "AND application_name LIKE 'pg\\_airlift worker%%'" % stage.database):
                    break
            except SqlError:
                pass
            time.sleep(0.005)
        if stage.worker.poll() is None:
            stage.worker.send_signal(number)
    return harm


def end_sessions(side, condition, all_of_them=True):
    def harm(stage):
        server = getattr(stage, side)
        server.query(stage.database, "SELECT pg_terminate_backend(pid) FROM (SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND (%s)"
                                     " ORDER BY random() %s) victim" % (condition, "" if all_of_them else "LIMIT 1"))
    return harm


OURS = "application_name LIKE 'pg\\_airlift%' AND backend_type = 'client backend'"


def kill_backend(side):
    def harm(stage):
        server = getattr(stage, side)
        rows = server.query("postgres", "SELECT pid FROM pg_stat_activity WHERE backend_type IN ('client backend', 'walsender', "
                                        "'logical replication worker') AND pid <> pg_backend_pid() AND datname = '%s' ORDER BY random() LIMIT 1" % stage.database)
        for row in rows:
            os.kill(int(row[0]), signal.SIGKILL)
        return server.ensure_up
    return harm


def restart(side, mode):
    def harm(stage):
        server = getattr(stage, side)
        pause = stage.random.choice([0, 0, 1, 3, 10])
        try:
            server.stop(mode)
        finally:
            time.sleep(pause)
            server.ensure_up()
    return harm


def cut(link, loses, lasts=(1, 2, 5, 12, 30)):
    def harm(stage):
        proxy = getattr(stage, link)
        proxy.stall()
        seconds = stage.random.choice(lasts)

        def mend():
            if seconds is not None:
                time.sleep(seconds)
            proxy.mend() if loses else proxy.resume()
        mend.at_the_end = seconds is None
        return mend
    return harm


def lose(side):
    """Every packet between the helper and that side, for a while or until the command has given up."""
    def harm(stage):
        stage.network.lose(side)
        seconds = stage.random.choice([3, 15, 60, None, None])

        def mend():
            if seconds is not None:
                time.sleep(seconds)
            stage.network.mend(side)
        mend.at_the_end = seconds is None
        return mend
    return harm


def step_clock(whose, steps):
    """There is no stepping back afterwards."""
    def harm(stage):
        clock = stage.helper_clock if whose == "helper" else getattr(stage, whose).clock
        clock.step(stage.random.choice(steps))
    return harm


def fill_disk(stage):
    server = stage.target
    if not server.disk:
        return None
    path = os.path.join(server.directory, "filler")
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            pass

    def mend():
        time.sleep(stage.random.choice([0.5, 2, 4]))
        os.unlink(path)
        server.ensure_up()
    return mend


def exhaust(side):
    def harm(stage):
        server, sessions = getattr(stage, side), []
        try:
            while len(sessions) < 200:
                sessions.append(Session(server.superuser("postgres")))
        except SqlError:
            pass

        def mend():
            time.sleep(stage.random.choice([1, 3]))
            for session in sessions:
                session.close()
        return mend
    return harm


LOW_TIMEOUTS = [(0, "statement_timeout = '50ms'"), (0, "lock_timeout = '20ms'"), (0, "idle_in_transaction_session_timeout = '30ms'"),
                (14, "idle_session_timeout = '30ms'"), (17, "transaction_timeout = '50ms'")]


def low_timeouts(stage):
    roles = {"source": "postgres", "target": "master"}
    for side, role in roles.items():
        for since, setting in LOW_TIMEOUTS:
            if getattr(stage, side).major >= since:
                getattr(stage, side).query("postgres", "ALTER ROLE %s SET %s" % (role, setting))

    def mend():
        for side, role in roles.items():
            getattr(stage, side).query("postgres", "ALTER ROLE %s RESET ALL" % role)
    mend.at_the_end = True
    return mend


def long_transaction(side):
    def harm(stage):
        session = Session(getattr(stage, side).superuser(stage.database))
        try:
            session.query("BEGIN; SELECT pg_current_xact_id()")
        except SqlError:
            session.close()
            return None
        seconds = stage.random.choice([1, 4, 8])

        def mend():
            time.sleep(seconds)
            session.close()
        return mend
    return harm


def ddl(side):
    """Definitions that come and go; each waits for its lock only briefly."""
    def harm(stage):
        statements = ["CREATE TABLE shop.passing (a int)", "DROP TABLE shop.passing", "CREATE INDEX passing ON shop.doc (id)",
                      "DROP INDEX shop.passing", "ALTER TABLE shop.doc ALTER COLUMN body SET STATISTICS 100", "ANALYZE"]
        for statement in statements:
            try:
                with Session(getattr(stage, side).superuser(stage.database)) as session:
                    session.query("SET lock_timeout = '500ms'")
                    session.query(statement)
            except SqlError:
                pass

        def mend():
            for statement in statements[1:4:2]:
                try:
                    getattr(stage, side).query(stage.database, statement)
                except SqlError:
                    pass
        return mend
    return harm


# The network between the servers may be gone until the command has given up.
BETWEEN = (1, 2, 5, 12, 30, 60, None)

FAULTS = {
    "kill": send(signal.SIGKILL),
    "interrupt": send(signal.SIGINT),
    "interrupt-twice": send(signal.SIGINT, signal.SIGCONT, signal.SIGINT),
    "terminate": send(signal.SIGTERM),
    "hang-up": send(signal.SIGHUP),
    "pipe": send(signal.SIGPIPE),
    "worker-kill": to_worker(signal.SIGKILL),
    "worker-interrupt": to_worker(signal.SIGINT),
    "source-session": end_sessions("source", OURS, False),
    "target-session": end_sessions("target", OURS, False),
    "source-sessions": end_sessions("source", OURS),
    "target-sessions": end_sessions("target", OURS),
    "snapshot-holder": end_sessions("source", "backend_type LIKE '%airlift%' OR application_name LIKE 'pg\\_airlift snapshot%'"),
    "wal-sender": end_sessions("source", "backend_type = 'walsender'"),
    "apply-worker": end_sessions("target", "backend_type LIKE 'logical replication%'"),
    "kill-source-backend": kill_backend("source"),
    "kill-target-backend": kill_backend("target"),
    "source-fast": restart("source", "fast"),
    "source-immediate": restart("source", "immediate"),
    "target-fast": restart("target", "fast"),
    "target-immediate": restart("target", "immediate"),
    "cut-source": cut("to_source", True),
    "cut-target": cut("to_target", True),
    "cut-between": cut("between", True, BETWEEN),
    "cut-back": cut("back", True, BETWEEN),
    "stall-source": cut("to_source", False),
    "stall-target": cut("to_target", False),
    "stall-between": cut("between", False, BETWEEN),
    "lost-source": lose("source"),
    "lost-target": lose("target"),
    "clock-helper": step_clock("helper", [-86400, -3600, -30, 30, 3600, 86400 * 40]),
    # A launcher starts no worker before the time at which it started the last one has come again: not far back.
    "clock-source": step_clock("source", [-20, -5, 30, 3600, 86400]),
    "clock-target": step_clock("target", [-20, -5, 30, 3600, 86400]),
    "disk-full": fill_disk,
    "source-connections": exhaust("source"),
    "target-connections": exhaust("target"),
    "low-timeouts": low_timeouts,
    "long-transaction-source": long_transaction("source"),
    "long-transaction-target": long_transaction("target"),
    "ddl-source": ddl("source"),
    "ddl-target": ddl("target"),
}

# After these the command is expected to go on as if nothing had been.
HARMLESS = {"pipe", "worker-kill", "worker-interrupt"}

# Where they can be done at all.
ONLY_FOR = {
    "worker-kill": ("load", "cdc"),
    "worker-interrupt": ("load", "cdc"),
    "cut-back": ("cutover", "fallback"),
}


def mend_later(mend):
    thread = threading.Thread(target=mend, daemon=True)
    thread.start()
    return thread

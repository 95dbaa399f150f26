"""The table of faults. Each is a function that does harm to a running command and returns what mends it, or None.

`stage` has: source, target (Server), database, helper (the process), to_source, to_target, between (Proxy), random."""
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
        pause = stage.random.choice([0, 0, 1, 3])
        try:
            server.stop(mode)
        finally:
            time.sleep(pause)
            server.ensure_up()
    return harm


def cut(link, loses):
    def harm(stage):
        proxy = getattr(stage, link)
        proxy.stall()
        seconds = stage.random.choice([1, 2, 5, 12])

        def mend():
            time.sleep(seconds)
            proxy.mend() if loses else proxy.resume()
        return mend
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


def low_timeouts(stage):
    settings = ["statement_timeout = '50ms'", "lock_timeout = '20ms'", "idle_in_transaction_session_timeout = '30ms'"]
    roles = {"source": "postgres", "target": "master"}
    for side, role in roles.items():
        for setting in settings:
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


FAULTS = {
    "kill": send(signal.SIGKILL),
    "interrupt": send(signal.SIGINT),
    "interrupt-twice": send(signal.SIGINT, signal.SIGCONT, signal.SIGINT),
    "terminate": send(signal.SIGTERM),
    "hang-up": send(signal.SIGHUP),
    "pipe": send(signal.SIGPIPE),
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
    "cut-between": cut("between", True),
    "stall-source": cut("to_source", False),
    "stall-target": cut("to_target", False),
    "stall-between": cut("between", False),
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
HARMLESS = {"pipe"}


def mend_later(mend):
    thread = threading.Thread(target=mend, daemon=True)
    thread.start()
    return thread

"""The application: a schema, and numbered transactions that each have the same effect wherever they run.

The writer goes to the side that lets it write. It remembers what was acknowledged, so that a lost transaction, or two
sides that both take writes, is found at once."""
import hashlib
import threading
import time

from postgres import Session, SqlError

SCHEMA = r'''
CREATE SCHEMA shop;
CREATE TABLE shop.account (id int PRIMARY KEY, balance bigint NOT NULL, version int NOT NULL DEFAULT 0, note text);
CREATE TABLE shop.doc (id int PRIMARY KEY, body text NOT NULL, meta jsonb);
ALTER TABLE shop.doc ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE TABLE shop.ledger (n bigint PRIMARY KEY, nonce text NOT NULL, account int NOT NULL REFERENCES shop.account, amount numeric);
CREATE TABLE shop.part (id int, region int, v text, PRIMARY KEY (id, region)) PARTITION BY RANGE (region);
CREATE TABLE shop.part_low PARTITION OF shop.part FOR VALUES FROM (0) TO (5);
CREATE TABLE shop.part_high PARTITION OF shop.part FOR VALUES FROM (5) TO (10);
CREATE TABLE shop.keyless (a int, b text);
ALTER TABLE shop.keyless REPLICA IDENTITY FULL;
CREATE TABLE shop."Still ""quoted""" (id int PRIMARY KEY, v text, w timestamptz, x double precision, y numeric);
CREATE TABLE shop.empty (id int PRIMARY KEY);
CREATE SEQUENCE shop.number INCREMENT 3;
CREATE VIEW shop.rich AS SELECT * FROM shop.account WHERE balance > 1000;
CREATE MATERIALIZED VIEW shop.total AS SELECT region, count(*) AS parts FROM shop.part GROUP BY region;
INSERT INTO shop.account SELECT g, 1000, 0, 'account ' || g FROM generate_series(1, 1000) g;
INSERT INTO shop.doc SELECT g, (SELECT string_agg(md5((g * 1000 + i)::text), '') FROM generate_series(1, 200) i),
  jsonb_build_object('g', g) FROM generate_series(1, 400) g;
INSERT INTO shop.part SELECT g, g % 10, md5(g::text) FROM generate_series(1, 6000) g;
INSERT INTO shop.keyless SELECT g % 200, md5(g::text) FROM generate_series(1, 800) g;
INSERT INTO shop."Still ""quoted""" SELECT g, repeat(md5(g::text), 3), '2020-01-01'::timestamptz + g * interval '1 minute', g / 7.0, g * 1.10
  FROM generate_series(1, 40000) g;
CREATE INDEX ON shop."Still ""quoted""" (v);
CREATE INDEX ON shop.part (v);
CREATE INDEX ON shop.ledger (account);
REFRESH MATERIALIZED VIEW shop.total;
SELECT setval('shop.number', 301);
SELECT lo_from_bytea(4711, decode(repeat('0123456789abcdef', 5000), 'hex'));
ANALYZE;
'''

TABLES = ['shop.account', 'shop.doc', 'shop.ledger', 'shop.part', 'shop.keyless', 'shop."Still ""quoted"""', 'shop.empty']


def transaction(seed, n, nonce):
    h = int(hashlib.md5(("%d/%d" % (seed, n)).encode()).hexdigest(), 16)
    a, b, amount = h % 1000 + 1, (h >> 16) % 1000 + 1, (h >> 32) % 90
    sql = ["UPDATE shop.account SET balance = balance - %d, version = version + 1 WHERE id = %d" % (amount, a),
           "UPDATE shop.account SET balance = balance + %d, version = version + 1 WHERE id = %d" % (amount, b),
           "INSERT INTO shop.ledger VALUES (%d, '%s', %d, %d.25)" % (n, nonce, a, amount)]
    kind = (h >> 48) % 6
    if kind == 0:
        sql.append("INSERT INTO shop.doc VALUES (%d, repeat(md5('%d'), %d), '{}')" % (100000 + n, n, h % 3000))
    elif kind == 1:
        sql.append("UPDATE shop.doc SET meta = '{\"n\": %d}' WHERE id = %d" % (n, h % 400 + 1))
    elif kind == 2:
        sql.append("UPDATE shop.part SET region = (region + 3) %% 10, v = '%d' WHERE id = %d" % (n, h % 6000 + 1))
    elif kind == 3:
        sql.append("INSERT INTO shop.keyless VALUES (%d, 'n%d'); DELETE FROM shop.keyless WHERE a = %d" % (1000 + n % 50, n, h % 200))
    elif kind == 4:
        sql.append("DELETE FROM shop.doc WHERE id = %d" % (100000 + h % max(n, 1)))
    else:
        sql.append("UPDATE shop.\"Still \"\"quoted\"\"\" SET v = 'n%d' WHERE id = %d" % (n, h % 40000 + 1))
    return "BEGIN; %s; COMMIT" % "; ".join(sql)


class Writer(threading.Thread):
    def __init__(self, seed, database, source, target, pause):
        super().__init__(daemon=True)
        self.seed, self.database, self.servers, self.pause = seed, database, {"source": source, "target": target}, pause
        self.sides, self.side, self.switches = ["source"], "source", 0
        self.acknowledged, self.statements, self.attempts = {}, {}, 0
        self.pending, self.over, self.resting = {}, False, threading.Event()
        self.may_run = threading.Event()
        self.may_run.set()

    def run(self):
        at = 0
        while not self.over:
            if not self.may_run.is_set():
                self.resting.set()
                self.may_run.wait(0.1)
                continue
            self.resting.clear()
            side = self.sides[at % len(self.sides)]
            at += 1
            try:
                with Session(self.servers[side].superuser(self.database)) as session:
                    self.write(session, side)
            except (SqlError, OSError, ValueError):
                pass
            time.sleep(0.05)

    def write(self, session, side):
        self.check(session, side)
        while not self.over and self.may_run.is_set():
            n = max(self.acknowledged, default=0) + 1
            self.attempts += 1
            nonce = "%d-%s-%d" % (n, side, self.attempts)
            sql = transaction(self.seed, n, nonce)
            try:
                session.query("SET search_path = shop")
                self.pending[nonce] = (n, sql)
                session.query(sql)
            except SqlError as error:
                if error.lost:
                    raise
                self.pending.pop(nonce, None)
                return
            self.acknowledge(side, n, nonce, sql)
            time.sleep(self.pause)

    def acknowledge(self, side, n, nonce, sql):
        self.pending.clear()
        self.acknowledged[n], self.statements[n] = nonce, sql
        if side != self.side:
            self.side, self.switches = side, self.switches + 1

    def check(self, session, side):
        """What an interrupted commit came to."""
        for nonce, (n, sql) in list(self.pending.items()):
            if session.query("SELECT 1 FROM shop.ledger WHERE n = %d AND nonce = '%s'" % (n, nonce)):
                self.acknowledge(self.side, n, nonce, sql)
                return

    def rest(self):
        self.may_run.clear()
        if self.is_alive():
            self.resting.wait(30)

    def settle(self):
        """An interrupted commit counts as what it came to, once its server is up."""
        with Session(self.servers[self.side].superuser(self.database)) as session:
            self.check(session, self.side)

    def go_on(self):
        self.resting.clear()
        self.may_run.set()

    def end(self):
        self.over = True
        self.may_run.set()
        if self.is_alive():
            self.join(30)

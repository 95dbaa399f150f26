-- A snapshot whose worker is cancelled has gone; the server stays.
SELECT id AS held FROM airlift.hold_snapshot() \gset
SELECT count(*) FROM airlift.held_snapshots() WHERE id = :held;
SELECT pg_cancel_backend(:held);
DO $$
BEGIN
    FOR i IN 1..600 LOOP
        EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE backend_type = 'pg_airlift held snapshot');
        PERFORM pg_sleep(0.1), pg_stat_clear_snapshot();
    END LOOP;
END
$$;
SELECT count(*) FROM airlift.held_snapshots();
SELECT airlift.release_snapshot(:held);

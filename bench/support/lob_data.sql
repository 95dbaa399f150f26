-- Six tables with LOB data, in a database that is empty but for extensions. :scale is 1 for about 1.3 GB.
--
-- Three have values of 8 kB to 256 kB: files (bytea that does not compress), articles (text that does) and documents
-- (jsonb). Three are narrow: customers, orders and order_lines, with keys, secondary indexes and foreign keys.
SELECT setseed(0.25);

-- What the large values are cut from: 64 pieces of 512 kB of each sort, kept uncompressed so that cutting is cheap.
CREATE TEMPORARY TABLE pool (piece int, noise bytea, prose text);
ALTER TABLE pool ALTER noise SET STORAGE EXTERNAL, ALTER prose SET STORAGE EXTERNAL;
INSERT INTO pool
SELECT piece, (SELECT string_agg(sha256(int8send(piece * 100000 + i)), '') FROM generate_series(1, 16384) AS i),
       (SELECT substr(string_agg(CASE WHEN i % 3 = 0 THEN md5((piece * 100000 + i)::text)
                                      ELSE (ARRAY['the', 'managed', 'server', 'takes', 'every', 'row', 'of', 'a', 'large',
                                                  'database', 'and', 'proves', 'it'])[1 + (i * 7 + piece * i) % 13] END,
                                 ' '), 1, 524288)
        FROM generate_series(1, 40000) AS i)
FROM generate_series(0, 63) AS piece;

CREATE TABLE files (file_id bigint PRIMARY KEY, name text NOT NULL, uploaded_at timestamptz NOT NULL, content bytea);
INSERT INTO files
SELECT i, 'file-' || i || '.bin', timestamptz '2026-01-01' + i * interval '1 minute',
       substr(noise, (random() * 200000)::int, 8192 + (random() * random() * 253952)::int)
FROM generate_series(1, (:scale * 5500)::int) AS i JOIN pool ON piece = i % 64;

CREATE TABLE articles (article_id bigint PRIMARY KEY, title text NOT NULL, body text);
INSERT INTO articles
SELECT i, 'article number ' || i, substr(prose, (random() * 200000)::int, 8192 + (random() * random() * 253952)::int)
FROM generate_series(1, (:scale * 4500)::int) AS i JOIN pool ON piece = i % 64;

CREATE TABLE documents (document_id bigint PRIMARY KEY, kind text NOT NULL, content jsonb NOT NULL);
INSERT INTO documents
SELECT i, 'kind ' || i % 7,
       jsonb_build_object('id', i, 'tags', jsonb_build_array('a', 'b', i % 10), 'items',
         (SELECT jsonb_agg(jsonb_build_object('sku', md5((i * 1000 + k)::text), 'quantity', k % 9, 'price', k * 1.25,
                                              'note', 'position ' || k || ' of document ' || i, 'checked', k % 2 = 0))
          FROM generate_series(1, 80 + i % 400) AS k))
FROM generate_series(1, (:scale * 4000)::int) AS i;
CREATE INDEX documents_kind ON documents (kind);

CREATE TABLE customers (customer_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE,
                        name text NOT NULL, joined_on date NOT NULL, balance numeric(12, 2) NOT NULL);
INSERT INTO customers (email, name, joined_on, balance)
SELECT 'customer' || i || '@example.com', 'Customer ' || md5(i::text), date '2020-01-01' + i % 2000, i % 100000 / 7.0
FROM generate_series(1, (:scale * 300000)::int) AS i;
CREATE INDEX customers_name ON customers (name);

CREATE TABLE orders (order_id bigint PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers,
                     ordered_at timestamptz NOT NULL, status smallint NOT NULL, note text);
INSERT INTO orders
SELECT i, 1 + i * 7919 % (:scale * 300000)::int, timestamptz '2026-01-01' + i * interval '11 seconds', i % 5,
       CASE WHEN i % 4 = 0 THEN 'please ring twice, order ' || i END
FROM generate_series(1, (:scale * 1200000)::bigint) AS i;
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_time ON orders (ordered_at);

CREATE TABLE order_lines (order_id bigint REFERENCES orders, line int, product int NOT NULL, quantity int NOT NULL,
                          price numeric(10, 2) NOT NULL, PRIMARY KEY (order_id, line));
INSERT INTO order_lines
SELECT 1 + i / 3, i % 3, (i * 104729 % 50000)::int, (1 + i % 9)::int, (i % 10000) / 100.0
FROM generate_series(0, (:scale * 3600000)::bigint - 1) AS i;
CREATE INDEX order_lines_product ON order_lines (product);

VACUUM (FREEZE, ANALYZE);

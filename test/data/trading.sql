-- A company that trades, in the shape of the well-known sample database: orders of customers for products of suppliers,
-- sold by employees. Every row is made up here.
CREATE TABLE region (region_id smallint PRIMARY KEY, region_description varchar(60) NOT NULL);
CREATE TABLE territories (territory_id varchar(20) PRIMARY KEY, territory_description varchar(60) NOT NULL,
  region_id smallint NOT NULL REFERENCES region);
CREATE TABLE us_states (state_id smallint PRIMARY KEY, state_name varchar(100), state_abbr varchar(2));
CREATE TABLE categories (category_id smallint PRIMARY KEY, category_name varchar(15) NOT NULL, description text,
  picture bytea);
CREATE TABLE suppliers (supplier_id smallint PRIMARY KEY, company_name varchar(40) NOT NULL, country varchar(15),
  homepage text);
CREATE TABLE products (product_id smallint PRIMARY KEY, product_name varchar(40) NOT NULL,
  supplier_id smallint REFERENCES suppliers, category_id smallint REFERENCES categories, unit_price real,
  units_in_stock smallint, discontinued integer NOT NULL);
CREATE TABLE employees (employee_id smallint PRIMARY KEY, last_name varchar(20) NOT NULL, first_name varchar(10) NOT NULL,
  birth_date date, photo bytea, notes text, reports_to smallint REFERENCES employees, photo_path varchar(255));
CREATE TABLE employee_territories (employee_id smallint NOT NULL REFERENCES employees,
  territory_id varchar(20) NOT NULL REFERENCES territories, PRIMARY KEY (employee_id, territory_id));
CREATE TABLE shippers (shipper_id smallint PRIMARY KEY, company_name varchar(40) NOT NULL, phone varchar(24));
CREATE TABLE customers (customer_id varchar(5) PRIMARY KEY, company_name varchar(40) NOT NULL, city varchar(15),
  country varchar(15), phone varchar(24));
CREATE TABLE customer_demographics (customer_type_id varchar(5) PRIMARY KEY, customer_desc text);
CREATE TABLE customer_customer_demo (customer_id varchar(5) NOT NULL REFERENCES customers,
  customer_type_id varchar(5) NOT NULL REFERENCES customer_demographics, PRIMARY KEY (customer_id, customer_type_id));
CREATE TABLE orders (order_id serial PRIMARY KEY, customer_id varchar(5) REFERENCES customers,
  employee_id smallint REFERENCES employees, order_date date, shipped_date date, ship_via smallint REFERENCES shippers,
  freight real, ship_country varchar(15));
CREATE TABLE order_details (order_id int NOT NULL REFERENCES orders, product_id smallint NOT NULL REFERENCES products,
  unit_price real NOT NULL, quantity smallint NOT NULL, discount real NOT NULL, PRIMARY KEY (order_id, product_id));
CREATE INDEX orders_by_date ON orders (order_date);
CREATE VIEW current_products AS SELECT product_id, product_name FROM products WHERE discontinued = 0;
CREATE VIEW order_totals AS
  SELECT order_id, sum(unit_price * quantity * (1 - discount)) AS total FROM order_details GROUP BY order_id;

INSERT INTO region SELECT g, (ARRAY['Eastern', 'Western', 'Northern', 'Southern'])[g] FROM generate_series(1, 4) g;
INSERT INTO territories SELECT to_char(1000 + g, 'FM00000'), 'Territory ' || g, 1 + g % 4 FROM generate_series(1, 53) g;
INSERT INTO us_states SELECT g, 'State ' || g, chr(65 + g % 26) || chr(65 + g / 2) FROM generate_series(1, 50) g;
INSERT INTO categories SELECT g, 'Category ' || g, CASE WHEN g % 3 > 0 THEN 'Things of kind ' || g END,
  decode(repeat(md5(g::text), 40), 'hex') FROM generate_series(1, 8) g;
INSERT INTO suppliers SELECT g, 'Supplier ' || chr(64 + g % 26 + 1) || ' & Söhne', (ARRAY['UK', 'Japan', 'Sweden'])[1 + g % 3],
  CASE WHEN g % 4 = 0 THEN '#http://supplier' || g || '.example#' END FROM generate_series(1, 29) g;
INSERT INTO products SELECT g, 'Product "' || g || '"', 1 + g % 29, 1 + g % 8, g * 1.37::real, g * 3 % 120, (g % 9 = 0)::int
  FROM generate_series(1, 77) g;
INSERT INTO employees SELECT g, 'Last' || g, 'First' || g, date '1948-12-08' + g * 900, decode(repeat(md5(g::text), 90), 'hex'),
  E'Notes, with\ttab and\nline ' || g, CASE WHEN g > 1 THEN g / 2 END, 'http://staff.example/' || g || '.bmp'
  FROM generate_series(1, 9) g;
INSERT INTO employee_territories SELECT 1 + g % 9, to_char(1000 + g, 'FM00000') FROM generate_series(1, 49) g;
INSERT INTO shippers SELECT g, 'Shipper ' || g, '(503) 555-' || 1000 + g FROM generate_series(1, 6) g;
INSERT INTO customers SELECT upper(substr(translate(md5(g::text), '0123456789', 'GHIJKLMNOP'), 1, 3)) || to_char(g, 'FM00'),
  'Customer ' || g || ' GmbH', (ARRAY['Berlin', 'México D.F.', 'London', NULL])[1 + g % 4],
  (ARRAY['Germany', 'Mexico', 'UK', 'Österreich'])[1 + g % 4], '030-00' || g FROM generate_series(1, 91) g;
INSERT INTO customer_demographics SELECT 'T' || g, 'Demography ' || g FROM generate_series(1, 3) g;
INSERT INTO customer_customer_demo
  SELECT customer_id, 'T' || 1 + row_number() OVER (ORDER BY customer_id) % 3 FROM customers;
INSERT INTO orders (customer_id, employee_id, order_date, shipped_date, ship_via, freight, ship_country)
  SELECT c.customer_id, 1 + g % 9, date '1996-07-04' + g / 2, CASE WHEN g % 20 > 0 THEN date '1996-07-10' + g / 2 END,
         1 + g % 3, g * 0.73::real, c.country
  FROM generate_series(1, 830) g
       JOIN (SELECT row_number() OVER (ORDER BY customer_id) AS n, customer_id, country FROM customers) c ON c.n = 1 + g % 91;
INSERT INTO order_details SELECT 1 + g % 830, 1 + g % 77, (1 + g % 77) * 1.37::real, 1 + g % 60,
  (ARRAY[0, 0.05, 0.15, 0.25])[1 + g % 4]::real FROM generate_series(1, 2155) g;

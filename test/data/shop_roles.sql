-- Roles of the shop; on both servers, since they belong to a cluster and not to a database.
CREATE ROLE shop_owner NOLOGIN;
CREATE ROLE shop_app LOGIN;
CREATE ROLE shop_report NOLOGIN;
GRANT shop_report TO shop_app;

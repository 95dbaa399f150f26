-- A shop of music, in the shape of the well-known sample database, whose names are all in capitals and small letters:
-- artists, albums, tracks, playlists, and who bought what. Every row is made up here.
CREATE TABLE "Artist" ("ArtistId" int PRIMARY KEY, "Name" varchar(120));
CREATE TABLE "Album" ("AlbumId" int PRIMARY KEY, "Title" varchar(160) NOT NULL, "ArtistId" int NOT NULL REFERENCES "Artist");
CREATE TABLE "Genre" ("GenreId" int PRIMARY KEY, "Name" varchar(120));
CREATE TABLE "MediaType" ("MediaTypeId" int PRIMARY KEY, "Name" varchar(120));
CREATE TABLE "Track" ("TrackId" int PRIMARY KEY, "Name" varchar(200) NOT NULL, "AlbumId" int REFERENCES "Album",
  "MediaTypeId" int NOT NULL REFERENCES "MediaType", "GenreId" int REFERENCES "Genre", "Composer" varchar(220),
  "Milliseconds" int NOT NULL, "Bytes" int, "UnitPrice" numeric(10,2) NOT NULL);
CREATE TABLE "Playlist" ("PlaylistId" int PRIMARY KEY, "Name" varchar(120));
CREATE TABLE "PlaylistTrack" ("PlaylistId" int REFERENCES "Playlist", "TrackId" int REFERENCES "Track",
  PRIMARY KEY ("PlaylistId", "TrackId"));
CREATE TABLE "Employee" ("EmployeeId" int PRIMARY KEY, "LastName" varchar(20) NOT NULL, "FirstName" varchar(20) NOT NULL,
  "Title" varchar(30), "ReportsTo" int REFERENCES "Employee", "BirthDate" timestamp, "Email" varchar(60));
CREATE TABLE "Customer" ("CustomerId" int PRIMARY KEY, "FirstName" varchar(40) NOT NULL, "LastName" varchar(20) NOT NULL,
  "Country" varchar(40), "Email" varchar(60) NOT NULL, "SupportRepId" int REFERENCES "Employee");
CREATE TABLE "Invoice" ("InvoiceId" int PRIMARY KEY, "CustomerId" int NOT NULL REFERENCES "Customer",
  "InvoiceDate" timestamp NOT NULL, "BillingCountry" varchar(40), "Total" numeric(10,2) NOT NULL);
CREATE TABLE "InvoiceLine" ("InvoiceLineId" int PRIMARY KEY, "InvoiceId" int NOT NULL REFERENCES "Invoice",
  "TrackId" int NOT NULL REFERENCES "Track", "UnitPrice" numeric(10,2) NOT NULL, "Quantity" int NOT NULL);
CREATE INDEX "IFK_TrackAlbumId" ON "Track" ("AlbumId");
CREATE INDEX "IFK_InvoiceLineTrackId" ON "InvoiceLine" ("TrackId");

INSERT INTO "Artist" SELECT g, 'Artist ' || g || ' – naïve' FROM generate_series(1, 275) g;
INSERT INTO "Album" SELECT g, 'Album [' || g || ']', 1 + g % 275 FROM generate_series(1, 347) g;
INSERT INTO "Genre" SELECT g, 'Genre ' || g FROM generate_series(1, 25) g;
INSERT INTO "MediaType" SELECT g, 'Media ' || g FROM generate_series(1, 5) g;
INSERT INTO "Track" SELECT g, 'Track ' || g, 1 + g % 347, 1 + g % 5, 1 + g % 25, CASE WHEN g % 4 > 0 THEN 'J. Coltrane' END,
  1000 * (60 + g % 400), g * 1021, CASE WHEN g % 15 = 0 THEN 1.99 ELSE 0.99 END FROM generate_series(1, 3503) g;
INSERT INTO "Playlist" SELECT g, CASE WHEN g <> 7 THEN 'Playlist ' || g END FROM generate_series(1, 18) g;
INSERT INTO "PlaylistTrack" SELECT 1 + g % 18, 1 + g % 3503 FROM generate_series(1, 8715) g ON CONFLICT DO NOTHING;
INSERT INTO "Employee" SELECT g, 'Last' || g, 'First' || g, 'Agent', CASE WHEN g > 1 THEN g / 2 END,
  timestamp '1962-02-18' + g * interval '400 days', 'staff' || g || '@music.example' FROM generate_series(1, 8) g;
INSERT INTO "Customer" SELECT g, 'Luís' || g, 'Gonçalves' || g, (ARRAY['Brazil', 'Norway', NULL])[1 + g % 3],
  'customer' || g || '@mail.example', 3 + g % 3 FROM generate_series(1, 59) g;
INSERT INTO "Invoice" SELECT g, 1 + g % 59, timestamp '2009-01-01' + g * interval '107 hours', 'Brazil', (g % 15) * 0.99
  FROM generate_series(1, 412) g;
INSERT INTO "InvoiceLine" SELECT g, 1 + g % 412, 1 + g * 7 % 3503, 0.99, 1 + g % 2 FROM generate_series(1, 2240) g;

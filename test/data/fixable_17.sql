-- A child whose column may be NULL where its parent's may not: up to 17.
SET search_path = "fix
'""es";
CREATE TABLE parent ("n'n" int NOT NULL);
CREATE TABLE child () INHERITS (parent);
ALTER TABLE child ALTER "n'n" DROP NOT NULL;

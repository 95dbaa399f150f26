// How the objects of each kind are described: queries as data.
#pragma once

#include <span>
#include <string>

namespace airlift {

// One query, which runs on both sides as it stands.
//
// Its rows: column `object` names the object, unique within the kind and the same on both sides whatever the version;
// column `parent` is "kind object" of the object whose absence explains this one's, or NULL; every further column is a
// property, named by its alias; NULL is "none". Names are compared bytewise in UTF-8.
//
// It runs with search_path = '', so that whatever the server spells is schema-qualified unless it is in pg_catalog. Of
// the catalogs it uses what the oldest supported version has, or what version `since_major` has.
// `@(x)` stands for the expression x of type name or text, as an identifier for people: quoted only where it is not
// plain, by a rule that does not depend on the server's keywords as quote_ident's does.
//
// The common table expressions that every query may use:
//   facts(lower_major, same_major)   the lower version of the two sides, and whether both have it
//   ns(oid, name, nspname)           schemas to compare
//   member(classid, objid)           what belongs to an extension
//   rel(pg_class.*, name, kind)      relations to compare, indexes and sequences included; kind as in the table below
//   owned(kind, name, owner, acl, acl_type, classid, oid)   what has an owner
//   commented(object, parent, comment, classid)   comments
struct Description {
  // What a row is: an object, or one property of an object that has a description of its own; whether a difference is
  // to be mended or only to be known.
  enum class Row { kObject, kProperty, kInformation };

  const char* kind;
  // Compared only where both sides are of this major version or newer.
  int since_major;
  Row row;
  const char* sql;
};

// Parents come before what depends on them.
std::span<const Description> RelationDescriptions();
std::span<const Description> ObjectDescriptions();
std::span<const Description> PrivilegeDescriptions();

// The query in full: common table expressions in front, `@(x)` expanded.
std::string DescriptionQuery(const Description& description, int lower_major, bool same_major);

}  // namespace airlift

#include "portability.h"

#include <cstddef>

namespace airlift {

namespace {

// OIDs below this are assigned by hand in PostgreSQL's sources and never change from version to version
// (src/include/access/transam.h, FirstGenbkiObjectId).
constexpr TypeOid kFirstUnstableOid = 10000;

// Their binary form is the OID of what they name.
constexpr TypeOid kRegTypes[] = {
    24,    // regproc
    2202,  // regprocedure
    2203,  // regoper
    2204,  // regoperator
    2205,  // regclass
    2206,  // regtype
    3734,  // regconfig
    3769,  // regdictionary
    4089,  // regnamespace
    4096,  // regrole
    4191,  // regcollation
    8326,  // regdatabase (19)
};

// Their receive functions refuse what their send functions make of an empty value.
constexpr TypeOid kRefusedWhereEmpty[] = {
    22,    // int2vector
    30,    // oidvector
    3615,  // tsquery, before the minor releases of 2026
};

template <std::size_t kCount>
bool IsOneOf(TypeOid type, const TypeOid (&types)[kCount]) noexcept {
  for (const TypeOid listed : types)
    if (type == listed) return true;
  return false;
}

}  // namespace

bool IsPortable(TypeOid type, TypeLookup lookup, void* context) noexcept {
  TypeFacts facts;
  if (IsOneOf(type, kRegTypes) || IsOneOf(type, kRefusedWhereEmpty) || !lookup(context, type, &facts)) return false;
  switch (facts.kind) {
    case 'd':
      return IsPortable(facts.base, lookup, context);
    case 'r':
    case 'm':
      return facts.has_send && IsPortable(facts.range_subtype, lookup, context);
    case 'c':  // record_send writes the type OID of every field
    case 'p':
      return false;
    default:
      break;
  }
  if (facts.is_array)  // array_send writes the element's type OID
    return facts.element < kFirstUnstableOid && IsPortable(facts.element, lookup, context);
  return facts.has_send;
}

}  // namespace airlift

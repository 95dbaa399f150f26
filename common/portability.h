// Which types have a binary form that means the same on another server.
//
// The one rule by which both sides decide whether a column is imaged as its send function's bytes or as its text
// output (docs/row-digest-format.md, section "Portable types"). A type is not portable when its binary form is missing
// or carries OIDs, which differ from server to server.
#pragma once

#include <cstdint>

namespace airlift {

using TypeOid = uint32_t;

// What the rule needs to know of a type, from pg_type (and pg_range).
struct TypeFacts {
  char kind = 'b';            // pg_type.typtype: b, c, d, e, p, r, m
  bool has_send = false;      // pg_type.typsend <> 0
  bool is_array = false;      // pg_type.typoutput = 'array_out'::regproc
  TypeOid element = 0;        // pg_type.typelem, when is_array
  TypeOid base = 0;           // pg_type.typbasetype, when kind is 'd'
  TypeOid range_subtype = 0;  // pg_range.rngsubtype, when kind is 'r' or 'm'
};

// Fills `facts`; false when there is no such type.
using TypeLookup = bool (*)(void* context, TypeOid type, TypeFacts* facts);

// True when the binary form of `type` is portable. Unknown types are not.
bool IsPortable(TypeOid type, TypeLookup lookup, void* context) noexcept;

}  // namespace airlift

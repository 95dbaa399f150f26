// The types that columns use, read once, for the rule of common/portability.h.
#pragma once

#include <string>
#include <unordered_map>

#include "pg/connection.h"
#include "portability.h"

namespace airlift {

class TypeCatalog {
 public:
  // Reads the types of all columns of user tables and what these are built from.
  explicit TypeCatalog(Connection& connection);

  bool IsPortable(TypeOid type) const;
  // An array, or a domain over one.
  bool IsArray(TypeOid type) const;
  // Qualified and quoted.
  const std::string& OutputFunction(TypeOid type) const;

 private:
  struct Entry {
    TypeFacts facts;
    std::string output_function;
  };
  static bool Lookup(void* context, TypeOid type, TypeFacts* facts);

  std::unordered_map<TypeOid, Entry> types_;
};

}  // namespace airlift

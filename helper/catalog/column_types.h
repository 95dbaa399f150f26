// The types of columns, for rows that go in binary form: the same bytes may be a valid value of another type.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>

#include "pg/connection.h"

namespace airlift {

// The type below any domains.
struct ColumnType {
  uint32_t oid = 0;
  std::string name;  // as format_type() writes it
};
using ColumnTypes = std::map<std::tuple<std::string, std::string, std::string>, ColumnType>;  // schema, table, column

// Of all tables of users.
ColumnTypes ReadColumnTypes(Connection& connection);

// Eight bytes of a bigint are a valid double precision, timestamp or money, and another value. Built-in types have the
// same OID everywhere; of others the server tells by itself, or their names would have to be trusted.
bool SameBytesMeanTheSame(const ColumnType& a, const ColumnType& b);

}  // namespace airlift

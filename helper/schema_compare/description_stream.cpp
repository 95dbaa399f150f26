#include "schema_compare/description_stream.h"

#include <fmt/format.h>

#include "pg/identifier.h"

namespace airlift {

std::vector<std::string> PropertyNames(Connection& connection, const std::string& query) {
  const Result none = connection.Query(fmt::format("SELECT * FROM ({}) q LIMIT 0", query));
  std::vector<std::string> names;
  for (int column = 0; column < none.columns(); ++column) {
    std::string name = PQfname(none.get(), column);
    if (name != "object" && name != "parent") names.push_back(std::move(name));
  }
  return names;
}

std::string DescriptionCopyStatement(const std::string& query, const std::vector<std::string>& properties) {
  std::string columns = "q.object::text, q.parent::text";
  for (const std::string& property : properties) columns += fmt::format(", q.{}::text", QuoteIdentifier(property));
  return fmt::format("COPY (SELECT {} FROM ({}) q ORDER BY convert_to(q.object, 'UTF8')) TO STDOUT (FORMAT binary)",
                     columns, query);
}

DescriptionStream::DescriptionStream(Connection& connection, const std::string& copy_statement)
    : connection_(connection) {
  connection_.StartCopyOut(copy_statement);
  Advance();
}

DescriptionStream::~DescriptionStream() {
  if (!at_end_) connection_.Rollback();
}

void DescriptionStream::Advance() {
  std::string_view data;
  while (connection_.NextCopyData(&data)) {
    if (!parser_.Parse(data, &fields_)) continue;
    if (fields_.size() < 2 || !fields_[0]) throw Error("a description of the schema has a row without object");
    return;
  }
  at_end_ = true;
}

}  // namespace airlift

// The types of AWS DMS and what they are in PostgreSQL.
#pragma once

#include <string>

namespace airlift {

struct MappingType {
  std::string name;
  std::string length;
  std::string precision;
  std::string scale;
};

// SQL, qualified where that matters; "" with `problem` set where there is none.
std::string SqlType(const MappingType& type, std::string* problem);

}  // namespace airlift

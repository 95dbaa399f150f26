#include "base/json_document.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"

namespace airlift {
namespace {

TEST(JsonDocument, NothingIsIgnored) {
  EXPECT_EQ(ParseDocument("{\"a\": [1]}").at("a").at(0), 1);
  EXPECT_THROW(ParseDocument(std::string_view("{}\0{}", 5)), Error);
  EXPECT_THROW(ParseDocument("{} {}"), nlohmann::json::exception);
}

TEST(JsonDocument, IsNotNestedDeeply) {
  EXPECT_NO_THROW(ParseDocument(std::string(50, '[') + std::string(50, ']')));
  EXPECT_THROW(ParseDocument(std::string(5000, '[') + std::string(5000, ']')), Error);
}

}  // namespace
}  // namespace airlift

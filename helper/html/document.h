// Reading a document that may be of another version, or edited by hand: what is missing or of another type is empty.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace airlift::html {

using nlohmann::json;

// The member, or null.
const json& Member(const json& object, const char* key);
// Text of a string, number or boolean; "" for anything else.
std::string TextOf(const json& value);
std::string TextOf(const json& object, const char* key);
std::optional<double> NumberOf(const json& object, const char* key);
double NumberOr(const json& object, const char* key, double otherwise);
// The member when it is an array, else an empty array.
const json& ArrayOf(const json& object, const char* key);
std::vector<std::string> TextsOf(const json& object, const char* key);

std::string BytesText(const std::optional<double>& bytes);      // "" where absent
std::string SecondsText(const std::optional<double>& seconds);  // "" where absent
// schema.table, quoted where needed.
std::string TableName(const json& table);

}  // namespace airlift::html

// Builds HTML. Whatever is given is text and is escaped; only this file's callers' own markup goes through Raw.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

namespace airlift::html {

// For element content and for attribute values in double quotes. Control characters become visible: \x01.
std::string Escape(std::string_view text);

using Attribute = std::pair<std::string_view, std::string>;
using Attributes = std::initializer_list<Attribute>;

class Builder {
 public:
  Builder& Open(std::string_view tag, Attributes attributes = {});
  Builder& Close(std::string_view tag);
  Builder& Text(std::string_view text);
  // <tag attributes>text</tag>
  Builder& Element(std::string_view tag, std::string_view text, Attributes attributes = {});
  // Constant markup only, never a value.
  Builder& Raw(std::string_view markup);

  std::string Take() { return std::move(out_); }

 private:
  std::string out_;
};

}  // namespace airlift::html

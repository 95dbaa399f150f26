// Pieces that every report is made of.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "html/document.h"
#include "html/html.h"

namespace airlift::html {

enum class Mood { kGood, kBad, kUnsure, kPlain };

// The headline that can be read from across the room, a sentence below it, and a few facts.
struct Fact {
  std::string label;
  std::string value;
};
struct Headline {
  Mood mood = Mood::kPlain;
  std::string eyebrow;
  std::string words;
  std::string sentence;
  std::vector<Fact> facts;
};
void AddHeadline(Builder& page, const Headline& headline);

// One cell: text, how it sorts, and what is drawn beside it.
struct Bar {
  struct Part {
    double value = 0;
    std::string label;
  };
  std::vector<Part> parts;
  double full = 1;  // the value that fills the bar
};
struct Cell {
  std::string text;
  std::optional<double> number;  // sorts by it, set to the right
  std::string badge;             // a class of the style sheet: "good", "bad", "warn", "info"
  std::string sql;               // shown below the text, with a button that copies it
  std::string undo_sql;
  std::optional<Bar> bar;
  bool is_code = false;
};
Cell TextCell(std::string text);
Cell CodeCell(std::string text);
Cell NumberCell(const std::optional<double>& number, std::string text);
Cell BadgeCell(const std::string& word);

struct Table {
  std::string id;
  std::vector<std::string> heads;
  std::vector<std::vector<Cell>> rows;
};
// Sorted and filtered by the script, where there is one. Nothing for a table without rows.
void AddTable(Builder& page, const Table& table);

void AddBar(Builder& page, const Bar& bar);
// Names of the parts of bars, in their colours.
void AddLegend(Builder& page, const std::vector<std::string>& names);

void OpenSection(Builder& page, const std::string& id, const std::string& title);
void CloseSection(Builder& page);
void AddParagraph(Builder& page, const std::string& text);
void AddList(Builder& page, const std::vector<std::string>& items);
// SQL or commands, with a button that copies all of it.
void AddCode(Builder& page, const std::vector<std::string>& lines, const std::string& title = {});

// Findings of an assessment or a plan, those first that weigh most.
// Its place in a list that begins with what weighs most.
size_t SeverityWeight(const std::string& severity);
void AddFindings(Builder& page, const json& findings);

// "PostgreSQL 15.20, database shop on db.example.com": a side of any of the documents.
std::string SideText(const json& side);

}  // namespace airlift::html

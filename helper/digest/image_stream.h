// The row images of format 1 in a stream of COPY ... TO STDOUT (FORMAT binary).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace airlift {

// Every CopyData message is one row image, but for the file header (19 bytes or more, before the first row) and the
// trailer (a column count of -1).
class ImageStream {
 public:
  // `array_positions` as Relation::ArrayPositions gives them: their stale flags are not part of format 1.
  explicit ImageStream(std::vector<int> array_positions = {}) : array_positions_(std::move(array_positions)) {}

  // The image in a message; false where it has none. It points into `copy_data` or into this object, and is valid until
  // either changes. Throws Error when a message is no tuple.
  bool Image(std::string_view copy_data, std::string_view* image);

  // The same of a message whose last column is not part of the image; `last` is that column's value.
  bool ImageBeforeLast(std::string_view copy_data, size_t last_length, std::string_view* image, std::string_view* last);

 private:
  bool Tuple(std::string_view copy_data, std::string_view* tuple);
  void ClearStaleFlags();

  const std::vector<int> array_positions_;
  std::string image_;  // of a row that had to be changed
  bool header_seen_ = false;
};

// The image of the columns at `positions` of a row image, in that order. Throws Error when `image` is none.
std::string SubImage(std::string_view image, const std::vector<size_t>& positions);

}  // namespace airlift

// A growing buffer for row images, reused from row to row.
#pragma once

#include "byte_order.h"
#include "server.h"

namespace airlift {

// Lives in palloc'ed memory and is trivially destructible: an ereport(ERROR) while it is in use costs nothing but the
// memory of its context.
class ImageBuffer {
 public:
  // Memory comes from `context` and lives as long as it does.
  void Init(MemoryContext context);

  char* data() { return data_; }
  const char* data() const { return data_; }
  size_t length() const { return length_; }
  char* end() { return data_ + capacity_; }  // of the room, not of what was written

  // Makes room for `size` more bytes and returns where they go. Fewer may be used.
  char* Reserve(size_t size) {
    if (unlikely(capacity_ - length_ < size)) Grow(size);
    return data_ + length_;
  }
  // Counts bytes written after Reserve.
  void Advance(size_t size) { length_ += size; }
  // Same, by the address behind the last byte written.
  void AdvanceTo(const char* end) { length_ = end - data_; }

  void AppendBytes(const void* bytes, size_t size) {
    memcpy(Reserve(size), bytes, size);
    length_ += size;
  }
  void AppendInt32(uint32_t value) {
    StoreBigEndian32(Reserve(4), value);
    length_ += 4;
  }

  // A whole value: its length, then its bytes.
  void AppendValue(const void* bytes, size_t size) {
    char* to = Reserve(size + 4);
    StoreBigEndian32(to, static_cast<uint32_t>(size));
    memcpy(to + 4, bytes, size);
    length_ += size + 4;
  }
  void AppendNull() { AppendInt32(0xFFFFFFFF); }

  // A value whose length is known only when it has been written: BeginValue ... EndValue(what BeginValue returned).
  size_t BeginValue() {
    Reserve(4);
    length_ += 4;
    return length_;
  }
  void EndValue(size_t start);

  // Replaces everything from `start` on.
  void ReplaceTail(size_t start, const void* bytes, size_t size) {
    length_ = start;
    AppendBytes(bytes, size);
  }
  // The tail as a string that ends in a NUL byte (not counted).
  char* TailAsString(size_t start) {
    *Reserve(1) = '\0';
    return data_ + start;
  }

 private:
  void Grow(size_t size);

  char* data_;
  size_t length_;
  size_t capacity_;
};

}  // namespace airlift

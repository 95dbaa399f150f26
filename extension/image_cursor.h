// Puts the columns of one row into an image, one after the other.
#pragma once

#include "image_buffer.h"
#include "server.h"
#include "value_codec.h"
#include "varlena.h"

namespace airlift {

// At most 64 bytes are moved without a call.
pg_attribute_always_inline void CopyShort(char* to, const char* from, size_t size) {
  if (size > 64) {
    memcpy(to, from, size);
  } else if (size > 32) {
    memcpy(to, from, 32);
    memcpy(to + size - 32, from + size - 32, 32);
  } else if (size > 16) {
    memcpy(to, from, 16);
    memcpy(to + size - 16, from + size - 16, 16);
  } else if (size >= 8) {
    memcpy(to, from, 8);
    memcpy(to + size - 8, from + size - 8, 8);
  } else if (size >= 4) {
    memcpy(to, from, 4);
    memcpy(to + size - 4, from + size - 4, 4);
  } else {
    for (size_t i = 0; i < size; ++i) to[i] = from[i];
  }
}

// Where the next column goes. The two addresses live in registers: the compiler must assume that a store through a char
// pointer changes the buffer's own members.
class ImageCursor {
 public:
  // Starts a new image with the number of its columns.
  ImageCursor(ImageBuffer& image, int columns) : image_(image), to_(image.data()), end_(image.end()) {
    StoreBigEndian16(to_, static_cast<uint16>(columns));
    to_ += 2;
  }

  // The image now ends here. Called before anything else uses the buffer.
  void Suspend() const { image_.AdvanceTo(to_); }

  pg_attribute_always_inline void AddNull() {
    MakeRoom(4);
    StoreBigEndian32(to_, 0xFFFFFFFF);
    to_ += 4;
  }
  pg_attribute_always_inline void AddInt16(uint16 value) {
    MakeRoom(6);
    StoreBigEndian32(to_, 2);
    StoreBigEndian16(to_ + 4, value);
    to_ += 6;
  }
  pg_attribute_always_inline void AddInt32(uint32 value) {
    MakeRoom(8);
    StoreBigEndian64(to_, uint64{4} << 32 | value);
    to_ += 8;
  }
  pg_attribute_always_inline void AddInt64(uint64 value) {
    MakeRoom(12);
    StoreBigEndian32(to_, 8);
    StoreBigEndian64(to_ + 4, value);
    to_ += 12;
  }
  pg_attribute_always_inline void AddBytes(Bytes bytes) {
    MakeRoom(4 + bytes.size);
    StoreBigEndian32(to_, static_cast<uint32>(bytes.size));
    CopyShort(to_ + 4, bytes.data, bytes.size);
    to_ += 4 + bytes.size;
  }
  // By the codec's own writer.
  pg_attribute_always_inline void AddByWriter(Datum value, ValueCodec& codec) {
    Suspend();
    codec.write(image_, value, codec);
    Resume(0);
  }

  pg_attribute_always_inline void AddValue(Datum value, ValueCodec& codec) {
    switch (codec.inline_form) {
      case InlineForm::kInt16:
        return AddInt16(DatumGetUInt16(value));
      case InlineForm::kInt32:
        return AddInt32(DatumGetUInt32(value));
      case InlineForm::kInt64:
        return AddInt64(static_cast<uint64>(value));
      case InlineForm::kBytes: {
        const char* pointer = DatumGetPointer(value);
        if (unlikely(!IsPlainVarlena(pointer))) break;
        return AddBytes(PlainPayload(pointer));
      }
      case InlineForm::kNone:
        break;
    }
    AddByWriter(value, codec);
  }

 private:
  void Resume(size_t size) {
    to_ = image_.Reserve(size);
    end_ = image_.end();
  }
  pg_attribute_always_inline void MakeRoom(size_t size) {
    if (likely(static_cast<size_t>(end_ - to_) >= size)) return;
    Suspend();
    Resume(size);
  }

  ImageBuffer& image_;
  char* to_;
  char* end_;
};

}  // namespace airlift

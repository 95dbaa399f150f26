#include "image_buffer.h"

namespace airlift {

namespace {

constexpr size_t kInitialCapacity = 1024;

}  // namespace

void ImageBuffer::Init(MemoryContext context) {
  data_ = static_cast<char*>(MemoryContextAlloc(context, kInitialCapacity));
  length_ = 0;
  capacity_ = kInitialCapacity;
}

// A row may be larger than one value may be (MaxAllocSize), hence "huge".
void ImageBuffer::Grow(size_t size) {
  size_t capacity = capacity_;
  while (capacity - length_ < size) capacity *= 2;
  data_ = static_cast<char*>(repalloc_huge(data_, capacity));
  capacity_ = capacity;
}

void ImageBuffer::EndValue(size_t start) {
  const size_t size = length_ - start;
  if (unlikely(size > MaxAllocSize))
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("image of one value is larger than %zu bytes", static_cast<size_t>(MaxAllocSize)),
                    errdetail("COPY could not send it either.")));
  StoreBigEndian32(data_ + start - 4, static_cast<uint32_t>(size));
}

}  // namespace airlift

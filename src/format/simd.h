// The two loops of a lookup that are worth vector instructions: which of 64 tags match, and how many of 16 heads are
// smaller. Both lie on the baseline of every supported machine (SSE4.2 on x86-64-v2, NEON on arm64), so nothing is
// chosen at run time; namespace scalar holds the plain versions, which other machines use and the tests compare.
//
// Thread safety: pure functions.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(__SSE4_2__)
#include <nmmintrin.h>
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#endif

namespace nacre::format {

inline constexpr size_t kTagsAtOnce = 64;
inline constexpr size_t kHeadsAtOnce = 16;

namespace scalar {

// Bit i is set if tags[i] == tag; reads `count` tags (16 or 64).
inline uint64_t match_tags(const char* tags, size_t count, uint8_t tag) {
  uint64_t mask = 0;
  for (size_t i = 0; i < count; i++) mask |= static_cast<uint64_t>(static_cast<uint8_t>(tags[i]) == tag) << i;
  return mask;
}

// How many of 16 heads are smaller than `head`.
inline uint32_t count_smaller(const char* heads, uint64_t head) {
  uint32_t count = 0;
  for (size_t i = 0; i < kHeadsAtOnce; i++) {
    uint64_t other;
    std::memcpy(&other, heads + 8 * i, 8);
    count += other < head;
  }
  return count;
}

}  // namespace scalar

#if defined(__SSE4_2__)

inline uint64_t match_16_tags(const char* tags, uint8_t tag) {
  const __m128i wanted = _mm_set1_epi8(static_cast<char>(tag));
  const __m128i these = _mm_loadu_si128(reinterpret_cast<const __m128i*>(tags));
  return static_cast<uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(these, wanted)));
}
inline uint64_t match_64_tags(const char* tags, uint8_t tag) {
  return match_16_tags(tags, tag) | match_16_tags(tags + 16, tag) << 16 | match_16_tags(tags + 32, tag) << 32 |
         match_16_tags(tags + 48, tag) << 48;
}

inline uint32_t count_smaller(const char* heads, uint64_t head) {
  // The comparison is signed: flipping the highest bit of both sides makes it unsigned.
  const __m128i flip = _mm_set1_epi64x(static_cast<int64_t>(uint64_t{1} << 63));
  const __m128i wanted = _mm_xor_si128(_mm_set1_epi64x(static_cast<int64_t>(head)), flip);
  __m128i sum = _mm_setzero_si128();
  for (size_t i = 0; i < kHeadsAtOnce; i += 2) {
    const __m128i two = _mm_loadu_si128(reinterpret_cast<const __m128i*>(heads + 8 * i));
    sum = _mm_sub_epi64(sum, _mm_cmpgt_epi64(wanted, _mm_xor_si128(two, flip)));
  }
  return static_cast<uint32_t>(_mm_cvtsi128_si64(sum) + _mm_extract_epi64(sum, 1));
}

#elif defined(__ARM_NEON) && defined(__aarch64__)

inline uint64_t match_64_tags(const char* tags, uint8_t tag) {
  // Each lane keeps the bit of its position; pairwise additions gather the lanes' bits into bytes.
  const uint8x16_t bits = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t wanted = vdupq_n_u8(tag);
  const auto* from = reinterpret_cast<const uint8_t*>(tags);
  const uint8x16_t a = vandq_u8(vceqq_u8(vld1q_u8(from), wanted), bits);
  const uint8x16_t b = vandq_u8(vceqq_u8(vld1q_u8(from + 16), wanted), bits);
  const uint8x16_t c = vandq_u8(vceqq_u8(vld1q_u8(from + 32), wanted), bits);
  const uint8x16_t d = vandq_u8(vceqq_u8(vld1q_u8(from + 48), wanted), bits);
  const uint8x16_t all = vpaddq_u8(vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d)), vdupq_n_u8(0));
  return vgetq_lane_u64(vreinterpretq_u64_u8(all), 0);
}
inline uint64_t match_16_tags(const char* tags, uint8_t tag) {
  const uint8x16_t bits = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
  const uint8x16_t a = vandq_u8(vceqq_u8(vld1q_u8(reinterpret_cast<const uint8_t*>(tags)), vdupq_n_u8(tag)), bits);
  return vaddv_u8(vget_low_u8(a)) | static_cast<uint64_t>(vaddv_u8(vget_high_u8(a))) << 8;
}

inline uint32_t count_smaller(const char* heads, uint64_t head) {
  const uint64x2_t wanted = vdupq_n_u64(head);
  uint64x2_t sum = vdupq_n_u64(0);
  for (size_t i = 0; i < kHeadsAtOnce; i += 2) {
    const uint64x2_t two = vreinterpretq_u64_u8(vld1q_u8(reinterpret_cast<const uint8_t*>(heads + 8 * i)));
    sum = vsubq_u64(sum, vcltq_u64(two, wanted));
  }
  return static_cast<uint32_t>(vaddvq_u64(sum));
}

#else

inline uint64_t match_16_tags(const char* tags, uint8_t tag) { return scalar::match_tags(tags, 16, tag); }
inline uint64_t match_64_tags(const char* tags, uint8_t tag) { return scalar::match_tags(tags, 64, tag); }
inline uint32_t count_smaller(const char* heads, uint64_t head) { return scalar::count_smaller(heads, head); }

#endif

}  // namespace nacre::format

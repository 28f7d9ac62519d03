/*
 * chunk: sixteen bytes of JSON text looked at at once. Most of a transcript is plain text in
 * strings, so this is what reading one costs.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { CHUNK_SIZE = 16 };

/* Ends a run of plain text: a quote, a backslash, a control character, what is not ASCII. */
static inline _Bool chunk_stops_at(char c)
{
    return (signed char)c < 0x20 || c == '"' || c == '\\';
}

/* Returns: how many of the CHUNK_SIZE bytes at p stand before the first that ends a run. */
static inline size_t chunk_plain(const char *p)
{
#ifdef __SSE2__
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
    /* signed: what is beyond ASCII is less than 0 */
    __m128i stops = _mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(0x20)),
                                 _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                              _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
    unsigned found = (unsigned)_mm_movemask_epi8(stops);
    return found ? (size_t)__builtin_ctz(found) : CHUNK_SIZE;
#else
    typedef signed char chunk __attribute__((vector_size(CHUNK_SIZE)));
    chunk bytes;
    uint64_t halves[2];
    memcpy(&bytes, p, sizeof bytes);
    chunk stops = (chunk)((bytes < 0x20) | (bytes == '"') | (bytes == '\\'));
    memcpy(halves, &stops, sizeof halves);
    if (!(halves[0] | halves[1]))
        return CHUNK_SIZE;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (size_t)(halves[0] ? __builtin_ctzll(halves[0]) : 64 + __builtin_ctzll(halves[1])) / 8;
#else
    return (size_t)(halves[0] ? __builtin_clzll(halves[0]) : 64 + __builtin_clzll(halves[1])) / 8;
#endif
#endif
}

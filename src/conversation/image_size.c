#include "conversation/image_size.h"

#include <string.h>

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

size_t image_size_decode(struct sv s, unsigned char *out)
{
    size_t n = 0;
    uint32_t bits = 0;
    int held = 0;
    for (size_t i = 0; i < s.n; i++) {
        int digit = digit_of(s.p[i]);
        if (digit < 0)
            break;
        bits = bits << 6 | (uint32_t)digit;
        held += 6;
        if (held >= 8) {
            held -= 8;
            out[n++] = (unsigned char)(bits >> held);
        }
    }
    return n;
}

int64_t image_size_bytes(int64_t base64_length, const char ending[static 2])
{
    int64_t padding = ending[1] != '=' ? 0 : ending[0] != '=' ? 1 : 2;
    int64_t digits = base64_length > padding ? base64_length - padding : 0;
    return digits * 6 / 8;
}

static uint32_t big(const unsigned char *p, size_t n)
{
    uint32_t v = 0;
    for (size_t i = 0; i < n; i++)
        v = v << 8 | p[i];
    return v;
}

static uint32_t little(const unsigned char *p, size_t n)
{
    uint32_t v = 0;
    while (n-- > 0)
        v = v << 8 | p[n];
    return v;
}

/* Segments, each with its length, until one that begins a frame. */
static bool jpeg_size(const unsigned char *b, size_t n, uint32_t *width, uint32_t *height)
{
    for (size_t i = 2; i + 9 <= n && b[i] == 0xff;) {
        unsigned marker = b[i + 1];
        bool is_frame =
            marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
        if (is_frame) {
            *height = big(b + i + 5, 2);
            *width = big(b + i + 7, 2);
            return true;
        }
        i += 2 + big(b + i + 2, 2);
    }
    return false;
}

static bool webp_size(const unsigned char *b, size_t n, uint32_t *width, uint32_t *height)
{
    if (n < 30)
        return false;
    if (memcmp(b + 12, "VP8X", 4) == 0) {
        *width = little(b + 24, 3) + 1;
        *height = little(b + 27, 3) + 1;
    } else if (memcmp(b + 12, "VP8L", 4) == 0) {
        uint32_t bits = little(b + 21, 4);
        *width = (bits & 0x3fff) + 1;
        *height = (bits >> 14 & 0x3fff) + 1;
    } else if (memcmp(b + 12, "VP8 ", 4) == 0) {
        *width = little(b + 26, 2) & 0x3fff;
        *height = little(b + 28, 2) & 0x3fff;
    } else {
        return false;
    }
    return true;
}

bool image_size_size(struct sv base64, uint32_t *width, uint32_t *height)
{
    unsigned char b[IMAGE_SIZE_HEAD];
    size_t n = image_size_decode(
        sv_slice(base64, 0, base64.n < IMAGE_SIZE_HEAD ? base64.n : IMAGE_SIZE_HEAD), b);
    if (n >= 24 && memcmp(b, "\x89PNG\r\n\x1a\n", 8) == 0) {
        *width = big(b + 16, 4);
        *height = big(b + 20, 4);
        return true;
    }
    if (n >= 10 && memcmp(b, "GIF8", 4) == 0) {
        *width = little(b + 6, 2);
        *height = little(b + 8, 2);
        return true;
    }
    if (n >= 16 && memcmp(b, "RIFF", 4) == 0 && memcmp(b + 8, "WEBP", 4) == 0)
        return webp_size(b, n, width, height);
    return n >= 4 && b[0] == 0xff && b[1] == 0xd8 && jpeg_size(b, n, width, height);
}

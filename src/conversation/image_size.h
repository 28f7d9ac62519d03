/*
 * image_size: how large a picture is, from the first bytes of its base64.
 */
#pragma once

#include "base/str.h"

#include <stdint.h>

/* What is looked at: enough for PNG, GIF and WebP, and for JPEG without a long preface. */
enum { IMAGE_SIZE_HEAD = 1024 };

/* Returns: false when these bytes do not tell; the outputs are untouched. */
bool image_size_size(struct sv base64, uint32_t *width, uint32_t *height);

/* The bytes that base64 of this length stands for; `ending`: its last two characters. */
int64_t image_size_bytes(int64_t base64_length, const char ending[static 2]);

/* Decodes as much as makes whole bytes. Returns: how many; stops at what is not base64. */
size_t image_size_decode(struct sv base64, unsigned char *out);

#include "base/uuid.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>

int uuid_make(char text[static UUID_TEXT_SIZE])
{
    unsigned char b[16];
    if (getrandom(b, sizeof b, 0) != sizeof b)
        return -EIO;
    b[6] = (unsigned char)((b[6] & 0x0f) | 0x40);
    b[8] = (unsigned char)((b[8] & 0x3f) | 0x80);
    char *p = text;
    for (size_t i = 0; i < sizeof b; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *p++ = '-';
        p += snprintf(p, 3, "%02x", b[i]);
    }
    return 0;
}

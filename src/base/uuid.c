#include "base/uuid.h"

#include "base/io/digest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
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

void uuid_derive(const char *from, char text[static UUID_TEXT_SIZE])
{
    char hex[DIGEST_TEXT_SIZE];
    struct digest digest;
    digest_init(&digest);
    digest_add(&digest, from, strlen(from));
    digest_end(&digest, hex);
    snprintf(text, UUID_TEXT_SIZE, "%.8s-%.4s-4%.3s-8%.3s-%.12s", hex, hex + 8, hex + 12, hex + 15,
             hex + 18);
}

#include "base/io/digest.h"

#include "base/arena.h"

#include <openssl/evp.h>
#include <stdint.h>

/* libcrypto fails here only when memory is out. */
static void must(int ok)
{
    if (ok != 1)
        mem_exhausted();
}

void digest_init(struct digest *d)
{
    d->state = EVP_MD_CTX_new();
    must(d->state != NULL);
    must(EVP_DigestInit_ex(d->state, EVP_sha256(), NULL));
}

void digest_add(struct digest *d, const char *bytes, size_t n)
{
    must(EVP_DigestUpdate(d->state, bytes, n));
}

void digest_end(struct digest *d, char text[static DIGEST_TEXT_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned n;
    must(EVP_DigestFinal_ex(d->state, sum, &n));
    EVP_MD_CTX_free(d->state);
    d->state = NULL;
    for (unsigned i = 0; i < n; i++) {
        text[2 * i] = digits[sum[i] >> 4];
        text[2 * i + 1] = digits[sum[i] & 15];
    }
    text[2 * n] = '\0';
}

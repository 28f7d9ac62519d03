#include "conversation/loader/client_version.h"

int64_t client_version(struct sv text)
{
    int64_t numbers[3];
    for (size_t i = 0; i < 3; i++) {
        size_t end = i < 2 ? sv_find(text, 0, SV(".")) : text.n;
        for (size_t j = 0; i == 2 && j < text.n; j++)
            if (text.p[j] < '0' || text.p[j] > '9') { /* "2.1.30-beta" */
                end = j;
                break;
            }
        if (!sv_to_i64(sv_slice(text, 0, end), &numbers[i]) || numbers[i] < 0 ||
            numbers[i] > (i == 0   ? 1000000
                          : i == 1 ? 99
                                   : 9999))
            return 0;
        text = sv_slice(text, end + (end < text.n), text.n);
    }
    return CLIENT_VERSION(numbers[0], numbers[1], numbers[2]);
}

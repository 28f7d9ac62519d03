/*
 * watchdog: when a client gives up waiting for the model by itself.
 *
 * Measured on 2.0.0, 2.1.110, 2.1.197 and 2.1.330; the versions between are
 * placed by the vendor's change log. A client with a base URL that is not the
 * vendor's own waits longer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum watchdog_silence {
    WATCHDOG_NO_ANSWER,  /* not a byte since the request was sent */
    WATCHDOG_MID_STREAM, /* the reply broke off */
    WATCHDOG_ONLY_PINGS, /* the reply broke off, keep-alive pings still arrive */
};

struct watchdog_client {
    const char *version;   /* NULL: not known */
    bool is_first_party;   /* talks to the vendor's own address */
    int64_t api_timeout_s; /* $API_TIMEOUT_MS; 0: not set */
};

/* Returns: seconds of silence after which the client acts; -1: never, or not known. */
int64_t watchdog_after_s(const struct watchdog_client *client, enum watchdog_silence silence);

#include "diagnose/watchdog.h"

#include <stdio.h>

/* Versions from which a client behaves so. */
enum { HAS_WATCHDOG = 2001105, IS_PATIENT_WITH_PINGS = 2001330 };

/* "2.1.197" as 2001197; -1 where it is no version. */
static int number_of(const char *version)
{
    int major, minor, patch;
    if (!version || sscanf(version, "%d.%d.%d", &major, &minor, &patch) != 3)
        return -1;
    return (major * 1000 + minor) * 1000 + patch;
}

int64_t watchdog_after_s(const struct watchdog_client *client, enum watchdog_silence silence)
{
    int version = number_of(client->version);
    if (version < 0)
        return -1;
    switch (silence) {
    case WATCHDOG_NO_ANSWER:
        /* 600.0 s a try; the runtime closes an idle connection to another base URL after 300 s */
        if (client->is_first_party)
            return client->api_timeout_s ? client->api_timeout_s : 600;
        return 300;
    case WATCHDOG_MID_STREAM:
        /* 180.0 s by bytes; else the runtime's 296 to 300 s, node's body timeout included */
        return version >= HAS_WATCHDOG && client->is_first_party ? 180 : 300;
    case WATCHDOG_ONLY_PINGS:
        /* pings do not count from 2.1.105 on: 300 s, 601 s in 2.1.330; before, they count */
        if (version < HAS_WATCHDOG)
            return -1;
        return version >= IS_PATIENT_WITH_PINGS ? 601 : 300;
    }
    return -1;
}

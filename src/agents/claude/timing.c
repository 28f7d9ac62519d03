#include "agents/claude/timing.h"

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

static int64_t gives_up_after_s(const struct agent_waiting *client, enum agent_silence silence)
{
    int version = number_of(client->version);
    if (version < 0)
        return -1;
    switch (silence) {
    case AGENT_NO_ANSWER:
        /* 600.0 s a try; the runtime closes an idle connection to another base URL after 300 s */
        if (client->is_first_party)
            return client->api_timeout_s ? client->api_timeout_s : 600;
        return 300;
    case AGENT_MID_STREAM:
        /* 180.0 s by bytes; else the runtime's 296 to 300 s, node's body timeout included */
        return version >= HAS_WATCHDOG && client->is_first_party ? 180 : 300;
    case AGENT_ONLY_PINGS:
        /* pings do not count from 2.1.105 on: 300 s, 601 s in 2.1.330; before, they count */
        if (version < HAS_WATCHDOG)
            return -1;
        return version >= IS_PATIENT_WITH_PINGS ? 601 : 300;
    }
    return -1;
}

const struct agent_timing claude_timing = {
    /* The longest time-out that the client gives a shell command is 10 min. */
    .tool_limit_s = 660,
    .retry_pause_s = 40,
    /* Up to 6 s were seen, under load. */
    .hook_record_gap_s = 30,
    /* A piece takes 120 bytes and more, a ping 52, 80 over TLS. */
    .reply_piece_bytes = 100,
    /* Once a second or more (2.1.197: timers; node: five in 10 s). */
    .asleep_for_ms = 2000,
    /* 85 to 180 times a second at work, 1 to 7 at rest; on a machine under load the former go down
     * to some 30. */
    .spinner_wakeups_per_s = 12,
    /* A dialog takes less than half a percent, the spinner 5, on a machine under load 1. */
    .resting_percent = 1,
    /* A dialog waits so much at each wake-up, where many compute. */
    .queued_percent = 10,
    .spinning_percent = 90,
    .writes_calls_first = false, /* 2.1.110: sometimes once the question is answered */
    .gives_up_after_s = gives_up_after_s,
};

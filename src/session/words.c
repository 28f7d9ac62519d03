/* The words of the public enumerations, as JSON and text show them. */
#include "session_rescue.h"

const char *sr_mapping_word(enum sr_mapping mapping)
{
    switch (mapping) {
    case SR_MAPPED_BY_NOTHING:
        break;
    case SR_MAPPED_BY_REGISTRY:
        return "registry";
    case SR_MAPPED_BY_CHILD_ENVIRONMENT:
        return "child-environment";
    case SR_MAPPED_BY_ARGV:
        return "argv";
    case SR_MAPPED_BY_TRANSCRIPT:
        return "transcript";
    case SR_MAPPED_BY_STORE:
        return "store";
    case SR_MAPPED_BY_DESCRIPTOR:
        return "descriptor";
    case SR_MAPPED_BY_LOCK:
        return "lock";
    case SR_MAPPED_BY_LOG:
        return "log";
    }
    return "none";
}

const char *sr_certainty_word(enum sr_certainty certainty)
{
    switch (certainty) {
    case SR_CERTAINTY_NONE:
        break;
    case SR_AMBIGUOUS:
        return "ambiguous";
    case SR_LIKELY:
        return "likely";
    case SR_EXACT:
        return "exact";
    }
    return "none";
}

const char *sr_kind_word(enum sr_kind kind)
{
    switch (kind) {
    case SR_KIND_UNKNOWN:
        break;
    case SR_KIND_INTERACTIVE:
        return "interactive";
    case SR_KIND_PRINT:
        return "print";
    case SR_KIND_EDITOR:
        return "editor";
    case SR_KIND_SDK:
        return "sdk";
    case SR_KIND_SERVER:
        return "server";
    case SR_KIND_BACKGROUND:
        return "background";
    }
    return "unknown";
}

const char *sr_verdict_word(enum sr_verdict verdict)
{
    switch (verdict) {
    case SR_UNKNOWN:
        break;
    case SR_WORKING:
        return "working";
    case SR_WAITING:
        return "waiting";
    case SR_IDLE:
        return "idle";
    case SR_HUNG:
        return "hung";
    case SR_STOPPED:
        return "stopped";
    case SR_BLOCKED:
        return "blocked";
    case SR_ORPHANED:
        return "orphaned";
    case SR_STARTING:
        return "starting";
    }
    return "unknown";
}

const char *sr_persistence_word(enum sr_persistence persistence)
{
    switch (persistence) {
    case SR_PERSISTENCE_UNKNOWN:
        break;
    case SR_PERSISTENCE_OK:
        return "ok";
    case SR_PERSISTENCE_BEHIND:
        return "behind";
    case SR_PERSISTENCE_NONE:
        return "none";
    }
    return NULL;
}

bool sr_is_unsaved(enum sr_persistence persistence)
{
    return persistence == SR_PERSISTENCE_NONE || persistence == SR_PERSISTENCE_BEHIND;
}

const char *sr_continuation_word(enum sr_continuation continuation)
{
    switch (continuation) {
    case SR_NOT_CONTINUED:
        break;
    case SR_CONTINUED:
        return "there";
    case SR_CONTINUED_ELSEWHERE:
        return "elsewhere";
    case SR_CONTINUATION_MISSING:
        return "missing";
    case SR_CONTINUED_IN_A_CIRCLE:
        return "circle";
    }
    return NULL;
}

#include "session_rescue.h"

#include "diagnose/rules.h"
#include "session/discover.h"

int sr_detect_hung_sessions(struct sr_snapshot *snapshot, double timeout_minutes)
{
    (void)snapshot; (void)timeout_minutes; return 0;
}

#include "session/evidence/workers.h"

/* The hooks of a prompt that are waited for are over before the model is asked, which then calls
 * the tool. */
static bool is_of_prompt(const struct workers_process *p, const struct workers_work *work)
{
    return work->kind == WORK_TOOL && p->began_ms < work->began_ms - WORKERS_HOOK_SLACK_MS;
}

static enum worker_part part_of_child(const struct workers_process *p,
                                      const struct workers_work *work)
{
    if (p->kind == AGENT_CHILD_SERVER)
        return WORKER_OF_SERVER;
    if (work->kind == WORK_NONE || p->began_ms < work->began_ms - WORKERS_SLACK_MS ||
        p->began_ms + WORKERS_TICK_MS < work->asked_ms)
        return WORKER_NO_PART;
    bool is_young = work->now_ms - p->began_ms < WORKERS_STATUS_LINE_MS;
    switch (p->kind) {
    case AGENT_CHILD_TOOL:
        /* with no tool open it is a job that the turn left in the background */
        return work->kind == WORK_REPLY ? WORKER_NO_PART : WORKER_OF_TOOL;
    case AGENT_CHILD_SEARCH:
        return work->kind == WORK_TOOL ? WORKER_OF_TOOL : WORKER_NO_PART;
    case AGENT_CHILD_HOOK:
        return is_young || is_of_prompt(p, work) ? WORKER_NO_PART : WORKER_OF_HOOK;
    case AGENT_CHILD_UNKNOWN:
        return is_young ? WORKER_NO_PART : WORKER_UNTOLD;
    default:
        return WORKER_NO_PART;
    }
}

void workers_tell(const struct workers_process *processes, size_t count,
                  const struct workers_work *work, enum worker_part *parts)
{
    for (size_t i = 0; i < count; i++) {
        parts[i] = WORKER_NO_PART;
        if (i > 0 && processes[i].ppid == processes[0].pid)
            parts[i] = part_of_child(&processes[i], work);
        for (size_t j = 1; j < i; j++)
            if (processes[j].pid == processes[i].ppid)
                parts[i] = parts[j];
    }
}

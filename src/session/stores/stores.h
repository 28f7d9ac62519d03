/*
 * stores: the config directories that hold sessions, each opened once.
 *
 * A store is named by the user (--config-dir) or by the environment of a live
 * process, or is the user's default. Two names for one directory are one
 * store. One that cannot be opened stays in the list, with the reason, so that
 * it is reported once and its live sessions are still listed.
 */
#pragma once

#include "agents/agent.h"
#include "session/processes.h"

#include <stdbool.h>

struct store {
    const struct agent *agent;
    struct agent_store io; /* io.fd < 0: it could not be opened */
    int code;              /* why, negative errno; 0: it is open */
    uint64_t device, inode;
    bool wanted;      /* list the sessions of this store */
    bool is_standard; /* the client's built-in default */
    struct agent_settings settings;
    struct lookup registry;
    struct agent_registration *registrations;
    size_t registration_count;
    struct agent_prompts prompts; /* read at first use */
    bool has_prompts;
    int prompts_code; /* as agent_read_prompts; negative: prompts holds none */
};

struct stores {
    struct arena *arena;
    struct problems *problems;
    const struct sr_options *options;
    struct store **items;
    size_t count, capacity;
};

/* Where an agent looks when the user starts it. Members are NULL when not known. */
struct sr_usual_home stores_usual_home(const struct sr_options *options, const struct agent *agent);

/* Opens the stores that the user asked for, or the default one; but none that is called as another
 * agent's default (~/.claude). Returns: how many are open. */
size_t stores_open_asked(struct stores *stores, const struct agent *agent);

/*
 * The store of a live process, opened at the first call.
 * Returns: NULL when its config directory is not known.
 */
struct store *stores_of(struct stores *stores, const struct proc *proc, const struct live *live);

/* Calls options->entering before this store is read; call stores_leave after. Returns: false when
 * the store is known not to answer. */
bool stores_enter(const struct stores *stores, const char *path);
void stores_leave(const struct stores *stores);

bool stores_is_home(const struct store *store, const struct sr_home *home);

void stores_close(struct stores *stores);

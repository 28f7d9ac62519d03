/*
 * node_script: agents that are a script which node runs, as npm installs it.
 *
 * A script is known by the vendor's folder in its path; a link to it, which is called as the agent
 * is, by where it leads.
 */
#pragma once

#include "agents/agent.h"

struct node_script {
    const char *vendor;         /* in the path of the script: "/@vendor/agent/" */
    const char *link;           /* the name of a link that may lead there */
    const char *const *options; /* those that a value follows, in a word of its own where none
                                   stands behind "="; ends with NULL */
};

/* As struct agent_process has it: node, or bun. */
bool node_script_could_be(const char *exe, const char *name);

/* Where in argv the script stands that the runtime runs; argv->count: there is none. */
size_t node_script_at(const struct proc_strings *argv);

/* By its path; or that it may be a link to it. */
bool node_script_is_vendor(const struct node_script *s, const char *script);
bool node_script_may_be_link(const struct node_script *s, const char *script);

/* As struct agent_process has it: looks where a link leads. */
enum fact node_script_is_program(const struct node_script *s, const struct proc *proc, pid_t pid,
                                 const struct agent_look *look);

/* The first word after the script that is no option, nor an option's value; NULL: none. */
const char *node_script_first_word(const struct node_script *s, const struct proc_strings *argv);

/* short_name NULL: it has none. */
bool node_script_has_option(const struct proc_strings *argv, const char *long_name,
                            const char *short_name);

/* The value behind the last of those options, in the next word or behind "="; {0}: none. names:
 * ends with NULL. */
struct sv node_script_value(const struct proc_strings *argv, const char *const *names);

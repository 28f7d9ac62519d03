/*
 * model_address: where a client's connection to its model leads, by a URL or a proxy.
 */
#pragma once

#include "platform/process/proc.h"

#include <stdbool.h>
#include <stdint.h>

/* The port of "https://host:8443/path"; 443 or 80 when none is given. */
uint16_t model_port_of_url(const char *url);

/* It leads to this machine: a proxy is not asked for it. */
bool model_is_of_this_machine(struct sv url);

/* The proxy in the environment; NULL: none. */
const char *model_proxy_of(const struct proc_strings *environment);

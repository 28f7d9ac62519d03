#include "agents/model_address.h"

#include <stdlib.h>
#include <string.h>

uint16_t model_port_of_url(const char *url)
{
    const char *host = strstr(url, "://");
    bool is_plain = str_starts_with(url, "http://");
    host = host ? host + 3 : url;
    const char *end = host + strcspn(host, "/");
    for (const char *p = end; p > host && p[-1] != ']'; p--)
        if (p[-1] == ':')
            return (uint16_t)strtoul(p, NULL, 10);
    return is_plain ? 80 : 443;
}

const char *model_proxy_of(const struct proc_strings *environment)
{
    static const char *const names[] = {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = proc_variable(environment, names[i]);
        if (value && *value)
            return value;
    }
    return NULL;
}

bool model_is_of_this_machine(struct sv url)
{
    struct sv host = sv_slice(url, sv_find(url, 0, SV("://")), url.n);
    return sv_starts_with(host, SV("://127.")) || sv_starts_with(host, SV("://localhost")) ||
           sv_starts_with(host, SV("://[::1]"));
}

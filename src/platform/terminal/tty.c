#include "platform/terminal/tty.h"

#include "base/str.h"

#include <ctype.h>
#include <string.h>
#include <sys/sysmacros.h>

const char *tty_name(struct arena *a, uint64_t device)
{
    /* Major numbers from the kernel's devices.txt. */
    unsigned major_number = major(device), minor_number = minor(device);
    if (major_number >= 136 && major_number <= 143)
        return arena_printf(a, "pts/%u", (major_number - 136) * 256 + minor_number);
    if (major_number == 4 && minor_number > 0 && minor_number < 64)
        return arena_printf(a, "tty%u", minor_number);
    if (major_number == 4 && minor_number >= 64)
        return arena_printf(a, "ttyS%u", minor_number - 64);
    if (major_number == 229)
        return arena_printf(a, "hvc%u", minor_number);
    return NULL;
}

static bool all_digits(const char *s)
{
    for (; *s; s++)
        if (!isdigit((unsigned char)*s))
            return false;
    return true;
}

/* "1", "S0", "USB0": letters or none, then digits */
static bool is_numbered(const char *s)
{
    while (isalpha((unsigned char)*s))
        s++;
    return *s && all_digits(s);
}

const char *tty_canonical(struct arena *a, const char *text)
{
    if (str_starts_with(text, "/dev/"))
        text += strlen("/dev/");
    if (str_starts_with(text, "pts/"))
        return text[4] && all_digits(text + 4) ? arena_strdup(a, text) : NULL;
    if (str_starts_with(text, "tty") && text[3] != 's' && is_numbered(text + 3))
        return arena_strdup(a, text);
    if (str_starts_with(text, "hvc") && text[3] && all_digits(text + 3))
        return arena_strdup(a, text);
    /* macOS: /dev/ttys013, which ps shows as s013 */
    const char *digits = str_starts_with(text, "ttys") ? text + 4 : text[0] == 's' ? text + 1 : "";
    return *digits && all_digits(digits) ? arena_printf(a, "s%s", digits) : NULL;
}

bool tty_link_is_gone(const char *target)
{
    return str_starts_with(target, "/dev/") && str_ends_with(target, " (deleted)");
}

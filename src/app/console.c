#include "app/console.h"

#include "base/charset.h"
#include "session/resume.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <unistd.h>

static struct charset *charset; /* of the locale; NULL: UTF-8 */
static bool is_limited[3];      /* by descriptor */

void console_begin(bool is_json)
{
    locale_t users = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    charset = charset_new(users ? nl_langinfo_l(CODESET, users) : NULL);
    if (users)
        freelocale(users);
    is_limited[STDOUT_FILENO] = charset && !is_json && isatty(STDOUT_FILENO);
    is_limited[STDERR_FILENO] = charset && isatty(STDERR_FILENO);
    resume_write_ascii(is_limited[STDOUT_FILENO]);
}

void console_end(void)
{
    charset_free(charset);
    charset = NULL;
}

bool console_is_utf8(void)
{
    return charset == NULL;
}

bool console_is_limited(FILE *to)
{
    return charset && is_limited[to == stderr ? STDERR_FILENO : STDOUT_FILENO];
}

void console_convert(FILE *to, struct buf *out, struct sv text)
{
    charset_add(console_is_limited(to) ? charset : NULL, out, text);
}

int console_write(FILE *to, struct sv text)
{
    BUF_RELEASE struct buf converted = {0};
    if (console_is_limited(to)) {
        charset_add(charset, &converted, text);
        text = (struct sv){converted.p, converted.n};
    }
    return text.n == 0 || fwrite(text.p, 1, text.n, to) == text.n ? 0 : -EIO;
}

#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct sr_error *error, int code, const char *format, ...)
{
    if (!error)
        return code;
    va_list args;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    error->code = code;
    return code;
}

int err_wrap(struct sr_error *error, const char *format, ...)
{
    if (!error)
        return -EINVAL;
    char context[sizeof error->text - 2];
    va_list args;
    va_start(args, format);
    int written = vsnprintf(context, sizeof context, format, args);
    va_end(args);
    size_t n = written < 0 ? 0 : (size_t)written;
    if (n > sizeof context - 1)
        n = sizeof context - 1;

    memmove(error->text + n + 2, error->text, sizeof error->text - n - 2);
    memcpy(error->text, context, n);
    memcpy(error->text + n, ": ", 2);
    error->text[sizeof error->text - 1] = '\0';
    return error->code;
}

const char *err_reason(int code)
{
    /* The ones a user of this program meets, worded for the middle of a sentence. */
    switch (code < 0 ? -code : code) {
    case EACCES:
    case EPERM:
        return "permission denied";
    case ENOENT:
        return "no such file or directory";
    case ENOLINK:
        return "a link on the way leads nowhere";
    case ENOTDIR:
        return "not a directory";
    case EISDIR:
        return "is a directory";
    case ELOOP:
        return "too many levels of symbolic links";
    case ESRCH:
        return "no such process";
    case EFBIG:
        return "too large";
    case ENOSPC:
        return "no space left on device";
    case EIO:
        return "input/output error";
    case EROFS:
        return "read-only file system";
    case EDQUOT:
        return "disk quota exceeded";
    case EEXIST:
        return "is there already";
    case EXDEV:
        return "leads out of its folder, or to another file system";
    case EBADMSG:
        return "not valid JSON";
    case ETIMEDOUT:
        return "does not answer";
    case ENXIO:
        return "not a regular file";
    default: {
        const char *known = strerrordesc_np(code < 0 ? -code : code);
        return known ? known : "unknown error";
    }
    }
}

#include "platform/privilege.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The capabilities of a thread, of which ours stand in the first word. */
struct capabilities {
    struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3];
};

static const struct {
    enum privilege privilege;
    unsigned bit;
} kinds[] = {
    {PRIVILEGE_TRACE, CAP_TO_MASK(CAP_SYS_PTRACE)},
    {PRIVILEGE_NETWORK, CAP_TO_MASK(CAP_NET_ADMIN)},
    {PRIVILEGE_TYPE, CAP_TO_MASK(CAP_SYS_ADMIN)},
};

static unsigned bits_of(unsigned privileges)
{
    unsigned bits = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (privileges & kinds[i].privilege)
            bits |= kinds[i].bit;
    return bits;
}

static struct __user_cap_header_struct own_thread(void)
{
    return (struct __user_cap_header_struct){.version = _LINUX_CAPABILITY_VERSION_3};
}

static struct capabilities capabilities_now(void)
{
    struct __user_cap_header_struct header = own_thread();
    struct capabilities c = {0};
    if (syscall(SYS_capget, &header, c.words) < 0)
        memset(&c, 0, sizeof c);
    return c;
}

/* The kernel's call, which is for one thread: libc has no other. */
static int set(const struct capabilities *c)
{
    struct __user_cap_header_struct header = own_thread();
    return syscall(SYS_capset, &header, c->words) < 0 ? -errno : 0;
}

static bool is_wholly(uid_t uid, gid_t gid)
{
    uid_t r, e, s;
    gid_t rg, eg, sg;
    return getresuid(&r, &e, &s) == 0 && r == uid && e == uid && s == uid &&
           getresgid(&rg, &eg, &sg) == 0 && rg == gid && eg == gid && sg == gid;
}

int privilege_become(const struct privilege_user *user, unsigned kept, struct sr_error *error)
{
    /* KEEPCAPS: what is permitted outlasts the change of ids; what is in effect never does. */
    if (initgroups(user->name, user->gid) < 0 || setresgid(user->gid, user->gid, user->gid) < 0 ||
        prctl(PR_SET_KEEPCAPS, kept != 0, 0, 0, 0) < 0 ||
        setresuid(user->uid, user->uid, user->uid) < 0)
        return err_set(error, -errno, "become user %s: %s", user->name, err_reason(-errno));
    struct capabilities only = {0}, now = capabilities_now();
    only.words[0].permitted = now.words[0].permitted & bits_of(kept);
    int r = set(&only);
    if (r == 0 && !is_wholly(user->uid, user->gid))
        r = -EPERM;
    /* No core file, and no debugger of the user's, of a process that has such rights. */
    if (r == 0 &&
        (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0 || prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0))
        r = -errno;
    return r < 0 ? err_set(error, r, "lay down root's rights: %s", err_reason(r)) : 0;
}

bool privilege_is_there(enum privilege privilege)
{
    return (capabilities_now().words[0].permitted & bits_of(privilege)) != 0;
}

int privilege_check(const struct proc *proc, pid_t pid)
{
    struct proc_status status;
    int r = proc_read_status(proc, pid, &status);
    if (r < 0)
        return r;
    uid_t own = getuid();
    return status.real_uid == own && status.uid == own && status.saved_uid == own ? 0 : -EPERM;
}

struct privilege_scope privilege_raise(enum privilege privilege, const struct proc *proc, pid_t pid)
{
    struct capabilities c = capabilities_now();
    unsigned wanted = bits_of(privilege), before = c.words[0].effective;
    if (!(c.words[0].permitted & wanted & ~before) || privilege_check(proc, pid) < 0)
        return (struct privilege_scope){0};
    c.words[0].effective |= wanted;
    return (struct privilege_scope){.before = before, .is_raised = set(&c) == 0};
}

void privilege_drop(struct privilege_scope *scope)
{
    if (!scope->is_raised)
        return;
    int code = errno;
    struct capabilities c = capabilities_now();
    c.words[0].effective = scope->before;
    if (set(&c) < 0)
        abort(); /* a right that cannot be laid down must not be gone on with */
    scope->is_raised = false;
    errno = code;
}

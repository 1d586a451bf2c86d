/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- capabilities ---------------------------------------------------------------------------------------------- */

/* Of the calling thread. */
static bool keep_capabilities(const int *kept, size_t n)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2] = {{0, 0, 0}, {0, 0, 0}};

    for (size_t i = 0; i < n; i++) {
        data[kept[i] / 32].permitted |= UINT32_C(1) << kept[i] % 32;
        data[kept[i] / 32].effective |= UINT32_C(1) << kept[i] % 32;
    }
    return syscall(SYS_capset, &header, data) == 0;
}

/* So that no program that is started gets them back. */
static void empty_bounding_set(void)
{
    for (int c = 0; prctl(PR_CAPBSET_READ, c, 0, 0, 0) >= 0; c++)
        prctl(PR_CAPBSET_DROP, c, 0, 0, 0); /* without CAP_SETPCAP: refused, and there is nothing to lose */
}

/* ---- Landlock -------------------------------------------------------------------------------------------------- */

#define LANDLOCK_WRITES                                                                                                \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                  \
     LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |                        \
     LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |                     \
     LANDLOCK_ACCESS_FS_MAKE_SYM)

unsigned ps_sandbox_landlock(void)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

    return version > 0 ? (unsigned)version : 0;
}

static bool allow_below(int ruleset, const char *folder)
{
    struct landlock_path_beneath_attr below = {.allowed_access = LANDLOCK_WRITES};
    long done;

    below.parent_fd = open(folder, O_PATH | O_CLOEXEC);
    if (below.parent_fd < 0)
        return false;
    done = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &below, 0);
    close(below.parent_fd);
    return done == 0;
}

/* No file is written, made or removed but below the folders. True also where the kernel has no Landlock. */
static bool write_only_below(const char *const *folders)
{
    struct landlock_ruleset_attr attr = {.handled_access_fs = LANDLOCK_WRITES};
    int ruleset;
    bool good = true;

    if (ps_sandbox_landlock() == 0)
        return true;
    ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (ruleset < 0)
        return false;
    for (size_t i = 0; good && folders != NULL && folders[i] != NULL; i++)
        good = allow_below(ruleset, folders[i]);
    good = good && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
    close(ruleset);
    return good;
}

/* ---- seccomp --------------------------------------------------------------------------------------------------- */

static bool add_rules(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int wrong = seccomp_rule_add(filter, action, calls[i], 0);

        if (wrong != 0 && wrong != -EDOM) /* EDOM: this kind of machine has no such call */
            return false;
    }
    return true;
}

/* What reading files, computing and writing to open descriptors takes. Everything else fails with EPERM. */
static const int reader_calls[] = {
    SCMP_SYS(read),          SCMP_SYS(readv),        SCMP_SYS(pread64),       SCMP_SYS(write),
    SCMP_SYS(writev),        SCMP_SYS(close),        SCMP_SYS(fstat),         SCMP_SYS(newfstatat),
    SCMP_SYS(stat),          SCMP_SYS(lstat),        SCMP_SYS(statx),         SCMP_SYS(lseek),
    SCMP_SYS(brk),           SCMP_SYS(mmap),         SCMP_SYS(munmap),        SCMP_SYS(mremap),
    SCMP_SYS(madvise),       SCMP_SYS(mprotect),     SCMP_SYS(futex),         SCMP_SYS(getrandom),
    SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(rt_sigreturn),  SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),  SCMP_SYS(sigaltstack),  SCMP_SYS(exit),          SCMP_SYS(exit_group),
    SCMP_SYS(readlink),      SCMP_SYS(readlinkat),   SCMP_SYS(getcwd),        SCMP_SYS(getpid),
    SCMP_SYS(gettid),        SCMP_SYS(sched_yield),  SCMP_SYS(restart_syscall), SCMP_SYS(ftruncate),
};

static bool only_reader_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    bool good = filter != NULL;

    good = good && add_rules(filter, SCMP_ACT_ALLOW, reader_calls, sizeof reader_calls / sizeof reader_calls[0]);
    /* open for reading only: neither for writing nor to make a file */
    good = good &&
           seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1,
                            SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE | O_CREAT | O_TRUNC, O_RDONLY)) == 0;
    good = good && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return good;
}

/* What nobody needs who moves packets, serves a socket and writes logs. Killing would stop the plant; refusing does. */
static const int daemon_refused[] = {
    SCMP_SYS(ptrace),      SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(kexec_load),
    SCMP_SYS(init_module), SCMP_SYS(finit_module),     SCMP_SYS(delete_module),     SCMP_SYS(mount),
    SCMP_SYS(umount2),     SCMP_SYS(pivot_root),       SCMP_SYS(chroot),            SCMP_SYS(swapon),
    SCMP_SYS(swapoff),     SCMP_SYS(reboot),           SCMP_SYS(sethostname),       SCMP_SYS(setdomainname),
    SCMP_SYS(unshare),     SCMP_SYS(setns),            SCMP_SYS(add_key),           SCMP_SYS(request_key),
    SCMP_SYS(keyctl),      SCMP_SYS(perf_event_open),  SCMP_SYS(userfaultfd),       SCMP_SYS(open_by_handle_at),
    SCMP_SYS(acct),        SCMP_SYS(quotactl),         SCMP_SYS(settimeofday),      SCMP_SYS(clock_settime),
    SCMP_SYS(adjtimex),    SCMP_SYS(clock_adjtime),    SCMP_SYS(personality),       SCMP_SYS(iopl),
    SCMP_SYS(ioperm),      SCMP_SYS(modify_ldt),       SCMP_SYS(setuid),            SCMP_SYS(setgid),
    SCMP_SYS(setreuid),    SCMP_SYS(setregid),         SCMP_SYS(setgroups),         SCMP_SYS(setresuid),
    SCMP_SYS(setresgid),   SCMP_SYS(mknod),            SCMP_SYS(mknodat),
};

/* Of all threads (SECCOMP_FILTER_FLAG_TSYNC). */
static bool refuse_daemon_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    bool good = filter != NULL && seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0;

    good = good && add_rules(filter, SCMP_ACT_ERRNO(EPERM), daemon_refused,
                             sizeof daemon_refused / sizeof daemon_refused[0]);
    good = good && seccomp_load(filter) == 0;
    seccomp_release(filter);
    return good;
}

/* ---- the two sandboxes ----------------------------------------------------------------------------------------- */

static bool limit(int what, uint64_t most)
{
    struct rlimit limits = {most, most};

    return setrlimit((__rlimit_resource_t)what, &limits) == 0;
}

static bool set_limits(const struct ps_sandbox_limits *limits)
{
    return limit(RLIMIT_CORE, 0) && limit(RLIMIT_NPROC, 0) &&
           (limits->memory == 0 || limit(RLIMIT_AS, limits->memory)) &&
           (limits->output == 0 || limit(RLIMIT_FSIZE, limits->output)) &&
           (limits->cpu_s == 0 || limit(RLIMIT_CPU, limits->cpu_s));
}

bool ps_sandbox_reader(const struct ps_sandbox_limits *limits, struct ps_error *err)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return ps_error_errno(err, "cannot give up new privileges");
    if (!set_limits(limits))
        return ps_error_errno(err, "cannot set resource limits");
    empty_bounding_set();
    if (!keep_capabilities(NULL, 0))
        return ps_error_errno(err, "cannot give up capabilities");
    if (!write_only_below(NULL))
        return ps_error_errno(err, "cannot restrict files with Landlock");
    if (!only_reader_calls())
        return ps_error_errno(err, "cannot restrict system calls with seccomp");
    return true;
}

/* setresuid() of glibc changes all threads; those that do not ask to keep capabilities lose them by it. */
static bool become(uint32_t uid, uint32_t gid)
{
    gid_t none[1] = {gid};

    return prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) == 0 && setgroups(1, none) == 0 && setresgid(gid, gid, gid) == 0 &&
           setresuid(uid, uid, uid) == 0;
}

bool ps_sandbox_daemon(const struct ps_sandbox_daemon *keep, struct ps_error *err)
{
    if (keep->uid != 0 && !become(keep->uid, keep->gid))
        return ps_error_errno(err, "cannot change the user");
    if (!keep_capabilities(keep->kept, keep->n_kept))
        return ps_error_errno(err, "cannot give up capabilities");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return ps_error_errno(err, "cannot give up new privileges");
    if (keep->writable != NULL && !write_only_below(keep->writable))
        return ps_error_errno(err, "cannot restrict files with Landlock");
    if (!refuse_daemon_calls())
        return ps_error_errno(err, "cannot restrict system calls with seccomp");
    return true;
}

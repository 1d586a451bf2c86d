/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * sandbox_threads.c - capabilities belong to a thread, and only the thread itself can give them up. Threads that libraries
 * have started are made to by a signal, as glibc does it for setuid(2).
 */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sandbox.h"
#include "signals.h"

#define TRIES 3000 /* of a millisecond: a thread may have to wait for a processor */

static void give_up(int number)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    const struct __user_cap_data_struct none[2] = {{0, 0, 0}, {0, 0, 0}};
    int saved = errno;

    (void)number;
    (void)syscall(SYS_capset, &header, none); /* what came of it is looked up */
    errno = saved;
}

/* Permitted ones: the others are among them. -1: there is no such thread any more. */
static int has_capabilities(const char *thread)
{
    char path[64], line[128];
    int has = -1;
    FILE *file;

    snprintf(path, sizeof path, "/proc/self/task/%.20s/status", thread);
    file = fopen(path, "re");
    if (file == NULL)
        return -1;
    while (has < 0 && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, "CapPrm:", 7) == 0)
            has = strtoull(line + 7, NULL, 16) != 0;
    fclose(file);
    return has;
}

/* Asks every other thread that has some. How many there are; -1: it cannot be seen. */
static int ask_others(int number)
{
    DIR *folder = opendir("/proc/self/task");
    const struct dirent *entry;
    int n = 0;

    if (folder == NULL)
        return -1;
    while ((entry = readdir(folder)) != NULL) {
        pid_t thread = (pid_t)strtol(entry->d_name, NULL, 10);

        if (!isdigit((unsigned char)entry->d_name[0]) || thread == gettid() || has_capabilities(entry->d_name) <= 0)
            continue;
        n++;
        (void)syscall(SYS_tgkill, getpid(), thread, number);
    }
    closedir(folder);
    return n;
}

bool ps_sandbox_other_threads(struct ps_error *err)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    struct sigaction action = {.sa_handler = give_up, .sa_flags = SA_RESTART};
    int number = PS_SIGNAL_GIVE_UP, n = -1;

    if (sigaction(number, &action, NULL) != 0)
        return ps_error_errno(err, "cannot take capabilities from threads");
    for (int tries = 0; tries < TRIES && (n = ask_others(number)) > 0; tries++)
        nanosleep(&pause, NULL);
    action.sa_handler = SIG_IGN; /* one that comes late does no harm */
    (void)sigaction(number, &action, NULL);
    if (n < 0)
        return ps_error_errno(err, "cannot take capabilities from threads: /proc/self/task");
    return n == 0 || ps_error_say(err, "threads that do not give up their capabilities: %d", n);
}

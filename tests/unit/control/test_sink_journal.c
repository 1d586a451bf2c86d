/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "sink_journal.h"
#include "unit.h"

/* An empty /run of this process alone; false: not allowed here. */
static bool empty_run(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("tmpfs", "/run", "tmpfs", 0, NULL) == 0;
}

START_TEST(test_ps_sink_journal_write__no_journal_then_one__known_and_in_fields)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket"};
    char text[2048] = "";
    int fd;

    if (!empty_run()) /* only root can move the journal out of the way */
        return;
    ck_assert(!ps_sink_journal_write("{}", 4));
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_int_eq(mkdir("/run/systemd", 0755), 0);
    ck_assert_int_eq(mkdir("/run/systemd/journal", 0755), 0);
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(bind(fd, (const void *)&address, sizeof address), 0);
    ck_assert(ps_sink_journal_write("{\"kind\":\"deny\",\"reason\":\"no-rule\",\"n\":1}", 4));
    ck_assert_int_gt(recv(fd, text, sizeof text - 1, MSG_DONTWAIT), 0);
    ck_assert_ptr_nonnull(strstr(text, "MESSAGE={\"kind\":\"deny\""));
    ck_assert_ptr_nonnull(strstr(text, "PRIORITY=4\n"));
    ck_assert_ptr_nonnull(strstr(text, "SYSLOG_IDENTIFIER=penstockd\n"));
    ck_assert_ptr_nonnull(strstr(text, "PENSTOCK_KIND=deny\n"));
    ck_assert_ptr_nonnull(strstr(text, "PENSTOCK_REASON=no-rule\n"));
    close(fd);
}
END_TEST

UNIT_MAIN("control/sink_journal", test_ps_sink_journal_write__no_journal_then_one__known_and_in_fields)

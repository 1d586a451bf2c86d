/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * With the real penstock-loader (PENSTOCK_LOADER), which is looked for beside the program.
 */
#include "reload.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon_rig.h"
#include "decode.h"
#include "unit.h"

static struct daemon_rig r;

static void write_plant(const char *text)
{
    FILE *f = fopen(r.plant, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

/* The plant of the rig, of revision 8, where nobody reads. */
static const char *stricter(void)
{
    static char text[4096];
    const char *revision = strstr(daemon_rig_plant, "revision = 7"), *op = strstr(daemon_rig_plant, "\"read\"");
    snprintf(text, sizeof text, "%.*srevision = 8%.*s\"time\"%s", (int)(revision - daemon_rig_plant), daemon_rig_plant,
             (int)(op - revision - 12), revision + 12, op + 6);
    return text;
}

static bool is_kept(const char *name)
{
    return faccessat(r.daemon.state.dir_fd, name, F_OK, 0) == 0;
}

static const char *digest(void)
{
    return r.daemon.policies.current->loaded.digest;
}

static const char *told(const char *key)
{
    const char *text = json_string_value(json_object_get(r.told, key));
    return text ? text : "";
}

static void put_loader_beside(void)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 32);
    ck_assert_int_gt(n, 0);
    path[n] = '\0';
    strcpy(strrchr(path, '/'), "/penstock-loader");
    ck_assert(symlink(getenv("PENSTOCK_LOADER"), path) == 0 || errno == EEXIST);
}

static void begin(const char *plant)
{
    put_loader_beside();
    daemon_rig_init(&r);
    write_plant(plant);
    ps_reload_first(&r.daemon);
    daemon_rig_settle(&r);
}

/* Until it is answered; not before every flow was judged again. */
static void reload(const char *members)
{
    struct ps_engine_stats stats;
    ps_engine_stats_read(r.packets.engine, &stats);
    daemon_rig_ask(&r, members, true);
    while (r.n_replies == 0) {
        struct pollfd fd = {.fd = ps_reload_fd(&r.daemon.reload), .events = POLLIN};
        ck_assert_int_ne(r.daemon.reload.state, PS_RELOAD_IDLE);
        if (fd.fd >= 0)
            ck_assert_int_eq(poll(&fd, 1, 20000), 1);
        daemon_rig_settle(&r);
        ps_reload_step(&r.daemon);
        if (r.daemon.reload.state != PS_RELOAD_SETTLING || stats.flows_now == 0)
            continue;
        ps_reload_step(&r.daemon);
        ck_assert_uint_eq(r.n_replies, 0);
    }
    ck_assert_uint_eq(r.client, 7);
    ck_assert_int_eq(r.daemon.reload.state, PS_RELOAD_IDLE);
    ck_assert_int_eq(ps_reload_fd(&r.daemon.reload), -1);
}

/* The daemon ended and is there again. */
static void start_again(void)
{
    ps_reload_fini(&r.daemon.reload);
    ps_reload_init(&r.daemon.reload);
    ps_reload_first(&r.daemon);
    daemon_rig_settle(&r);
}

START_TEST(test_ps_reload_first__good_file__in_force_and_kept)
{
    begin(daemon_rig_plant);
    ck_assert_uint_eq(r.daemon.policies.current->generation, 1);
    ck_assert_str_eq(r.daemon.policies.current->origin, r.plant);
    ck_assert(is_kept(PS_STATEDIR_IMAGE) && !is_kept(PS_STATEDIR_UNCONFIRMED));
    ck_assert_str_eq(told("did"), "start");
    ck_assert_str_eq(told("after"), digest());
    ck_assert_ptr_null(r.daemon.reload.broken);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_reload_first__broken_file__the_last_good_one_or_none)
{
    begin("schema = 1;");
    ck_assert_ptr_null(r.daemon.policies.current);
    ck_assert_str_eq(told("what"), "no policy is in force, and nothing passes");
    ck_assert_str_eq(told("last_good"), "there is no last good policy");
    ck_assert_ptr_nonnull(r.daemon.reload.broken);
    write_plant(daemon_rig_plant);
    start_again();
    write_plant("schema = 1;");
    start_again();
    ck_assert_str_eq(r.daemon.policies.current->origin, "last good policy");
    ck_assert_str_eq(told("what"), "the plant file is not in force; the last good policy is");
    ck_assert_str_eq(told("after"), digest());
    ck_assert_ptr_nonnull(r.daemon.reload.broken);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_reload_step__stricter_file__answered_with_what_became_of_flows)
{
    begin(daemon_rig_plant);
    r.packets.port = PS_PORT_UNKNOWN;
    struct talk t = talk_between(&r.packets, HMI, PLC, 502), web = talk_between(&r.packets, ENG, PLC, 80);
    talk_open(&t);
    talk_at(&web, PS_TO_SERVER, 0, PS_TCP_SYN, "");
    write_plant(stricter());
    reload("\"verb\":\"reload\"");
    ck_assert_str_eq(r.refusal, "");
    ck_assert_str_eq(daemon_rig_said(&r, "revision"), "8");
    ck_assert_str_eq(daemon_rig_said(&r, "generation"), "2");
    ck_assert_str_eq(daemon_rig_said(&r, "settled"), "true");
    ck_assert_str_eq(daemon_rig_said(&r, "flows_rejudged"), "2");
    ck_assert_str_eq(daemon_rig_said(&r, "flows_refused"), "0");
    ck_assert_str_eq(daemon_rig_said(&r, "confirm_s"), "0");
    ck_assert_str_ne(daemon_rig_said(&r, "findings"), "");
    ck_assert_str_eq(told("did"), "reload");
    ck_assert_str_eq(told("who"), "otto");
    ck_assert_str_eq(told("after"), digest());
    ck_assert_str_ne(told("before"), digest());
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_reload_step__broken_file__refused_and_the_policy_stays)
{
    begin(daemon_rig_plant);
    write_plant("schema = 1; zones = ();");
    reload("\"verb\":\"reload\"");
    ck_assert_str_ne(r.refusal, "");
    ck_assert_str_eq(daemon_rig_said(&r, "generation"), "1");
    ck_assert_str_eq(daemon_rig_said(&r, "findings.0.severity"), "\"error\"");
    ck_assert_str_eq(told("what"), "reload failed");
    ck_assert_str_eq(told("before"), digest());
    ck_assert_str_eq(r.daemon.reload.broken, r.refusal);
    ck_assert_uint_eq(r.daemon.policies.current->generation, 1);
    write_plant(daemon_rig_plant);
    reload("\"verb\":\"reload\"");
    ck_assert_ptr_null(r.daemon.reload.broken);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_reload_begin__one_is_under_way__a_sentence)
{
    begin(daemon_rig_plant);
    struct ps_error err = {""};
    ck_assert(ps_reload_begin(&r.daemon, NULL, 0, &err));
    daemon_rig_ask(&r, "\"verb\":\"reload\"", true);
    ck_assert_str_eq(r.refusal, "a reload is under way; try again when it is done");
    while (r.daemon.reload.state != PS_RELOAD_IDLE) {
        struct pollfd fd = {.fd = ps_reload_fd(&r.daemon.reload), .events = POLLIN};
        ck_assert(fd.fd < 0 || poll(&fd, 1, 20000) == 1);
        daemon_rig_settle(&r);
        ps_reload_step(&r.daemon);
    }
    ck_assert_uint_eq(r.daemon.policies.current->generation, 2);
    ck_assert_uint_eq(r.n_replies, 1); /* nobody waits for it */
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_reload_confirm__in_time__kept_for_the_next_start)
{
    begin(daemon_rig_plant);
    write_plant(stricter());
    reload("\"verb\":\"reload\",\"confirm\":60");
    ck_assert_str_eq(daemon_rig_said(&r, "confirm_s"), "60");
    ck_assert(is_kept(PS_STATEDIR_UNCONFIRMED));
    ps_reload_step(&r.daemon);
    ck_assert_uint_eq(r.daemon.policies.current->generation, 2);
    daemon_rig_ask(&r, "\"verb\":\"confirm\"", true);
    ck_assert_str_eq(r.refusal, "");
    ck_assert_str_eq(daemon_rig_said(&r, "generation"), "2");
    ck_assert_str_eq(told("did"), "confirm");
    ck_assert(!is_kept(PS_STATEDIR_UNCONFIRMED));
    ck_assert_uint_eq(ps_reload_confirm_left(&r.daemon.reload), 0);
    daemon_rig_ask(&r, "\"verb\":\"confirm\"", true);
    ck_assert_str_eq(r.refusal, "there is nothing to confirm");
    start_again();
    ck_assert_uint_eq(ps_image_revision(&r.daemon.policies.current->loaded.image), 8);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_reload_step__never_confirmed__the_one_before_is_back)
{
    char first[65];
    begin(daemon_rig_plant);
    strcpy(first, digest());
    write_plant(stricter());
    reload("\"verb\":\"reload\",\"confirm\":60");
    reload("\"verb\":\"reload\",\"confirm\":60"); /* goes back to the confirmed one all the same */
    ck_assert_str_ne(digest(), first);
    r.daemon.reload.confirm_by_ns = 1;
    ck_assert_uint_eq(ps_reload_confirm_left(&r.daemon.reload), 1);
    ps_reload_step(&r.daemon);
    ck_assert_str_eq(digest(), first);
    ck_assert_str_eq(told("did"), "revert");
    ck_assert_str_eq(told("after"), first);
    ck_assert_str_eq(r.daemon.reload.broken, "the last reload was not confirmed in time");
    ck_assert_uint_eq(ps_reload_confirm_left(&r.daemon.reload), 0);
    daemon_rig_fini(&r);
}
END_TEST

/* What could not go back by itself must not be put in force as if it did. */
START_TEST(test_ps_reload_begin__to_confirm_with_no_policy_in_force__a_sentence)
{
    begin("schema = 1;");
    write_plant(daemon_rig_plant);
    daemon_rig_ask(&r, "\"verb\":\"reload\",\"confirm\":60", true);
    ck_assert_str_eq(r.refusal, "no policy is in force that could come back; reload without confirmation");
    ck_assert_ptr_null(r.daemon.policies.current);
    reload("\"verb\":\"reload\"");
    ck_assert_uint_eq(r.daemon.policies.current->generation, 1);
    daemon_rig_fini(&r);
}
END_TEST

START_TEST(test_ps_reload_first__never_confirmed_before_the_end__not_in_force_by_itself)
{
    char first[65];
    begin(daemon_rig_plant);
    strcpy(first, digest());
    write_plant(stricter());
    reload("\"verb\":\"reload\",\"confirm\":60");
    start_again();
    ck_assert_str_eq(digest(), first);
    ck_assert_ptr_nonnull(strstr(r.daemon.reload.broken, "never confirmed; reload puts it in force"));
    reload("\"verb\":\"reload\"");
    ck_assert_str_ne(digest(), first);
    start_again();
    ck_assert_str_ne(digest(), first);
    daemon_rig_fini(&r);
}
END_TEST

UNIT_MAIN("control/reload", test_ps_reload_first__good_file__in_force_and_kept,
          test_ps_reload_first__broken_file__the_last_good_one_or_none,
          test_ps_reload_step__stricter_file__answered_with_what_became_of_flows,
          test_ps_reload_step__broken_file__refused_and_the_policy_stays,
          test_ps_reload_begin__one_is_under_way__a_sentence, test_ps_reload_confirm__in_time__kept_for_the_next_start,
          test_ps_reload_begin__to_confirm_with_no_policy_in_force__a_sentence,
          test_ps_reload_step__never_confirmed__the_one_before_is_back,
          test_ps_reload_first__never_confirmed_before_the_end__not_in_force_by_itself)

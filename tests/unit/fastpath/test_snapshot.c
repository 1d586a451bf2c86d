/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "rig_resume.h"
#include "unit.h"

static struct two w;
static struct left left;

#define ASK PS_TO_SERVER
#define ANSWER PS_TO_CLIENT

#define REQUEST_2 "0002 0000 0006 01 03 0028 0002"

static void begin_with(const char *mode)
{
    two_init(&w, NULL, mode);
    two_open(&w);
}

static void begin(void)
{
    begin_with(GOES_ON);
}

static void end(void)
{
    w.r.n_judged = 0;
    two_fini(&w);
}

static void say(unsigned dir, const char *hex, const char *what)
{
    two_next(&w, dir, hex);
    two_expect(&w, what);
}

/* ---- what is left behind --------------------------------------------------------------------------------------- */

static void expect_left(uint32_t n)
{
    two_stop(&w, &left);
    ck_assert_uint_eq(left_count(&left), n);
}

START_TEST(test_ps_engine_snapshot__connections_in_the_middle_of_something__not_left)
{
    begin();
    expect_left(1);
    two_at(&w, ASK, 12, PS_TCP_ACK, REQUEST_2); /* kept until its turn */
    expect_left(0);
    two_at(&w, ASK, 0, PS_TCP_ACK, "0001 0000 0006"); /* held, and acknowledged in the server's name */
    expect_left(0);
    end();
    begin();
    two_say(&w, ASK, "0001 0000 0006");
    two_say(&w, ASK, "01 03 0028 0002"); /* its sender believes it delivered */
    expect_left(0);
    two_ack(&w, ANSWER, 12);
    expect_left(1);
    end();
    begin();
    two_poll(&w);
    two_at(&w, ASK, 0, PS_TCP_ACK | PS_TCP_FIN, "");
    expect_left(0);
    end();
}
END_TEST

START_TEST(test_ps_engine_snapshot__refusal_given_and_not_acknowledged__not_left)
{
    begin_with("on_deny = \"answer\";");
    two_next(&w, ASK, WRITE_TOO_MUCH);
    expect_left(0);
    w.ack[ASK] = w.isn[ANSWER] + 9;
    two_at(&w, ASK, 0, PS_TCP_ACK, "");
    expect_left(1);
    end();
}
END_TEST

START_TEST(test_ps_engine_snapshot__not_open__not_left)
{
    two_init(&w, NULL, GOES_ON);
    expect_left(0);
    two_at(&w, ASK, -1, PS_TCP_SYN, "");
    expect_left(0);
    two_at(&w, ANSWER, -1, PS_TCP_SYN | PS_TCP_ACK, "");
    expect_left(0);
    two_at(&w, ASK, 0, PS_TCP_ACK, "");
    expect_left(1);
    two_at(&w, ASK, 0, PS_TCP_RST, "");
    expect_left(0);
    end();
    begin();
    two_restart(&w);
    expect_left(0); /* not before it has gone on */
    end();
}
END_TEST

/* Monitored and uninspected ones need nothing. */
START_TEST(test_ps_engine_snapshot__not_held_by_the_engine__not_left)
{
    begin_with("mode = \"monitor\";");
    expect_left(0);
    end();
    two_init(&w, NULL, GOES_ON);
    w.port[ANSWER] = 8080;
    two_open(&w);
    expect_left(0);
    end();
}
END_TEST

/* ---- what is not believed -------------------------------------------------------------------------------------- */

static void expect_wrong(const char *wrong, const char *words)
{
    ck_assert_ptr_nonnull(wrong);
    ck_assert_msg(strstr(wrong, words) != NULL, "\"%s\" instead of \"%s\"", wrong, words);
    ck_assert_uint_eq(rig_stats(&w.r)->restored, 0);
    ck_assert_uint_eq(rig_stats(&w.r)->flows_now, 0);
    ck_assert_uint_eq(rig_stats(&w.r)->relays_now, 0);
}

START_TEST(test_ps_engine_restore__too_old_or_from_the_future__nothing_restored)
{
    begin();
    two_stop(&w, &left);
    expect_wrong(two_start(&w, &left, GOES_ON, 60001), "too old");
    w.r.time_ns = 0;
    expect_wrong(two_start(&w, &left, GOES_ON, 0), "too old");
    end();
    begin();
    two_stop(&w, &left);
    ck_assert_ptr_null(two_start(&w, &left, GOES_ON, 60000));
    end();
}
END_TEST

START_TEST(test_ps_engine_restore__other_program__nothing_restored)
{
    begin();
    two_stop(&w, &left);
    struct left other = left;
    other.octets[11]++;
    left_sum(&other);
    expect_wrong(two_start(&w, &other, GOES_ON, 1), "another version");
    other = left;
    other.octets[16]++; /* tables of protocols */
    left_sum(&other);
    expect_wrong(two_start(&w, &other, GOES_ON, 1), "another version");
    other = left;
    other.octets[0]++;
    left_sum(&other);
    expect_wrong(two_start(&w, &other, GOES_ON, 1), "no snapshot");
    other = left;
    other.octets[39]++; /* octets of all */
    left_sum(&other);
    expect_wrong(two_start(&w, &other, GOES_ON, 1), "cut short");
    end();
}
END_TEST

START_TEST(test_ps_engine_restore__cut_or_longer__nothing_restored)
{
    begin();
    two_poll(&w);
    say(ASK, REQUEST_2, "=");
    two_stop(&w, &left);
    two_start(&w, &left, NULL, 0);
    struct left cut = left;
    for (cut.n = 0; cut.n <= left.n + 1; cut.n++) {
        uint8_t *exact = malloc(cut.n ? cut.n : 1);
        ck_assert_ptr_nonnull(exact);
        memcpy(exact, cut.octets, cut.n);
        const char *wrong = ps_engine_restore(w.r.engine, exact, cut.n, w.r.time_ns);
        ck_assert_int_eq(wrong == NULL, cut.n == left.n);
        free(exact);
    }
    ck_assert_uint_eq(rig_stats(&w.r)->restored, 0);
    end();
}
END_TEST

START_TEST(test_ps_engine_restore__any_octet_damaged__nothing_restored)
{
    begin();
    two_poll(&w);
    say(ASK, REQUEST_2, "=");
    two_stop(&w, &left);
    expect_wrong(two_start(&w, &(struct left){.n = 0}, GOES_ON, 0), "no snapshot");
    for (size_t i = 0; i < left.n; i++) {
        left.octets[i] ^= 0x11;
        ck_assert_ptr_nonnull(ps_engine_restore(w.r.engine, left.octets, left.n, w.r.time_ns));
        left.octets[i] ^= 0x11;
    }
    ck_assert_uint_eq(rig_stats(&w.r)->flows_now, 0);
    ck_assert_ptr_null(ps_engine_restore(w.r.engine, left.octets, left.n, w.r.time_ns));
    ck_assert_uint_eq(rig_stats(&w.r)->restored, 1);
    end();
}
END_TEST

/* The checksum is right, what it stands for cannot be. The connection begins at 48: length 4, ends 32, ports 4, tags 4,
 * protocol 92, scales 93, SYN 4, then per direction una 98, edge 102, delta, acknowledged, largest window 114, segment size
 * 118, scale 120, in flight 121 .. 125. */
START_TEST(test_ps_engine_restore__impossible_values__nothing_restored)
{
    static const struct {
        size_t at;
        uint8_t octet;
    } rows[] = {
        {15, 2},   {15, 0},              /* connections */
        {48, 1},   {50, 1},   {51, 0},   /* length */
        {52, 0xff}, {68, 0xff},          /* one end IPv6, the other IPv4 (::ffff:) */
        {88, 1},                         /* tags */
        {92, 0},   {92, 5},   {92, 4},   /* protocol; S7comm-plus is none of its own */
        {92, 2},                         /* state of another one */
        {93, 2},                         /* scales */
        {102, 0x7f},                     /* edge */
        {114, 0x40}, {118, 0}, {120, 15}, /* window, segment size, scale */
        {121, 1},  {124, 0},  {124, 13},  /* in flight */
    };
    begin();
    two_poll(&w);
    say(ASK, REQUEST_2, "=");
    two_stop(&w, &left);
    ck_assert_uint_eq(left.octets[92], PS_PROTOCOL_MODBUS);
    ck_assert_uint_eq(left.octets[124], 12);
    two_start(&w, &(struct left){.n = 0}, GOES_ON, 0);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct left poked = left;
        if (w.link->v6 && (rows[i].at == 52 || rows[i].at == 68))
            continue;
        ck_assert_uint_ne(poked.octets[rows[i].at], rows[i].octet);
        poked.octets[rows[i].at] = rows[i].octet;
        if (rows[i].at == 118)
            poked.octets[119] = 63;
        left_sum(&poked);
        const char *wrong = ps_engine_restore(w.r.engine, poked.octets, poked.n, w.r.time_ns);
        ck_assert_msg(wrong && strstr(wrong, "cannot be"), "row %zu: %s", i, wrong ? wrong : "");
        ck_assert_uint_eq(rig_stats(&w.r)->flows_now, 0);
    }
    end();
}
END_TEST

START_TEST(test_ps_engine_restore__passive_or_running_engine__nothing_restored)
{
    struct ps_engine_config config;
    begin();
    two_stop(&w, &left);
    const char *wrong = ps_engine_restore(w.r.engine, left.octets, left.n, w.r.time_ns);
    ck_assert_ptr_nonnull(wrong);
    ck_assert_ptr_nonnull(strstr(wrong, "judged no packet"));
    end();
    two_config(&config);
    config.inline_ = false;
    two_init(&w, &config, GOES_ON);
    expect_wrong(ps_engine_restore(w.r.engine, left.octets, left.n, w.r.time_ns), "judged no packet");
    ck_assert_uint_ge(ps_engine_snapshot(w.r.engine, 0, NULL, 0), 48);
    end();
}
END_TEST

/* ---- what the policy says -------------------------------------------------------------------------------------- */

/* Whatever the last run has left behind: it is reset at its first segment. */
static void expect_not_restored(const char *mode)
{
    begin();
    two_poll(&w);
    two_stop(&w, &left);
    ck_assert_uint_eq(left_count(&left), 1);
    ck_assert_ptr_null(two_start(&w, &left, mode, 1000));
    ck_assert_uint_eq(rig_stats(&w.r)->restored, 0);
    ck_assert_uint_eq(rig_stats(&w.r)->not_restored, 1);
    ck_assert_uint_eq(rig_stats(&w.r)->flows_now, 0);
}

START_TEST(test_ps_engine_restore__conduit_resets__reset)
{
    expect_not_restored("midstream = \"reset\";");
    say(ASK, REQUEST_2, "!midstream >12:0a13R <13:0a24R");
    end();
    expect_not_restored(NULL);
    say(ASK, REQUEST_2, "!midstream >12:0a13R <13:0a24R");
    end();
}
END_TEST

START_TEST(test_ps_engine_restore__conduit_in_monitor_mode__needs_no_restoring)
{
    expect_not_restored("mode = \"monitor\"; " GOES_ON);
    say(ASK, REQUEST_2, "=");
    end();
}
END_TEST

/* The client's address is nobody's now, or the port another protocol's, as far as this plant goes: other octets there do
 * the same as another plant. */
START_TEST(test_ps_engine_restore__not_granted_any_more__not_restored)
{
    static const struct {
        size_t at;
        uint8_t octet;
    } rows[] = {{67, 99}, {83, 99}, {87, 1}, {86, 0x4e}};
    begin();
    two_stop(&w, &left);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct left other = left;
        ck_assert_uint_ne(other.octets[rows[i].at], rows[i].octet);
        other.octets[rows[i].at] = rows[i].octet;
        if (rows[i].octet == 0x4e)
            other.octets[87] = 0x20; /* 20000: DNP3 */
        left_sum(&other);
        ck_assert_ptr_null(two_start(&w, &other, GOES_ON, 1));
        ck_assert_uint_eq(rig_stats(&w.r)->not_restored, 1);
        ck_assert_uint_eq(rig_stats(&w.r)->flows_now, 0);
    }
    end();
}
END_TEST

/* The plant's zone ops has VLAN 20 and 100. The last three octets of the tags are the inner VLAN id and the outer one. */
START_TEST(test_ps_engine_restore__vlan_of_other_zones__not_restored)
{
    static const struct {
        uint16_t inner, outer;
        bool restored;
    } rows[] = {{0, 20, true},   {0, 100, true}, {0, 21, false}, {0, 0, true},
                {20, 100, true}, {21, 100, false}, {21, 0, false}, {20, 21, false}};
    begin();
    two_stop(&w, &left);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        left.octets[89] = (uint8_t)(rows[i].inner >> 4);
        left.octets[90] = (uint8_t)(rows[i].inner << 4 | rows[i].outer >> 8);
        left.octets[91] = (uint8_t)rows[i].outer;
        left_sum(&left);
        ck_assert_ptr_null(two_start(&w, &left, GOES_ON, 1));
        ck_assert_uint_eq(rig_stats(&w.r)->restored, rows[i].restored);
        ck_assert_uint_eq(rig_stats(&w.r)->not_restored, !rows[i].restored);
    }
    end();
}
END_TEST

/* ---- bounds ---------------------------------------------------------------------------------------------------- */

START_TEST(test_ps_engine_restore__no_room__counted)
{
    struct ps_engine_config config;
    begin();
    for (unsigned i = 0; i < 3; i++) {
        two_again(&w);
        two_open(&w);
        two_next(&w, ASK, READ_REQUEST); /* in flight: one block each */
        two_expect(&w, "=");
    }
    two_stop(&w, &left);
    ck_assert_uint_eq(left_count(&left), 4);
    uint64_t now_ns = w.r.time_ns;
    end();
    for (unsigned what = 0; what < 2; what++) {
        two_config(&config);
        config.n_relays = what == 0 ? 3 : 16;
        config.n_chunks = what == 1 ? 2 : 16;
        two_init(&w, &config, GOES_ON);
        ck_assert_ptr_null(ps_engine_restore(w.r.engine, left.octets, left.n, now_ns));
        ck_assert_uint_eq(rig_stats(&w.r)->restored, 3);
        ck_assert_uint_eq(rig_stats(&w.r)->not_restored, 1);
        ck_assert(ps_engine_check(w.r.engine));
        end();
    }
}
END_TEST

static void put32(uint8_t *p, size_t v)
{
    for (unsigned i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/* No run lets so many leave unacknowledged. Octets in flight stand at 152. */
START_TEST(test_ps_engine_restore__more_in_flight_than_is_ever__not_restored)
{
    begin();
    two_next(&w, ASK, READ_REQUEST);
    two_stop(&w, &left);
    size_t more = 20000, rest = left.n - 152;
    memmove(left.octets + 152 + more, left.octets + 152, rest);
    memset(left.octets + 152, 0, more);
    left.n += more;
    put32(left.octets + 36, left.n);
    put32(left.octets + 48, left.n - 52);
    put32(left.octets + 121, 12 + more);
    left_sum(&left);
    ck_assert_ptr_null(two_start(&w, &left, GOES_ON, 1));
    ck_assert_uint_eq(rig_stats(&w.r)->not_restored, 1);
    end();
}
END_TEST

START_TEST(test_ps_engine_restore__twice__only_once)
{
    begin();
    two_stop(&w, &left);
    ck_assert_ptr_null(two_start(&w, &left, GOES_ON, 1));
    ck_assert_ptr_null(ps_engine_restore(w.r.engine, left.octets, left.n, w.r.time_ns));
    ck_assert_uint_eq(rig_stats(&w.r)->restored, 1);
    ck_assert_uint_eq(rig_stats(&w.r)->not_restored, 1);
    ck_assert_uint_eq(rig_stats(&w.r)->flows_now, 1);
    end();
}
END_TEST

UNIT_MAIN("fastpath/snapshot",
    test_ps_engine_snapshot__connections_in_the_middle_of_something__not_left,
    test_ps_engine_snapshot__refusal_given_and_not_acknowledged__not_left,
    test_ps_engine_snapshot__not_open__not_left,
    test_ps_engine_snapshot__not_held_by_the_engine__not_left,
    test_ps_engine_restore__too_old_or_from_the_future__nothing_restored,
    test_ps_engine_restore__other_program__nothing_restored,
    test_ps_engine_restore__cut_or_longer__nothing_restored,
    test_ps_engine_restore__any_octet_damaged__nothing_restored,
    test_ps_engine_restore__impossible_values__nothing_restored,
    test_ps_engine_restore__passive_or_running_engine__nothing_restored,
    test_ps_engine_restore__conduit_resets__reset,
    test_ps_engine_restore__conduit_in_monitor_mode__needs_no_restoring,
    test_ps_engine_restore__not_granted_any_more__not_restored,
    test_ps_engine_restore__vlan_of_other_zones__not_restored,
    test_ps_engine_restore__no_room__counted,
    test_ps_engine_restore__more_in_flight_than_is_ever__not_restored,
    test_ps_engine_restore__twice__only_once)

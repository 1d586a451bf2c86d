/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_inline_glance.c - each thing that is asked on the shortest way matters: what differs in it goes another way. And
 * whatever comes, the other ways would have said and done the same.
 */
#include "glance.h"
#include "glance_rig.h"

/* What may be changed in a frame of a connection that polls, so that it is not judged at a glance any more. */
enum twist {
    TWIST_NONE,
    TWIST_SUM,
    TWIST_IP_SUM,
    TWIST_OCTET,
    TWIST_TTL,
    TWIST_NO_TTL,
    TWIST_SERVICE,
    TWIST_ECN,
    TWIST_MAC,
    TWIST_MULTICAST_MAC,
    TWIST_NO_MAC,
    TWIST_TAG,
    TWIST_PORT,
    TWIST_FRAGMENT,
    TWIST_FIN,
    TWIST_URGENT,
    TWIST_URGENT_POINTER,
    TWIST_RESERVED,
    TWIST_TRAILER,
    TWIST_CUT,
    TWIST_SEQ,
    TWIST_ACK,
    TWIST_FUNCTION,
    TWIST_LENGTH,
    TWIST_PROTOCOL,
    TWIST_UNIT,
    TWIST_TRANSACTION,
    N_TWISTS,
};

static void add16(struct wire *frame, uint32_t at, uint32_t n)
{
    uint32_t value = (uint32_t)(frame->b[at] << 8 | frame->b[at + 1]) + n;
    frame->b[at] = (uint8_t)(value >> 8);
    frame->b[at + 1] = (uint8_t)value;
}

/* Checksums are made again where the twist is not about them. */
static void twist(struct wire *frame, enum twist what, uint16_t *port)
{
    bool sums = true;
    switch (what) {
    case TWIST_NONE:
    case N_TWISTS:
        break;
    case TWIST_SUM:
        add16(frame, 50, 1), sums = false;
        break;
    case TWIST_IP_SUM:
        add16(frame, 24, 1), sums = false;
        break;
    case TWIST_OCTET:
        frame->b[frame->len - 1] ^= 1, sums = false;
        break;
    case TWIST_TTL:
        frame->b[22]--;
        break;
    case TWIST_NO_TTL:
        frame->b[22] = 0;
        break;
    case TWIST_SERVICE:
        frame->b[15] = 0xb8;
        break;
    case TWIST_ECN:
        frame->b[15] = 1;
        break;
    case TWIST_MAC:
        wire_set_mac(frame, 0, 0x99);
        break;
    case TWIST_MULTICAST_MAC:
        frame->b[6] |= 1;
        break;
    case TWIST_NO_MAC:
        memset(frame->b + 6, 0, 6);
        break;
    case TWIST_TAG:
        wire_tag(frame, 0x8100, 0xa000);
        break;
    case TWIST_PORT:
        *port = !*port;
        break;
    case TWIST_FRAGMENT:
        frame->b[20] |= 0x20;
        break;
    case TWIST_FIN:
        frame->b[47] |= PS_TCP_FIN;
        break;
    case TWIST_URGENT:
        frame->b[47] |= PS_TCP_URG;
        break;
    case TWIST_URGENT_POINTER:
        frame->b[53] = 1;
        break;
    case TWIST_RESERVED:
        frame->b[46] |= 1;
        break;
    case TWIST_TRAILER:
        frame->b[frame->len++] = 0, sums = false;
        break;
    case TWIST_CUT:
        frame->len--, sums = false;
        break;
    case TWIST_SEQ:
        add16(frame, 40, 1);
        break;
    case TWIST_ACK:
        add16(frame, 44, (uint32_t)-1);
        break;
    case TWIST_FUNCTION:
        frame->b[61] = 6;
        break;
    case TWIST_LENGTH:
        frame->b[59]++;
        break;
    case TWIST_PROTOCOL:
        frame->b[57] = 1;
        break;
    case TWIST_UNIT:
        frame->b[60] = 9;
        break;
    case TWIST_TRANSACTION:
        frame->b[55]++;
        break;
    }
    if (sums)
        wire_sum(frame);
}

/* Those that are no more than another sound request that is granted. */
static bool is_granted_still(enum twist what, unsigned dir)
{
    return what == TWIST_NONE || (dir == PS_TO_SERVER && (what == TWIST_UNIT || what == TWIST_TRANSACTION));
}

START_TEST(test_ps_inline_glance__anything_changed__goes_another_way)
{
    for (unsigned i = 0; i < 2 * N_TWISTS; i++) {
        unsigned dir = i % 2;
        enum twist what = (enum twist)(i / 2);
        struct ends *f = begin_polling(NULL);
        struct wire *frame = ask(f, 40, 2);
        if (dir == PS_TO_CLIENT) {
            ck_assert_uint_eq(judge(NULL), 1);
            frame = answer(f);
        }
        twist(frame, what, &b.port[0]);
        ck_assert_uint_eq(judge(NULL), is_granted_still(what, dir));
        expect_same_state();
        for (uint32_t more = 0; more < 4; more++) { /* whatever became of it */
            poll(f, 1);
            expect_same_state();
        }
        tick(300);
        expect_same_state();
        end();
    }
}
END_TEST

START_TEST(test_ps_glance_dir__any_octet_changed__neither_end)
{
    struct ends *f = begin_polling(NULL);
    for (unsigned dir = 0; dir < 2; dir++) {
        uint8_t *octets = put(f, dir, PS_TCP_ACK, NULL, 0)->b;
        const struct ps_key *flow = &ps_engine_flow(p.engine[0], 0)->key;
        ck_assert_int_eq(ps_glance_dir(octets, flow), (int)dir);
        for (uint32_t at = PS_GLANCE_SOURCE; at < PS_GLANCE_SEQ; at++) {
            octets[at] ^= 4;
            ck_assert_int_eq(ps_glance_dir(octets, flow), -1);
            octets[at] ^= 4;
        }
    }
    end();
}
END_TEST

static void expect_same_decoded(const struct ps_packet *packet)
{
    struct ps_desc plain = {0}, closely = {0};
    const struct ps_decode_how how = {.checksums = PS_CHECKSUMS_STRICT, .port_known = true};
    ps_glance_decode(packet, how, &plain);
    ps_decode_closely(packet, how, &closely);
    ck_assert_uint_eq(plain.reason, closely.reason);
    ck_assert_uint_eq(plain.kind, closely.kind);
    ck_assert_uint_eq(plain.offset, closely.offset);
    ck_assert(ps_key_equal(&plain.key, &closely.key));
    ck_assert_ptr_eq(plain.payload, closely.payload);
    ck_assert_uint_eq(plain.payload_len, closely.payload_len);
    ck_assert_uint_eq(plain.payload_wire, closely.payload_wire);
    ck_assert_uint_eq(plain.seq, closely.seq);
    ck_assert_uint_eq(plain.ack, closely.ack);
    ck_assert_uint_eq(plain.tcp_flags, closely.tcp_flags);
    ck_assert_uint_eq(plain.hop_limit, closely.hop_limit);
}

START_TEST(test_ps_glance_decode__any_ends__as_looked_at_closely)
{
    static const uint32_t addresses[] = {HMI, PLC, 0, IP(0, 0, 0, 1), IP(127, 0, 0, 1), IP(224, 0, 0, 1),
                                         IP(240, 0, 0, 1), 0xffffffffu};
    static const uint16_t ports[] = {0, 502, 40000};
    static struct wire frame;
    for (unsigned i = 0; i < 8 * 8 * 3 * 3; i++) {
        const struct wire_tcp tcp = {.src = addresses[i % 8], .dst = addresses[i / 8 % 8], .src_port = ports[i / 64 % 3],
                                     .dst_port = ports[i / 192], .seq = 7, .ack = 9, .flags = PS_TCP_ACK, .data = "abc",
                                     .len = 3};
        wire_tcp(&frame, &tcp);
        struct ps_packet packet = wire_packet(&frame);
        ck_assert(ps_glance_is_plain(&packet));
        expect_same_decoded(&packet);
    }
}
END_TEST

START_TEST(test_ps_inline_glance__headers_of_before_again__glance_again)
{
    struct ends *f = begin_polling(NULL);
    for (uint32_t i = 0; i < 3; i++) {
        twist(ask(f, 40, 2), TWIST_TTL, &b.port[0]);
        ck_assert_uint_eq(judge(NULL), i > 0);
        answer(f);
        ck_assert_uint_eq(judge(NULL), 1);
    }
    expect_same_state();
    end();
}
END_TEST

START_TEST(test_ps_inline_glance__late_reply__goes_another_way)
{
    struct ends *f = begin_polling(NULL);
    ask(f, 40, 2);
    ck_assert_uint_eq(judge(NULL), 1);
    p.now_ns += UINT64_C(11000000000);
    answer(f);
    ck_assert_uint_eq(judge(NULL), 0);
    expect_same_state();
    end();
}
END_TEST

START_TEST(test_ps_inline_glance__outside_the_window__goes_another_way)
{
    struct ends *f = begin_polling(NULL);
    ask(f, 40, 2);
    struct wire *frame = answer(f);
    frame->b[48] = 0, frame->b[49] = 11; /* one octet less than a request has */
    wire_sum(frame);
    ck_assert_uint_eq(judge(NULL), 2);
    ask(f, 40, 2);
    ck_assert_uint_eq(judge(NULL), 0);
    expect_same_state();
    end();
}
END_TEST

START_TEST(test_ps_inline_glance__no_block_left__goes_another_way)
{
    struct ends *f = begin_polling(NULL);
    for (unsigned e = 0; e < 2; e++)
        while (ps_chunk_take(&p.engine[e]->in.chunks) != PS_NONE)
            continue;
    ask(f, 40, 2);
    struct ps_packet packet = wire_packet(&b.frame[0]);
    struct ps_decision out[2];
    packet.port = 0;
    for (unsigned e = 0; e < 2; e++)
        ps_engine_burst(p.engine[e], &packet, 1, &out[e]);
    ck_assert_uint_eq(out[0].verdict, out[1].verdict);
    ck_assert_uint_eq(p.engine[0]->plain, 0);
    for (unsigned e = 0; e < 2; e++)
        ps_engine_free(p.engine[e]); /* blocks that are nobody's would not pass ps_engine_check() */
    free(p.memory);
}
END_TEST

START_TEST(test_ps_inline_glance__split_and_repeated__glance_again_when_steady)
{
    struct ends *f = begin_polling(NULL);
    uint8_t request[12] = {0, 99, 0, 0, 0, 6, 1, 3, 0, 40, 0, 2};
    memcpy(f->asked, request, sizeof request);
    put(f, PS_TO_SERVER, PS_TCP_ACK, request, 5);
    ck_assert_uint_eq(judge(NULL), 0);
    put(f, PS_TO_SERVER, PS_TCP_ACK, request + 5, 7);
    ck_assert_uint_eq(judge(NULL), 0);
    answer(f);
    judge(NULL);
    expect_same_state();
    poll(f, 2);
    ask(f, 40, 2);
    ck_assert_uint_eq(judge(NULL), 1);
    f->seq[PS_TO_SERVER] -= 12;
    ask(f, 40, 2); /* other octets under the same numbers */
    ck_assert_uint_eq(judge(NULL), 0);
    expect_same_state();
    end();
}
END_TEST

/* ---- at random -------------------------------------------------------------------------------------------------- */

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)((random_state >> 32) * n >> 32);
}

/* What comes next on a connection that polls. */
static struct wire *put_next(struct ends *f)
{
    f->waits = !f->waits;
    if (!f->waits)
        return answer(f);
    return ask(f, (uint16_t)(40 + random_below(3)), (uint16_t)(1 + random_below(40)));
}

/* One frame of a connection: mostly what comes next, sometimes something else. */
static void put_any(struct ends *f)
{
    struct ends before = *f;
    uint16_t *port = &b.port[b.n];
    uint32_t die = random_below(400);
    if (die == 0)
        put(f, random_below(2), PS_TCP_ACK, NULL, 0);
    else if (die == 1)
        put(f, PS_TO_SERVER, PS_TCP_ACK, f->asked, 1 + random_below(11));
    else if (die == 2)
        answer(f);
    struct wire *frame = die < 3 ? &b.frame[b.n - 1] : put_next(f);
    if (random_below(200) > 0)
        return;
    twist(frame, (enum twist)random_below(N_TWISTS), port);
    if (random_below(2) == 0)
        *f = before; /* and comes again as it should be */
}

static void talk_at_random(uint64_t seed, const char *mode)
{
    uint16_t next_port = 41000;
    random_state = UINT64_C(88172645463325252) + seed * 7919;
    begin(mode, ANY_RULES);
    for (uint32_t i = 0; i < FLOWS; i++)
        open_flow(&p.flow[i], HMI, next_port++);
    for (uint32_t round = 0; round < 1500; round++) {
        for (uint32_t n = 1 + random_below(PS_BURST_MAX); n > 0; n--)
            put_any(&p.flow[random_below(FLOWS)]);
        judge(NULL);
        tick(random_below(8) ? 10 : random_below(300));
        if (random_below(4) == 0) {
            struct ends *f = &p.flow[random_below(FLOWS)];
            put(f, PS_TO_SERVER, PS_TCP_RST | PS_TCP_ACK, NULL, 0);
            open_flow(f, HMI, next_port++);
        }
        expect_same_state();
    }
    ck_assert_uint_gt(p.n_glanced, p.n_frames / 10);
    end();
}

START_TEST(test_ps_inline_glance__random_traffic__two_engines_agree)
{
    static const char *const modes[] = {NULL, "on_deny = \"drop\";", "on_deny = \"answer\";"};
    for (uint32_t i = 0; i < 6; i++)
        talk_at_random(i, modes[i % 3]);
}
END_TEST

UNIT_MAIN("fastpath/inline_glance", test_ps_inline_glance__anything_changed__goes_another_way,
          test_ps_glance_decode__any_ends__as_looked_at_closely,
          test_ps_glance_dir__any_octet_changed__neither_end,
          test_ps_inline_glance__headers_of_before_again__glance_again,
          test_ps_inline_glance__late_reply__goes_another_way,
          test_ps_inline_glance__outside_the_window__goes_another_way,
          test_ps_inline_glance__no_block_left__goes_another_way,
          test_ps_inline_glance__split_and_repeated__glance_again_when_steady,
          test_ps_inline_glance__random_traffic__two_engines_agree)

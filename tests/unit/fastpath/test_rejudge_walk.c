/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * test_rejudge_walk.c - hosts that talk, repeat, fall silent and start anew at random, while policies, modes and
 * islands change at random: everything must fit together after each step (two_collect()), and where nothing but reads
 * is said and every policy grants them, nothing is reset.
 */
#include "rejudge.h"

#include <string.h>

#include "rig_inline.h"
#include "unit.h"

#define SEEDS 12u
#define STEPS 3000u
#define CONNS 4u
#define POLICIES 256u

/* A direction of a connection, as its ends know it. */
struct way {
    uint32_t next, acked; /* of its sender */
    uint32_t heard;       /* expected by its receiver */
    uint8_t said[32];     /* octets behind `acked` */
    uint32_t n_said;
    const char *pdu;      /* being sent */
    uint32_t at;          /* octets of it that were */
};

struct conn {
    bool open;
    uint16_t port;
    struct way way[2];
    uint32_t n_waiting; /* requests whose reply is to come */
};

static struct two w;
static struct conn conns[CONNS];
static struct rig_policy policies[POLICIES];
static uint32_t n_policies, random_state;
static bool only_reads; /* and nothing that could end a connection */

static uint32_t below(uint32_t n)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % n;
}

/* ---- hosts ----------------------------------------------------------------------------------------------------- */

/* A segment that has reached the receiver of a direction. */
static void arrive(struct conn *c, const struct two_frame *f)
{
    struct way *mine = &c->way[f->dir], *back = &c->way[!f->dir];
    if (f->flags & PS_TCP_RST) {
        c->open = false;
        return;
    }
    if (f->seq == mine->heard && !(f->flags & PS_TCP_SYN))
        mine->heard += f->len;
    uint32_t n = f->ack - back->acked;
    if (!(f->flags & PS_TCP_ACK) || n == 0 || n > back->n_said)
        return;
    memmove(back->said, back->said + n, back->n_said - n);
    back->n_said -= n;
    back->acked += n;
}

/* What the engine has sent since, to whom it belongs. */
static void deliver(void)
{
    for (uint32_t i = 0; i < w.n_out; i++) {
        const uint8_t *ports = w.out[i].raw + 34;
        uint32_t port = (uint32_t)(w.out[i].dir == PS_TO_SERVER ? ports[0] << 8 | ports[1] : ports[2] << 8 | ports[3]);
        arrive(&conns[port - conns[0].port], &w.out[i]);
    }
    w.n_out = w.r.n_judged = 0;
}

/* len octets of a direction from `from` on. */
static void put(struct conn *c, unsigned dir, uint8_t flags, uint32_t from, uint32_t len)
{
    struct way *mine = &c->way[dir];
    w.port[PS_TO_SERVER] = c->port;
    w.seq[dir] = mine->acked + from;
    w.ack[dir] = c->way[!dir].heard;
    two_bytes(&w, dir, 0, flags, mine->said + from, len);
    struct two_frame passed = {.dir = (uint8_t)dir, .flags = flags, .seq = w.seq[dir], .ack = w.ack[dir], .len = len};
    if (w.r.last.verdict == PS_VERDICT_PASS && below(8) > 0) /* the network loses some */
        arrive(c, &passed);
    deliver();
}

static void open_conn(struct conn *c)
{
    c->n_waiting = 0;
    for (unsigned dir = 0; dir < 2; dir++) {
        uint32_t isn = c->way[dir].next + 100000 + below(1000);
        c->way[dir] = (struct way){.next = isn, .acked = isn, .heard = isn};
    }
    w.port[PS_TO_SERVER] = c->port;
    for (unsigned i = 0; i < 3; i++) {
        unsigned dir = i % 2;
        static const uint8_t flags[] = {PS_TCP_SYN, PS_TCP_SYN | PS_TCP_ACK, PS_TCP_ACK};
        w.seq[dir] = c->way[dir].next - (i < 2);
        w.ack[dir] = c->way[!dir].next;
        two_bytes(&w, dir, 0, flags[i], NULL, 0);
        if (w.r.last.verdict != PS_VERDICT_PASS)
            return;
        deliver();
    }
    c->open = true;
}

/* The next octets of a PDU, which may be the last ones. */
static void say(struct conn *c, unsigned dir)
{
    static const char *const requests[] = {READ_REQUEST, WRITE_REQUEST, WRITE_TOO_MUCH, READ_REQUEST};
    struct way *mine = &c->way[dir];
    uint8_t octets[2048];
    if (!mine->pdu && dir == PS_TO_CLIENT && c->n_waiting == 0)
        return;
    if (!mine->pdu && dir == PS_TO_SERVER && c->n_waiting > 0)
        return;
    if (!mine->pdu)
        mine->pdu = dir == PS_TO_CLIENT ? READ_REPLY : requests[only_reads ? 0 : below(4)];
    uint32_t len = hex_octets(mine->pdu, octets), left = len - mine->at, n = below(3) ? left : 1 + below(left);
    if (mine->n_said + n > sizeof mine->said)
        return;
    memcpy(mine->said + mine->n_said, octets + mine->at, n);
    mine->n_said += n;
    mine->at += n;
    mine->next += n;
    if (mine->at == len) {
        c->n_waiting = dir == PS_TO_SERVER;
        mine->pdu = NULL;
        mine->at = 0;
    }
    put(c, dir, PS_TCP_ACK | PS_TCP_PSH, mine->n_said - n, n);
}

static void act(struct conn *c)
{
    unsigned dir = below(2);
    uint32_t what = below(only_reads ? 60 : 64);
    if (!c->open)
        open_conn(c);
    else if (what < 30)
        say(c, dir);
    else if (what < 40)
        put(c, dir, PS_TCP_ACK, c->way[dir].n_said, 0);
    else if (what < 60)
        put(c, dir, PS_TCP_ACK | PS_TCP_PSH, 0, c->way[dir].n_said); /* again */
    else if (what < 62)
        put(c, dir, PS_TCP_ACK | PS_TCP_FIN, c->way[dir].n_said, 0);
    else
        open_conn(c);
}

/* ---- control --------------------------------------------------------------------------------------------------- */

static void swap(void)
{
    static const char *const modes[] = {NULL, "on_deny = \"answer\";", "on_deny = \"drop\";", "hold_limit = 0.1;",
                                        "mode = \"monitor\";"};
    static const char *const rules[] = {
        NULL, "{ name = \"poll\"; protocol = \"modbus\"; operations = [\"read\"]; }",
        "{ name = \"web\"; protocol = \"tcp\"; ports = [\"8080\"]; }",
        "{ name = \"any\"; protocol = \"tcp\"; ports = [\"502\"]; }"};
    char text[4096];
    if (n_policies == POLICIES)
        return;
    bool mild = only_reads || below(2) == 0;
    two_plant(text, modes[below(only_reads ? 3 : 5)], rules[below(mild ? 2 : 4)]);
    struct rig_policy *p = &policies[n_policies++];
    rig_policy_init(p, text, n_policies + 1);
    if (ps_engine_swap(w.r.engine, p->slot))
        return;
    while (two_sweep(&w, 1))
        deliver();
    deliver();
    ck_assert(ps_engine_swap(w.r.engine, p->slot));
}

static void change(void)
{
    struct ps_policy_slot *slot = w.r.engine->slot;
    uint32_t what = only_reads ? 0 : below(12);
    if (what < 4)
        swap();
    else if (what < 6)
        ps_policy_slot_close(slot, 0, what == 5 && below(4) == 0);
    else if (what < 8)
        ps_policy_slot_island(slot, what == 7 && below(4) == 0);
    else
        ps_policy_slot_set_mode(slot, 0, what < 11 ? PS_MODE_MONITOR : PS_MODE_OF_IMAGE);
}

static void step(void)
{
    uint32_t what = below(40);
    if (what < 34) {
        act(&conns[below(CONNS)]);
    } else if (what < 37) {
        two_tick(&w, below(only_reads ? 20 : 300));
    } else if (what < 39) {
        (void)two_sweep(&w, 1 + below(3));
    } else {
        change();
    }
    deliver();
    uint32_t n = 0;
    struct ps_event events[64];
    do
        n = ps_engine_events(w.r.engine, events, 64);
    while (n > 0);
}

static void begin(uint32_t seed)
{
    memset(conns, 0, sizeof conns);
    n_policies = 0;
    random_state = seed;
    two_init(&w, NULL, NULL);
    for (uint32_t i = 0; i < CONNS; i++)
        conns[i].port = (uint16_t)(41000 + i);
}

static void end(void)
{
    rig_sweep(&w.r);
    for (uint32_t i = 0; i + 1 < n_policies; i++)
        ck_assert_uint_eq(ps_policy_slot_use(policies[i].slot), PS_SLOT_UNUSED);
    w.r.n_judged = 0;
    two_fini(&w);
    for (uint32_t i = 0; i < n_policies; i++)
        rig_policy_fini(&policies[i]);
}

START_TEST(test_ps_engine_swap__anything_at_any_time__everything_fits_together)
{
    only_reads = false;
    uint64_t allowed = 0, held = 0, answers = 0, refused = 0;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        begin(seed);
        for (uint32_t i = 0; i < STEPS; i++)
            step();
        allowed += rig_stats(&w.r)->pdus_allowed;
        held += rig_stats(&w.r)->held_pdus;
        answers += rig_stats(&w.r)->answers;
        refused += rig_stats(&w.r)->rejudged_refused;
        end();
    }
    ck_assert(allowed > 50 * SEEDS && held > 10 * SEEDS && answers > SEEDS && refused > 10 * SEEDS);
}
END_TEST

START_TEST(test_ps_engine_swap__reads_under_policies_that_grant_them__none_is_refused)
{
    only_reads = true;
    for (uint32_t seed = 1; seed <= SEEDS; seed++) {
        begin(seed);
        for (uint32_t i = 0; i < STEPS; i++)
            step();
        ck_assert_uint_eq(rig_stats(&w.r)->resets, 0);
        ck_assert_uint_eq(rig_stats(&w.r)->pdus_denied, 0);
        ck_assert_uint_eq(rig_stats(&w.r)->rejudged_refused, 0);
        ck_assert_uint_gt(rig_stats(&w.r)->rejudged, 20);
        ck_assert_uint_gt(rig_stats(&w.r)->pdus_allowed, 200);
        end();
    }
}
END_TEST

UNIT_MAIN("fastpath/rejudge_walk",
    test_ps_engine_swap__anything_at_any_time__everything_fits_together,
    test_ps_engine_swap__reads_under_policies_that_grant_them__none_is_refused)

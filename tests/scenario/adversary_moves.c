/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_moves.c - what attackers do: the moves of the catalogue of evasions, near the place where the stream is; and
 * what a mere nuisance sends.
 */
#include "adversary_gen.h"

/* ---- moves of the attacker ------------------------------------------------------------------------------------- */

struct adv_step *adv_gen_raw(struct gen *g, enum adv_at at, int32_t off, int32_t len)
{
    struct adv_step *made = adv_gen_step(g, ADV_RAW, (int32_t)at, off);

    made->arg[ADV_RAW_LEN] = len;
    return made;
}

static int32_t any_how(struct gen *g)
{
    return chance(g, g->plain) ? ADV_PLAIN : below(g, ADV_N_HOWS);
}

/* The next octets, cut anywhere. */
static void go_on(struct gen *g)
{
    uint32_t left = g->plan.len[g->hostile - 1] > g->at ? g->plan.len[g->hostile - 1] - g->at : 0;
    uint32_t rest = g->hostile == 1 ? adv_gen_rest(g, g->at) : g->unit;
    uint32_t len = chance(g, 60) ? rest : 1 + (uint32_t)below(g, 2 * g->unit + 1);

    len = len < left ? len : left;
    adv_gen_raw(g, ADV_AT_START, (int32_t)g->at, (int32_t)len)->arg[ADV_RAW_HOW] = any_how(g);
    g->at += len;
}

static void drip(struct gen *g)
{
    for (unsigned i = 0; i < 4 && adv_gen_has_room(g); i++) {
        adv_gen_raw(g, ADV_AT_START, (int32_t)g->at++, 1)->arg[ADV_RAW_HOW] = any_how(g);
        if (chance(g, 50))
            adv_gen_wait(g);
    }
}

/* Before, over and behind what has been said. */
static void overlap(struct gen *g)
{
    int32_t off = (int32_t)g->at - 14 + below(g, 28);

    adv_gen_raw(g, ADV_AT_START, off > 0 ? off : 0, 1 + below(g, 24))->arg[ADV_RAW_HOW] = any_how(g);
}

/* A second copy of what has just been sent: the same range, starting earlier or later, covering it. */
static void overlap_again(struct gen *g)
{
    int32_t off = (int32_t)g->at + below(g, 14), len = 4 + below(g, 12);

    adv_gen_raw(g, ADV_AT_START, off, len)->arg[ADV_RAW_HOW] = any_how(g);
    int32_t from = chance(g, 50) ? off : off - 3 + below(g, 7), end = chance(g, 50) ? off + len : off + len - 3 + below(g, 7);
    from = from > 0 ? from : 0;
    adv_gen_raw(g, ADV_AT_START, from, end > from ? end - from : 1)->arg[ADV_RAW_HOW] = any_how(g);
}

/* The same octets of a PDU that is on its way, as other ones. */
static void repeat_otherwise(struct gen *g)
{
    int32_t back = 1 + below(g, 24), off = (int32_t)g->at - back;

    adv_gen_raw(g, ADV_AT_START, off > 0 ? off : 0, chance(g, 50) ? back : 1 + below(g, 24))->arg[ADV_RAW_HOW] = any_how(g);
}

static void old_data(struct gen *g)
{
    adv_gen_raw(g, ADV_AT_UNA, -1 - below(g, 30), 1 + below(g, 40))->arg[ADV_RAW_HOW] = any_how(g);
}

static void beyond_window(struct gen *g)
{
    adv_gen_raw(g, ADV_AT_EDGE, -3 + below(g, 6), 1 + below(g, 12))->arg[ADV_RAW_HOW] = any_how(g);
}

static void wrong_ack(struct gen *g)
{
    struct adv_step *made = adv_gen_raw(g, ADV_AT_START, (int32_t)g->at, chance(g, 70) ? (int32_t)g->unit : 0);

    made->arg[ADV_RAW_ACK] = ONE_OF(g, 100000, -100000, -10, -1, 1, 5, 7, 12, 13, 300, 0x7fffffff);
    made->arg[ADV_RAW_HOW] = any_how(g);
    if (made->arg[ADV_RAW_LEN] == 0 && chance(g, 30))
        made->arg[ADV_RAW_TRICK] = ONE_OF(g, ADV_TRICK_WINDOW_0, ADV_TRICK_WINDOW_MAX);
}

static void reset(struct gen *g)
{
    struct adv_step *made = adv_gen_raw(g, ADV_AT_NXT, ONE_OF(g, 0, 0, -1, 1, 7, 100, -7, 5000), chance(g, 20) ? 12 : 0);

    made->arg[ADV_RAW_FLAGS] = ADV_RST | (chance(g, 50) ? ADV_ACK : 0);
    made->arg[ADV_RAW_ACK] = chance(g, 30) ? 100000 : 0;
    if (chance(g, 30))
        made->arg[ADV_RAW_TRICK] = ADV_TRICK_CHECKSUM;
}

static void finish(struct gen *g)
{
    struct adv_step *made = adv_gen_raw(g, ADV_AT_START, (int32_t)g->at + ONE_OF(g, 0, 0, 0, 1, 5, 12), ONE_OF(g, 0, 0, 7, 12));

    made->arg[ADV_RAW_FLAGS] = ADV_FIN | ADV_ACK;
    if (chance(g, 50))
        adv_gen_raw(g, ADV_AT_START, (int32_t)g->at + 1, 12)->arg[ADV_RAW_HOW] = any_how(g);
}

static void open_again(struct gen *g)
{
    struct adv_step *made = adv_gen_raw(g, ADV_AT_START, -1, chance(g, 40) ? 12 : 0);

    made->arg[ADV_RAW_FLAGS] = chance(g, 70) ? ADV_SYN : ONE_OF(g, ADV_SYN | ADV_ACK, ADV_SYN | ADV_FIN, ADV_SYN | ADV_RST);
    made->arg[ADV_RAW_SEQ] = ONE_OF(g, 0, 0, 1, 12, -12, 100, 100000, -5);
    made->arg[ADV_RAW_HOW] = any_how(g);
    if (chance(g, 30))
        made->arg[ADV_RAW_TRICK] = ONE_OF(g, ADV_TRICK_FAST_OPEN, ADV_TRICK_MD5, ADV_TRICK_TIMESTAMP, ADV_TRICK_MSS,
                                          ADV_TRICK_AO, ADV_TRICK_SACK, ADV_TRICK_OPTION_0, ADV_TRICK_OPTION_LONG);
}

static void urgent(struct gen *g)
{
    int32_t len = ONE_OF(g, 0, 1, 6, 12);
    struct adv_step *made = adv_gen_raw(g, ADV_AT_START, (int32_t)g->at, len);

    made->arg[ADV_RAW_FLAGS] = ADV_URG | ADV_ACK | ADV_PSH;
    made->arg[ADV_RAW_URG] = ONE_OF(g, 0, 1, len - 1, len, len + 2, 65535);
}

static void trick(struct gen *g)
{
    struct adv_step *made = adv_gen_raw(g, ADV_AT_START, (int32_t)g->at - (chance(g, 20) ? 6 : 0), chance(g, 80) ? (int32_t)g->unit : 1);

    made->arg[ADV_RAW_OFF] = made->arg[ADV_RAW_OFF] > 0 ? made->arg[ADV_RAW_OFF] : 0;
    made->arg[ADV_RAW_HOW] = any_how(g);
    made->arg[ADV_RAW_TRICK] = 1 + below(g, ADV_N_TRICKS - 1);
    bool parts = made->arg[ADV_RAW_TRICK] >= ADV_TRICK_FRAGMENTS && made->arg[ADV_RAW_TRICK] < ADV_TRICK_UNREACHABLE;
    if (parts && chance(g, 70)) /* the first one may hold more than the header */
        made->arg[ADV_RAW_LEN] = 60 + below(g, 80);
}

/* About what the other one has in flight, or not. */
static void complain(struct gen *g)
{
    struct adv_step *made = adv_gen_raw(g, ADV_AT_START, ONE_OF(g, 0, 0, -1, 1, -12, 5000, -70000, 0x7fffffff), 0);

    made->arg[ADV_RAW_TRICK] = ADV_TRICK_UNREACHABLE + below(g, 3);
    made->arg[ADV_RAW_URG] = ONE_OF(g, 0, 1, 68, 88, 296, 576, 1280, 1500, 65535);
}

static void odd_flags(struct gen *g)
{
    struct adv_step *made = adv_gen_raw(g, ADV_AT_START, (int32_t)g->at, (int32_t)g->unit);

    made->arg[ADV_RAW_FLAGS] = ONE_OF(g, 256, ADV_PSH, ADV_FIN, ADV_FIN | ADV_PSH | ADV_URG, 0x3f, 0xff, ADV_SYN | ADV_ACK,
                                      ADV_ACK | 0x40, ADV_ACK | 0x80);
    made->arg[ADV_RAW_HOW] = any_how(g);
}

static void probe(struct gen *g)
{
    bool keep = chance(g, 60);
    struct adv_step *made = adv_gen_raw(g, chance(g, 50) ? ADV_AT_UNA : ADV_AT_NXT, keep ? -1 : 0, chance(g, 70));

    made->arg[ADV_RAW_HOW] = any_how(g);
}

/* A PDU with a hole in it; then the octet that was missing, as this or that. */
static void hole(struct gen *g)
{
    int32_t at = (int32_t)g->at, unit = (int32_t)g->unit, first = 1 + below(g, g->unit - 1);

    adv_gen_raw(g, ADV_AT_START, at + first, unit - first + below(g, 13))->arg[ADV_RAW_HOW] = any_how(g);
    if (chance(g, 50))
        overlap_again(g);
    if (chance(g, 50))
        adv_gen_wait(g);
    adv_gen_raw(g, ADV_AT_START, at, chance(g, 60) ? first : 1 + below(g, g->unit))->arg[ADV_RAW_HOW] = chance(g, 70) ? ADV_PLAIN : any_how(g);
    g->at += g->unit;
}

/* A schedule that makes every move does not come far: most of them end the connection. */
void adv_gen_choose_moves(struct gen *g)
{
    static const uint32_t all = UINT32_MAX;

    g->plain = (uint32_t)ONE_OF(g, 30, 80, 95, 100);
    g->moves = all;
    for (int32_t i = below(g, 4); i > 0; i--)
        g->moves &= (uint32_t)adv_gen_next(g);
}

void adv_gen_attack(struct gen *g)
{
    static void (*const moves[])(struct gen *) = {
        go_on, go_on, go_on, drip, overlap, overlap_again, repeat_otherwise, repeat_otherwise, old_data, beyond_window,
        wrong_ack, reset, finish, open_again, urgent, trick, trick, trick, trick, odd_flags, probe, hole, hole, complain};

    uint32_t at = (uint32_t)below(g, sizeof moves / sizeof *moves);

    moves[g->moves >> at & 1 ? at : 0](g);
}

void adv_gen_early(struct gen *g)
{
    static void (*const moves[])(struct gen *) = {open_again, open_again, go_on, wrong_ack, reset};

    moves[adv_gen_next(g) % (sizeof moves / sizeof *moves)](g);
}

/* ---- moves of a nuisance ---------------------------------------------------------------------------------------- */

static void far_reset(struct gen *g)
{
    adv_gen_raw(g, ADV_AT_NXT, ONE_OF(g, 5000, 60000, -40000, 1000000), 0)->arg[ADV_RAW_FLAGS] = ADV_RST | (chance(g, 50) ? ADV_ACK : 0);
}

static void unsound(struct gen *g)
{
    static const int32_t always[] = {ADV_TRICK_CHECKSUM, ADV_TRICK_NO_SUM, ADV_TRICK_OFFSET_4, ADV_TRICK_OPTION_0,
                                     ADV_TRICK_OPTION_LONG, ADV_TRICK_SPOOF, ADV_TRICK_IP_SUM, ADV_TRICK_IP_OPTION,
                                     ADV_TRICK_IP_OPTION_NOP, ADV_TRICK_ROUTING, ADV_TRICK_HOPS_0, ADV_TRICK_LONG,
                                     ADV_TRICK_SHORT, ADV_TRICK_TUNNEL, ADV_TRICK_MPLS, ADV_TRICK_SNAP, ADV_TRICK_VLAN,
                                     ADV_TRICK_TAG_FOREIGN, ADV_TRICK_TAGS_3, ADV_TRICK_MAC_GROUP, ADV_TRICK_CUT};
    struct adv_step *made = adv_gen_raw(g, ADV_AT_NXT, 0, ONE_OF(g, 0, 1, 12));

    made->arg[ADV_RAW_HOW] = any_how(g);
    made->arg[ADV_RAW_FLAGS] = chance(g, 30) ? ADV_RST : 0;
    made->arg[ADV_RAW_TRICK] = one_of(g, always, sizeof always / sizeof *always);
}

/* Of those that do not come together to anything; on conduits that refuse fragments, any. */
static void in_parts(struct gen *g)
{
    struct adv_step *made = adv_gen_raw(g, ADV_AT_NXT, 0, ONE_OF(g, 1, 12, 40, 60, 133));
    bool refused = g->schedule->setup[ADV_FRAGMENTS] == 0;

    made->arg[ADV_RAW_HOW] = any_how(g);
    made->arg[ADV_RAW_TRICK] = refused ? ADV_TRICK_FRAGMENTS + below(g, ADV_TRICK_FRAGMENTS_LOST - ADV_TRICK_FRAGMENTS)
                                       : ONE_OF(g, ADV_TRICK_FRAGMENTS_TINY, ADV_TRICK_FRAGMENTS_LOST);
}

/* An error about what is not in flight. */
static void far_complaint(struct gen *g)
{
    complain(g);
    g->schedule->steps[g->schedule->n_steps - 1].arg[ADV_RAW_OFF] = ONE_OF(g, 100000, -100000, 0x7fffffff);
}

static void far_ack(struct gen *g)
{
    struct adv_step *made = adv_gen_raw(g, ADV_AT_NXT, 0, ONE_OF(g, 0, 1, 12));

    made->arg[ADV_RAW_ACK] = ONE_OF(g, 100000, -100000, 0x7fffffff);
    made->arg[ADV_RAW_HOW] = any_how(g);
}

static void opening(struct gen *g)
{
    struct adv_step *made = adv_gen_raw(g, ADV_AT_START, -1, ONE_OF(g, 0, 0, 12));

    made->arg[ADV_RAW_FLAGS] = ADV_SYN;
    made->arg[ADV_RAW_SEQ] = ONE_OF(g, 0, 1, 100, 100000, -5);
}

static void no_ack(struct gen *g)
{
    struct adv_step *made = adv_gen_raw(g, ADV_AT_NXT, 0, 12);

    made->arg[ADV_RAW_FLAGS] = ONE_OF(g, 256, ADV_PSH, ADV_FIN, ADV_SYN | ADV_FIN, 0x3f);
    made->arg[ADV_RAW_HOW] = any_how(g);
}

static void far_data(struct gen *g)
{
    adv_gen_raw(g, ADV_AT_NXT, ONE_OF(g, 20000, -20000, 70000, -70000, 1000000), 12)->arg[ADV_RAW_HOW] = any_how(g);
}

void adv_gen_nuisance(struct gen *g)
{
    static void (*const moves[])(struct gen *) = {far_reset, unsound, unsound, in_parts, far_complaint, far_ack, opening, no_ack, far_data};

    moves[adv_gen_next(g) % (sizeof moves / sizeof *moves)](g);
}


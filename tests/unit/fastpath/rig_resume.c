/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rig_resume.h"

#include <string.h>

#include "decode.h"
#include "snapshot.h"
#include "unit.h"

struct ps_decision two_next(struct two *w, unsigned dir, const char *hex)
{
    w->ack[dir] = w->seq[!dir];
    return two_say(w, dir, hex);
}

void two_poll(struct two *w)
{
    two_next(w, PS_TO_SERVER, READ_REQUEST);
    two_expect(w, "=");
    two_next(w, PS_TO_CLIENT, READ_REPLY);
    two_expect(w, "=");
    w->ack[PS_TO_SERVER] = w->seq[PS_TO_CLIENT];
    two_at(w, PS_TO_SERVER, 0, PS_TCP_ACK, "");
    two_expect(w, "=");
}

void two_stop(struct two *w, struct left *left)
{
    size_t n = ps_engine_snapshot(w->r.engine, w->r.time_ns, NULL, 0);
    ck_assert_uint_le(n, sizeof left->octets);
    memset(left->octets, 0xa5, n + 1);
    ck_assert_uint_eq(ps_engine_snapshot(w->r.engine, w->r.time_ns, left->octets, n - 1), n);
    ck_assert_uint_eq(left->octets[0], 0xa5); /* nothing is written where there is not enough room */
    left->n = ps_engine_snapshot(w->r.engine, w->r.time_ns, left->octets, n);
    ck_assert_uint_eq(left->n, n);
    ck_assert_uint_eq(left->octets[n], 0xa5);
}

const char *two_start(struct two *w, const struct left *left, const char *mode, uint32_t ms)
{
    static struct two before;
    w->r.n_judged = 0;
    before = *w;
    two_fini(w);
    two_init(w, NULL, mode);
    memcpy(w->addr, before.addr, sizeof w->addr);
    memcpy(w->port, before.port, sizeof w->port);
    memcpy(w->isn, before.isn, sizeof w->isn);
    memcpy(w->seq, before.seq, sizeof w->seq);
    memcpy(w->ack, before.ack, sizeof w->ack);
    w->r.time_ns = before.r.time_ns + ms * UINT64_C(1000000);
    const char *wrong = ps_engine_restore(w->r.engine, left->octets, left->n, w->r.time_ns);
    ck_assert(ps_engine_check(w->r.engine));
    return wrong;
}

void two_restart(struct two *w)
{
    static struct left left;
    two_stop(w, &left);
    ck_assert_ptr_null(two_start(w, &left, GOES_ON, 1000));
}

void left_sum(struct left *left)
{
    uint64_t sum = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < left->n; i++)
        if (i < 40 || i >= 48)
            sum = (sum ^ left->octets[i]) * UINT64_C(0x100000001b3);
    for (unsigned i = 0; i < 8; i++)
        left->octets[40 + i] = (uint8_t)(sum >> (56 - 8 * i));
}

uint32_t left_count(const struct left *left)
{
    const uint8_t *n = left->octets + 12;
    return (uint32_t)n[0] << 24 | (uint32_t)n[1] << 16 | (uint32_t)n[2] << 8 | n[3];
}

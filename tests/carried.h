/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * carried.h - protocol state carried to a later run, and what must hold for that: for unit tests.
 */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dissector.h"
#include "unit/unit.h"

struct carried {
    uint8_t octets[PS_CARRIED_MAX];
    size_t n;
};

/* Loads n octets into a zeroed copy of the state: did that work, with nothing left over? On success *state is the copy. */
static inline bool carried_load(const struct ps_dissector *dissector, const struct ps_dialog *dialog,
                                const uint8_t *octets, size_t n, void *state)
{
    uint8_t *exact = malloc(n ? n : 1); /* the sanitizer sees what is read behind the end */
    void *loaded = calloc(1, dissector->state_len);
    ck_assert(exact && loaded);
    memcpy(exact, octets, n);
    struct ps_carry c = ps_carry_load(exact, n, dialog->now_ns);
    dissector->carry(&c, loaded);
    bool sound = !c.failed && c.pos == n;
    if (sound)
        memcpy(state, loaded, dissector->state_len);
    free(loaded);
    free(exact);
    return sound;
}

/* The dialog's state, saved, in place of which is put what was loaded from that. Saved again it is the same; with an octet
 * less it is none. */
static inline void carried_on(struct carried *carried, const struct ps_dissector *dissector, struct ps_dialog *dialog)
{
    static struct carried again;
    struct ps_carry counted = ps_carry_save(NULL, 0, dialog->now_ns);
    dissector->carry(&counted, dialog->state);
    ck_assert(!counted.failed);
    ck_assert_uint_le(counted.pos, PS_CARRIED_MAX);
    struct ps_carry c = ps_carry_save(carried->octets, counted.pos, dialog->now_ns);
    dissector->carry(&c, dialog->state);
    ck_assert(!c.failed);
    carried->n = c.pos;
    ck_assert_uint_eq(carried->n, counted.pos);
    for (size_t n = 0; n < carried->n; n++)
        ck_assert(!carried_load(dissector, dialog, carried->octets, n, dialog->state));
    ck_assert(carried_load(dissector, dialog, carried->octets, carried->n, dialog->state));
    c = ps_carry_save(again.octets, sizeof again.octets, dialog->now_ns);
    dissector->carry(&c, dialog->state);
    ck_assert_uint_eq(c.pos, carried->n);
    ck_assert_mem_eq(again.octets, carried->octets, carried->n);
}

/* What was saved, with another octet at `at`: is it refused? */
static inline bool carried_refused(const struct carried *carried, const struct ps_dissector *dissector,
                                   const struct ps_dialog *dialog, size_t at, uint8_t octet)
{
    struct carried poked = *carried;
    void *state = calloc(1, dissector->state_len);
    ck_assert(state && at < carried->n && poked.octets[at] != octet);
    poked.octets[at] = octet;
    bool refused = !carried_load(dissector, dialog, poked.octets, poked.n, state);
    free(state);
    return refused;
}

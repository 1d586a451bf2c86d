/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * chain.h - numbered things in the order in which they came: any of them can leave, the oldest is known. The links of
 * all chains that a thing may be in, one at a time, lie in one array.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/terms.h"

struct ps_chain_link {
    uint32_t older, newer; /* PS_NONE: none */
};

/* A zeroed one is empty. */
struct ps_chain {
    uint32_t oldest, newest; /* while n > 0 */
    uint32_t n;
};

/* id becomes the newest; it is in no chain. */
static inline void ps_chain_add(struct ps_chain *chain, struct ps_chain_link *links, uint32_t id)
{
    links[id] = (struct ps_chain_link){.older = chain->n > 0 ? chain->newest : PS_NONE, .newer = PS_NONE};
    if (chain->n++ > 0)
        links[chain->newest].newer = id;
    else
        chain->oldest = id;
    chain->newest = id;
}

/* id is in this chain. */
static inline void ps_chain_remove(struct ps_chain *chain, struct ps_chain_link *links, uint32_t id)
{
    struct ps_chain_link link = links[id];
    if (link.older != PS_NONE)
        links[link.older].newer = link.newer;
    else
        chain->oldest = link.newer;
    if (link.newer != PS_NONE)
        links[link.newer].older = link.older;
    else
        chain->newest = link.older;
    chain->n--;
}

/* Does it lead from the oldest to the newest over n things, and back? */
static inline bool ps_chain_check(const struct ps_chain *chain, const struct ps_chain_link *links)
{
    uint32_t before = PS_NONE, id = chain->oldest;
    for (uint32_t i = 0; i < chain->n; i++) {
        if (id == PS_NONE || links[id].older != before)
            return false;
        before = id;
        id = links[id].newer;
    }
    return chain->n == 0 || (id == PS_NONE && before == chain->newest);
}

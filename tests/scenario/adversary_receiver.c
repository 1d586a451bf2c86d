/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_receiver.c - how stacks put a stream together where segments overlap. Octets that the application could have
 * had are past for all of them; they differ in what waits behind a gap.
 */
#include "adversary.h"

#include <string.h>

const char *const adv_policy_names[ADV_N_POLICIES] = {"first", "last", "bsd", "linux", "windows", "device"};

void adv_receiver_init(struct adv_receiver *in)
{
    memset(in->have, 0, sizeof in->have);
    in->next = in->app_len = in->n_reads = 0;
    in->fin = in->cut = UINT32_MAX;
}

/* Does the segment from..to take the place of one that waits? Linux as measured: a segment that starts earlier, or in
 * the same place and reaches farther. */
static bool is_replaced(uint8_t policy, uint32_t from, uint32_t to, const struct adv_receiver *in, uint32_t at)
{
    switch ((enum adv_policy)policy) {
    case ADV_LAST:
        return true;
    case ADV_BSD:
        return from < in->from[at];
    case ADV_LINUX:
        return from < in->from[at] || (from == in->from[at] && to > in->to[at]);
    case ADV_WINDOWS:
        return from < in->from[at] && to > in->to[at];
    case ADV_FIRST:
    case ADV_DEVICE:
    case ADV_N_POLICIES:
        break;
    }
    return false;
}

uint32_t adv_receiver_take(struct adv_receiver *in, uint8_t policy, uint32_t off, const struct adv_segment *segment)
{
    uint32_t to = off + segment->len < ADV_STREAM_MAX ? off + segment->len : ADV_STREAM_MAX, before = in->next;

    for (uint32_t at = off < in->next ? in->next : off; at < to; at++) {
        if (in->have[at] && !is_replaced(policy, off, to, in, at))
            continue;
        in->have[at] = true;
        in->octets[at] = segment->data[at - off];
        in->from[at] = (uint16_t)off;
        in->to[at] = (uint16_t)to;
    }
    while (in->next < ADV_STREAM_MAX && in->have[in->next])
        in->next++;
    for (uint32_t at = before; at < in->next; at++)
        if (at != in->cut)
            in->app[in->app_len++] = in->octets[at];
    return in->next - before;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_attacker.c - one segment made by hand: any octets at any place, with any numbers, flags and defects.
 */
#include "adversary.h"

#include <string.h>

static uint32_t place(const struct adv_host *host, int32_t at)
{
    switch (at) {
    case ADV_AT_UNA:
        return host->una;
    case ADV_AT_NXT:
        return host->max;
    case ADV_AT_EDGE:
        return host->edge;
    default:
        return host->iss + 1;
    }
}

void adv_raw_send(struct adv_world *world, struct adv_host *host, const int32_t arg[ADV_N_ARGS])
{
    uint8_t octets[1400];
    struct adv_segment segment = {.data = octets, .trick = (uint8_t)arg[ADV_RAW_TRICK]};
    uint32_t seq = place(host, arg[ADV_RAW_AT]) + (uint32_t)arg[ADV_RAW_OFF], off = seq - host->iss - 1;
    const uint8_t *plan = world->plan.octets[host->index][arg[ADV_RAW_HOW]];

    if (arg[ADV_RAW_FLAGS] & ADV_SYN)
        off++; /* whose number comes before those of the octets */
    segment.len = (uint32_t)arg[ADV_RAW_LEN];
    for (uint32_t i = 0; i < segment.len; i++)
        octets[i] = off + i < world->plan.len[host->index] ? plan[off + i] : (uint8_t)(0x40 + arg[ADV_RAW_HOW]);
    segment.seq = seq + (uint32_t)arg[ADV_RAW_SEQ];
    segment.flags = arg[ADV_RAW_FLAGS] ? (uint8_t)arg[ADV_RAW_FLAGS] : ADV_ACK | ADV_PSH;
    segment.urgent = (uint16_t)arg[ADV_RAW_URG];
    if ((segment.flags & ADV_ACK) || arg[ADV_RAW_ACK])
        segment.ack = host->irs + 1 + host->in.next + host->fin_done + (uint32_t)arg[ADV_RAW_ACK];
    if (segment.trick == ADV_TRICK_WINDOW_MAX)
        segment.window = 65535;
    if (segment.trick >= ADV_TRICK_UNREACHABLE)
        segment.seq = host->irs + 1 + host->in.next + (uint32_t)arg[ADV_RAW_OFF];
    adv_host_emit(world, host, &segment);
}

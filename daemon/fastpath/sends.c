/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sends.h"

#include <stddef.h>

#include "mem.h"

bool ps_sends_init(struct ps_sends *sends, uint32_t capacity)
{
    *sends = (struct ps_sends){.capacity = capacity};
    sends->items = ps_mem_new(PS_SENDS_MAX * sizeof sends->items[0]);
    sends->octets = ps_mem_new(capacity);
    if (sends->items && sends->octets)
        return true;
    ps_sends_fini(sends);
    return false;
}

void ps_sends_fini(struct ps_sends *sends)
{
    ps_mem_free(sends->items, PS_SENDS_MAX * sizeof sends->items[0]);
    ps_mem_free(sends->octets, sends->capacity);
    *sends = (struct ps_sends){0};
}

uint8_t *ps_sends_room(struct ps_sends *sends, uint32_t len)
{
    bool fits = sends->n < PS_SENDS_MAX && len <= sends->capacity - sends->n_octets;
    return fits ? sends->octets + sends->n_octets : NULL;
}

void ps_sends_put(struct ps_sends *sends, uint32_t len, uint16_t from)
{
    sends->items[sends->n++] = (struct ps_send){.data = sends->octets + sends->n_octets, .len = len, .from = from,
                                                .port = ps_sends_other_port(from), .after = sends->after};
    sends->n_octets += len;
}

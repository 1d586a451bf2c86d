/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fuzz_nfq.c - libFuzzer: one datagram of the kernel's queue, read and made into a frame as port_nfq.c does.
 *
 * The input is the datagram, as the kernel of a little-endian machine writes it. What is told lies in it, what is written
 * stays in it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "exact.h"
#include "port_nfq_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t own[6] = {2, 0, 0, 0, 0, 1}, unknown[6] = {2, 0, 0, 0, 0, 2};

static void use(const uint8_t *message, uint32_t size, const struct ps_nfq_packet *packet)
{
    uint32_t type = 0;

    check(packet->start == message && packet->wire_len >= packet->len);
    check(packet->payload == NULL || (packet->payload >= message && packet->payload + packet->len <= message + size));
    check(packet->payload != NULL || packet->len == 0);
    if (packet->payload != NULL && packet->partial_checksum)
        ps_nfq_packet_complete(packet);
    uint8_t *frame = ps_nfq_packet_frame(packet, own, unknown);
    check((frame == NULL) == (packet->payload == NULL));
    if (frame == NULL)
        return;
    check(frame == packet->payload - PS_NFQ_HEAD_LEN && memcmp(frame, own, sizeof own) == 0);
    uint32_t at = ps_nfq_packet_find_ip(frame, PS_NFQ_HEAD_LEN + packet->len, &type);
    check(at == 0 || (at == PS_NFQ_HEAD_LEN && type == packet->type));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ps_nfq_packet packet;
    uint8_t *message = copy(data, (uint32_t)size);

    if (ps_nfq_packet_read(message, size, &packet)) {
        check(!ps_nfq_packet_is_fine(message, size));
        use(message, (uint32_t)size, &packet);
    } else {
        (void)ps_nfq_packet_is_fine(message, size);
    }
    free(message);
    return 0;
}

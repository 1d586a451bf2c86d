/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "checksums.h"

#include "decode.h"

uint8_t ps_checksums_settle(struct ps_capture *capture, uint8_t wanted)
{
    const struct ps_decode_how how = {.checksums = PS_CHECKSUMS_OFFLOAD};
    struct ps_packet packets[PS_BURST_MAX];
    struct ps_desc desc;
    uint32_t n, n_seen = 0, n_right = 0, n_wrong = 0;

    if (wanted != PS_CHECKSUMS_AUTO)
        return wanted;
    while (n_seen < PS_CHECKSUMS_SAMPLE && (n = ps_capture_burst(capture, packets)) > 0) {
        n_seen += n;
        for (uint32_t i = 0; i < n; i++) {
            ps_decode(&packets[i], how, &desc);
            n_wrong += desc.reason == PS_REASON_BAD_CHECKSUM;
            n_right += desc.reason == PS_REASON_NONE && (desc.kind == PS_KIND_TCP || desc.kind == PS_KIND_UDP);
        }
    }
    ps_capture_rewind(capture);
    return n_wrong >= PS_CHECKSUMS_WRONG_MIN && n_wrong > n_right ? PS_CHECKSUMS_IGNORE : PS_CHECKSUMS_OFFLOAD;
}

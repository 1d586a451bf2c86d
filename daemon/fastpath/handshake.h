/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * handshake.h - what survives of the options in a SYN or SYN-ACK of an inline connection.
 *
 * Maximum segment size, never raised, and window scale. Everything else is overwritten with NOP, which the other side
 * reads as "not offered": timestamps and selective acknowledgements (numbers in them would have to be forged), fast open,
 * multipath and whatever is unknown. Signed segments (MD5, AO) cannot be stripped: they are refused.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"

/* Bounds of the maximum segment size. */
#define PS_MSS_MIN 64u     /* less is an attack by tiny segments */
#define PS_MSS_MAX_V4 1460u /* in Ethernet */
#define PS_MSS_MAX_V6 1440u
#define PS_MSS_DEFAULT 536u /* where there is none: RFC 9293 3.7.1 */
#define PS_SCALE_MAX 14u   /* RFC 7323 2.3 */

struct ps_handshake {
    uint16_t mss;   /* what its sender takes */
    uint8_t scale;  /* of the windows that its sender will tell of */
    bool scales;    /* the option is there */
    bool changed;   /* the header is not what it was */
};

struct ps_handshake_how {
    uint16_t mss_max; /* a larger size is lowered to this */
    bool may_scale;   /* window scale may stay: a SYN-ACK has it only when the SYN had */
};

/* Reads and normalises the TCP header at tcp, header_len octets, of a SYN or SYN-ACK; its checksum is not touched.
 * PS_REASON_NONE, or syn-options. */
enum ps_reason ps_handshake_clean(uint8_t *tcp, uint32_t header_len, struct ps_handshake_how how,
                                  struct ps_handshake *out);

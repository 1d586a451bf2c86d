/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * terms.h - small enumerations that policy, image, match and engine share.
 */
#pragma once

#include <stdint.h>

/* No asset, no conduit, no rule, no zone. */
#define PS_NONE UINT32_MAX

/* What a rule's `protocol` names, as images number it. Zero is none. */
enum ps_protocol {
    PS_PROTOCOL_NONE = 0,
    PS_PROTOCOL_MODBUS,
    PS_PROTOCOL_DNP3,
    PS_PROTOCOL_S7COMM,
    PS_PROTOCOL_S7COMM_PLUS, /* on the same port and below the same layers as S7COMM, whose dissector reads it */
    PS_N_DISSECTORS, /* the ones above have a dissector, or one that carries them */
    PS_PROTOCOL_TCP = 64, /* any TCP payload, uninspected */
    PS_PROTOCOL_UDP,      /* any UDP payload, uninspected */
    PS_PROTOCOL_ICMP,     /* ICMP on IPv4, ICMPv6 on IPv6 */
    PS_PROTOCOL_IP,       /* another IP protocol, by number */
    PS_PROTOCOL_ETHERNET, /* another ethertype */
};

/* Whose dissector reads it. */
static inline unsigned ps_protocol_carrier(unsigned protocol)
{
    return protocol == PS_PROTOCOL_S7COMM_PLUS ? PS_PROTOCOL_S7COMM : protocol;
}

/* What a conduit does with a refusal. */
enum ps_mode {
    PS_MODE_ENFORCE = 0,
    PS_MODE_MONITOR, /* judged and reported, never dropped */
};

enum ps_on_deny {
    PS_ON_DENY_RESET = 0,
    PS_ON_DENY_DROP,
    PS_ON_DENY_ANSWER,
};

/* What it does with IP fragments. */
enum ps_fragments {
    PS_FRAGMENTS_REFUSE = 0,
    PS_FRAGMENTS_REASSEMBLE,
};

/* With TCP segments of inspected connections. */
enum ps_segments {
    PS_SEGMENTS_ANY = 0,
    PS_SEGMENTS_WHOLE, /* they end where a message ends */
};

/* With inspected connections whose opening was not seen, in the line. */
enum ps_midstream {
    PS_MIDSTREAM_RESET = 0,
    PS_MIDSTREAM_RESUME, /* those that an earlier run has left behind may go on */
};

/* What the kernel's rules do, on hosts without DPDK, with what they cannot check as exactly as the engine would. */
enum ps_fallback {
    PS_FALLBACK_DENY = 0,
    PS_FALLBACK_PORTS, /* accepted by address and port */
    PS_FALLBACK_QUEUE, /* judged by the engine, behind NFQUEUE */
};

/* What conduits without the key have. */
#define PS_HOLD_MS_DEFAULT 2000u
#define PS_HALF_OPEN_DEFAULT 256u
#define PS_NEW_FLOWS_DEFAULT 256u

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
    PS_N_DISSECTORS,      /* the ones above have a dissector */
    PS_PROTOCOL_TCP = 64, /* any TCP payload, uninspected */
    PS_PROTOCOL_UDP,      /* any UDP payload, uninspected */
    PS_PROTOCOL_ICMP,     /* ICMP on IPv4, ICMPv6 on IPv6 */
    PS_PROTOCOL_IP,       /* another IP protocol, by number */
    PS_PROTOCOL_ETHERNET, /* another ethertype */
};

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

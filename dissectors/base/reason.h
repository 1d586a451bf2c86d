/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reason.h - the closed list of reasons for which something is refused. The list itself is reason.def.
 */
#pragma once

#include <stdint.h>

enum ps_reason_class {
    PS_CLASS_POLICY = 0, /* no rule grants it */
    PS_CLASS_PROTOCOL,   /* malformed, or out of the protocol's state */
    PS_CLASS_STREAM,     /* the TCP connection is not in order */
    PS_CLASS_NETWORK,    /* frame, address or header that does not belong here */
    PS_CLASS_RESOURCE,   /* a bound was reached */
    PS_N_CLASSES,
};

enum ps_reason {
    PS_REASON_NONE = 0, /* nothing was refused */
#define PS_REASON(id, name, class, sentence) PS_REASON_##id,
#include "reason.def"
#undef PS_REASON
    PS_N_REASONS,
};

struct ps_reason_info {
    const char *name;     /* stable: events, tests and policy tests use it */
    uint8_t class;        /* enum ps_reason_class */
    const char *sentence; /* for people, without a full stop */
};

/* Never NULL; numbers outside the list give the entry of PS_REASON_BUG. */
const struct ps_reason_info *ps_reason_info(unsigned reason);

/* "policy", "protocol", ... */
const char *ps_reason_class_name(unsigned class);

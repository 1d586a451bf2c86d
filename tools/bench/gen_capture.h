/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gen_capture.h - what the generator of captures and its protocols share.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct generator;

/* What a connection of the generator remembers from a request to its reply, and from one request to the next. */
struct gen_talk {
    uint32_t number;  /* of the request */
    uint32_t what;    /* function, or kind of request */
    uint16_t first[4], n[4];
    uint32_t n_items;
};

/* One protocol. Each function writes one PDU, of GEN_PDU_MAX octets at most, and says how many. */
struct gen_protocol {
    const char *name;
    uint16_t port;
    unsigned n_opening; /* PDUs before the first request, of client and server in turn */
    uint32_t (*opening)(struct generator *g, unsigned i, uint8_t *out); /* NULL with n_opening 0 */
    uint32_t (*request)(struct generator *g, struct gen_talk *talk, uint8_t *out);
    uint32_t (*reply)(struct generator *g, const struct gen_talk *talk, uint8_t *out);
    const char *rules; /* under which all of it is allowed */
};

#define GEN_PDU_MAX 340u

extern const struct gen_protocol gen_modbus, gen_dnp3, gen_s7comm;

/* A number below n. */
uint32_t gen_draw(struct generator *g, uint32_t n);

static inline void gen_put16(uint8_t *at, unsigned number)
{
    at[0] = (uint8_t)(number >> 8);
    at[1] = (uint8_t)number;
}

static inline void gen_put32(uint8_t *at, uint32_t number)
{
    gen_put16(at, number >> 16);
    gen_put16(at + 2, number & 0xffff);
}

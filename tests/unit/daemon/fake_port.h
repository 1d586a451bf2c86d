/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * fake_port.h - a backend of port.h for tests: bursts that a test has written down, and a list of what left.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "port.h"

#define FAKE_FRAMES 64u
#define FAKE_LEN 256u

struct fake_frame {
    uint8_t b[FAKE_LEN];
    uint32_t len;
    uint32_t ports; /* in: the number of one; out: the mask */
    bool own;       /* out: of the engine's own making */
    uint32_t burst; /* in: with which it comes */
};

/* What ps_io_carry() was told. */
struct fake_carried {
    uint32_t len; /* of the packet */
    uint32_t state;
};

struct ps_io {
    struct fake_frame in[FAKE_FRAMES], out[FAKE_FRAMES];
    uint32_t n_in, next_in;
    uint32_t n_out; /* read it with fake_port_n_out() while the worker runs */
    uint32_t n_flushes;
    uint32_t n_passes; /* calls that passed packets on, any number each */
    uint32_t n_replaced; /* of what left: went in the place of a packet */
    uint32_t n_carried;
    struct fake_carried last_carried;
    bool full; /* ps_io_enter() has no room */
    uint32_t held; /* not 0: nothing comes in yet (atomic) */
};

/* A frame that comes in by a port with this burst, counted upwards. */
void fake_port_in(struct ps_io *io, uint32_t burst, uint32_t port, const uint8_t *frame, uint32_t len);
/* Waits until n frames have left, at most 10 s. */
bool fake_port_await(const struct ps_io *io, uint32_t n);

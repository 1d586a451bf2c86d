/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * port_backend.h - what port.c asks of a backend. The functions do what port.h says about those of their names.
 *
 * struct ps_io and struct ps_io_queue are the backend's own; nobody else looks inside. A backend whose packets the kernel
 * moves has no workers, and nothing from enter on.
 */
#pragma once

#include "port.h"

struct ps_io_ops {
    const char *name;
    struct ps_io *(*open)(const struct ps_io_config *config, struct ps_diags *diags);
    void (*close)(struct ps_io *io);
    void (*keep)(struct ps_io *io); /* NULL: nothing */
    void (*again)(struct ps_io *io); /* NULL: nothing */
    void (*stats)(struct ps_io *io, uint32_t port, struct ps_io_stats *stats);
    bool (*queue_stats)(struct ps_io *io, uint32_t worker, struct ps_io_queue_stats *stats); /* NULL: false */
    bool (*carry_for)(struct ps_io *io, uint32_t state, char *err, size_t err_size); /* NULL: true */
    bool (*carried)(struct ps_io *io, struct ps_io_carried *carried); /* NULL: false */
    const char *(*memory)(const struct ps_io *io);
    struct ps_io_queue *(*enter)(struct ps_io *io, uint32_t worker);
    void (*leave)(struct ps_io_queue *queue);
    uint32_t (*rx)(struct ps_io_queue *queue, struct ps_packet *packets, uint32_t *moved);
    void (*pass)(struct ps_io_queue *queue, uint32_t i, uint32_t n, uint32_t ports);
    void (*carry)(struct ps_io_queue *queue, uint32_t i, uint32_t state); /* NULL: nothing */
    void (*send)(struct ps_io_queue *queue, const uint8_t *data, uint32_t len, uint32_t ports);
    void (*replace)(struct ps_io_queue *queue, uint32_t i, const uint8_t *data, uint32_t len, uint32_t ports); /* NULL: send */
    void (*flush)(struct ps_io_queue *queue);
    bool (*wait)(struct ps_io_queue *queue, uint64_t ns); /* NULL: false */
};

extern const struct ps_io_ops ps_io_dpdk;    /* port_dpdk.c */
extern const struct ps_io_ops ps_io_nfqueue; /* port_nfq.c */
extern const struct ps_io_ops ps_io_nft;     /* port_nft.c */

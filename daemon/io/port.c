/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * port.c - the backend that was chosen. PS_IO_BACKENDS: those that were built, the best first.
 */
#include "port.h"

#include <stdio.h>
#include <string.h>

#include "port_backend.h"

static const struct ps_io_ops *const backends[] = {PS_IO_BACKENDS};
static const struct ps_io_ops *ops; /* one per process, set before there are workers */

static const struct ps_io_ops *find(const char *name)
{
    for (size_t i = 0; i < sizeof backends / sizeof backends[0]; i++)
        if (!name || strcmp(backends[i]->name, name) == 0)
            return backends[i];
    return NULL;
}

bool ps_io_has(const char *backend)
{
    return find(backend) != NULL;
}

bool ps_io_has_workers(void)
{
    return ops && ops->enter;
}

const char *ps_io_backend(void)
{
    return ops ? ops->name : backends[0]->name;
}

struct ps_io *ps_io_open(const struct ps_io_config *config, struct ps_diags *diags)
{
    ops = find(config->backend);
    if (ops)
        return ops->open(config, diags);
    ps_diag_add(diags, PS_SEV_ERROR, NULL, NULL, 0, NULL, "this penstockd was built without %s", config->backend);
    return NULL;
}

void ps_io_close(struct ps_io *io)
{
    if (io)
        ops->close(io);
}

void ps_io_keep(struct ps_io *io)
{
    if (ops->keep)
        ops->keep(io);
}

void ps_io_again(struct ps_io *io)
{
    if (ops->again)
        ops->again(io);
}

void ps_io_stats(struct ps_io *io, uint32_t port, struct ps_io_stats *stats)
{
    ops->stats(io, port, stats);
}

bool ps_io_queue_stats(struct ps_io *io, uint32_t worker, struct ps_io_queue_stats *stats)
{
    return ops->queue_stats && ops->queue_stats(io, worker, stats);
}

bool ps_io_carry_for(struct ps_io *io, uint32_t state, char *err, size_t err_size)
{
    return !ops->carry_for || ops->carry_for(io, state, err, err_size);
}

bool ps_io_carried(struct ps_io *io, struct ps_io_carried *carried)
{
    return ops->carried && ops->carried(io, carried);
}

const char *ps_io_memory(const struct ps_io *io)
{
    return ops->memory(io);
}

struct ps_io_queue *ps_io_enter(struct ps_io *io, uint32_t worker)
{
    return ops->enter(io, worker);
}

void ps_io_leave(struct ps_io_queue *queue)
{
    ops->leave(queue);
}

uint32_t ps_io_rx(struct ps_io_queue *queue, struct ps_packet *packets, uint32_t *moved)
{
    return ops->rx(queue, packets, moved);
}

void ps_io_pass(struct ps_io_queue *queue, uint32_t i, uint32_t n, uint32_t ports)
{
    ops->pass(queue, i, n, ports);
}

void ps_io_carry(struct ps_io_queue *queue, uint32_t i, uint32_t state)
{
    if (ops->carry)
        ops->carry(queue, i, state);
}

void ps_io_send(struct ps_io_queue *queue, const uint8_t *data, uint32_t len, uint32_t ports)
{
    ops->send(queue, data, len, ports);
}

void ps_io_replace(struct ps_io_queue *queue, uint32_t i, const uint8_t *data, uint32_t len, uint32_t ports)
{
    if (ops->replace)
        ops->replace(queue, i, data, len, ports);
    else
        ops->send(queue, data, len, ports);
}

void ps_io_flush(struct ps_io_queue *queue)
{
    ops->flush(queue);
}

bool ps_io_wait(struct ps_io_queue *queue, uint64_t ns)
{
    return ops->wait && ops->wait(queue, ns);
}

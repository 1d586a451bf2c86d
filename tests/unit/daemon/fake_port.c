/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake_port.h"

#include <string.h>
#include <time.h>

struct ps_io_queue {
    struct ps_io *io;
    const struct fake_frame *burst[PS_BURST_MAX];
};

static struct ps_io_queue queues[PS_IO_WORKERS_MAX];

void fake_port_in(struct ps_io *io, uint32_t burst, uint32_t port, const uint8_t *frame, uint32_t len)
{
    struct fake_frame *in = &io->in[io->n_in];
    *in = (struct fake_frame){.len = len, .ports = port, .burst = burst};
    memcpy(in->b, frame, len);
    __atomic_store_n(&io->n_in, io->n_in + 1, __ATOMIC_RELEASE);
}

bool fake_port_await(const struct ps_io *io, uint32_t n)
{
    const struct timespec pause = {.tv_nsec = 1000000};
    for (unsigned i = 0; i < 10000; i++) {
        if (__atomic_load_n(&io->n_out, __ATOMIC_ACQUIRE) >= n)
            return true;
        nanosleep(&pause, NULL);
    }
    return false;
}

struct ps_io_queue *ps_io_enter(struct ps_io *io, uint32_t worker)
{
    queues[worker].io = io;
    return io->full ? NULL : &queues[worker];
}

void ps_io_leave(struct ps_io_queue *queue)
{
    (void)queue;
}

/* Everything comes to worker 0. */
uint32_t ps_io_rx(struct ps_io_queue *queue, struct ps_packet *packets, uint32_t *moved)
{
    struct ps_io *io = queue->io;
    *moved = 0;
    if (__atomic_load_n(&io->held, __ATOMIC_ACQUIRE) != 0)
        return 0;
    uint32_t n = 0, n_in = __atomic_load_n(&io->n_in, __ATOMIC_ACQUIRE);
    for (; queue == &queues[0] && io->next_in < n_in && n < PS_BURST_MAX; n++) {
        const struct fake_frame *in = &io->in[io->next_in];
        if (n > 0 && in->burst != queue->burst[0]->burst)
            break;
        io->next_in++;
        queue->burst[n] = in;
        packets[n] = (struct ps_packet){.data = in->b, .len = in->len, .wire_len = in->len, .port = (uint16_t)in->ports};
    }
    return n;
}

static void leave(struct ps_io *io, const uint8_t *data, uint32_t len, uint32_t ports, bool own)
{
    if (io->n_out == FAKE_FRAMES)
        return;
    struct fake_frame *out = &io->out[io->n_out];
    *out = (struct fake_frame){.len = len < FAKE_LEN ? len : FAKE_LEN, .ports = ports, .own = own};
    memcpy(out->b, data, out->len);
    __atomic_store_n(&io->n_out, io->n_out + 1, __ATOMIC_RELEASE);
}

void ps_io_pass(struct ps_io_queue *queue, uint32_t i, uint32_t n, uint32_t ports)
{
    queue->io->n_passes++;
    for (uint32_t end = i + n; i < end; i++)
        leave(queue->io, queue->burst[i]->b, queue->burst[i]->len, ports, false);
}

void ps_io_send(struct ps_io_queue *queue, const uint8_t *data, uint32_t len, uint32_t ports)
{
    leave(queue->io, data, len, ports, true);
}

void ps_io_replace(struct ps_io_queue *queue, uint32_t i, const uint8_t *data, uint32_t len, uint32_t ports)
{
    (void)i;
    leave(queue->io, data, len, ports, true);
    queue->io->n_replaced++;
}

void ps_io_carry(struct ps_io_queue *queue, uint32_t i, uint32_t state)
{
    queue->io->n_carried++;
    queue->io->last_carried = (struct fake_carried){.len = queue->burst[i]->len, .state = state};
}

bool ps_io_wait(struct ps_io_queue *queue, uint64_t ns)
{
    (void)queue;
    (void)ns;
    return false;
}

void ps_io_flush(struct ps_io_queue *queue)
{
    queue->io->n_flushes++;
}

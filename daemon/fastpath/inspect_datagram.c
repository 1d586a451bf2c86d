/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * inspect_datagram.c - PDUs of datagrams.
 */
#include "inspect.h"

#include <string.h>

#include "inspect_view.h"

/* Is a datagram PDUs from its first octet on, the last of which may be unfinished? */
static bool stands_alone(struct ps_view *v, const uint8_t *data, uint32_t len)
{
    struct ps_rd_fault fault;
    uint32_t extent;
    for (; len > 0; data += extent, len -= extent) {
        enum ps_result result = ps_view_frame(v, data, len, &extent, &fault);
        if (result != PS_OK)
            return result == PS_MORE;
    }
    return true;
}

/* What was begun in earlier datagrams goes on in this one, up to its end or to where it ends in there. Octets that it takes;
 * 0: it does not go on. */
static uint32_t goes_on(struct ps_view *v, struct ps_half *half, const uint8_t *data, uint32_t len)
{
    struct ps_rd_fault fault;
    uint32_t extent, begun = half->len, total = begun + len;
    if (total > v->engine->streams.buf_len)
        return 0;
    memcpy(half->buf + begun, data, len);
    enum ps_result result = ps_view_frame(v, half->buf, total, &extent, &fault);
    if (result == PS_MORE) {
        half->len = total;
        return len;
    }
    if (result == PS_BAD || extent <= begun || (extent < total && stands_alone(v, data, len)))
        return 0;
    half->len = 0;
    ps_view_judge(v, half->buf, extent, (struct ps_rd_fault){0});
    return extent - begun;
}

/* Each datagram starts with a PDU or goes on with the one that the last one of its direction began. */
static void take_datagram(struct ps_view *v, const uint8_t *data, uint32_t len)
{
    struct ps_half *half = ps_stream_half(&v->engine->streams, v->flow, v->dialog.dir);
    if (half && half->len > 0) {
        uint32_t n = goes_on(v, half, data, len);
        if (n == 0) {
            v->engine->stats.unfinished_pdus++;
            half->len = 0;
        }
        data += n;
        len -= n;
    }
    while (len > 0) {
        struct ps_rd_fault fault;
        uint32_t extent;
        enum ps_result result = ps_view_frame(v, data, len, &extent, &fault);
        if (result == PS_MORE) {
            (void)ps_view_begin(v, data, len, extent);
            return;
        }
        if (result == PS_BAD)
            extent = len; /* nothing behind a bad one is looked for */
        ps_view_judge(v, data, extent, fault);
        data += extent;
        len -= extent;
    }
}

void ps_inspect_datagram(struct ps_engine *engine, const uint8_t *data, uint32_t len, bool cut)
{
    struct ps_view v = ps_view_current(engine);
    struct ps_rd_fault fault;
    uint32_t extent;
    v.dialog.datagram = true;
    if (cut) {
        engine->stats.gaps++;
        v.flow->flags |= PS_FLOW_MISSED;
        v.dialog.midstream = true;
        v.dissector->gap(&v.dialog);
        return;
    }
    if (v.dissector->spans_datagrams && len > 0) {
        take_datagram(&v, data, len);
        ps_stream_half_settle(&engine->streams, v.flow, v.dialog.dir);
        return;
    }
    enum ps_result result = ps_view_frame(&v, data, len, &extent, &fault);
    if (result == PS_MORE)
        fault.reason = PS_REASON_TRUNCATED;
    else if (result == PS_OK && extent < len)
        fault = (struct ps_rd_fault){.reason = PS_REASON_SURPLUS, .offset = extent};
    ps_view_judge(&v, data, len, fault);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "rd.h"

void ps_rd_init(struct ps_rd *rd, struct ps_rd_fault *fault, const uint8_t *data, uint32_t len)
{
    static const uint8_t nothing[1]; /* a place to point to: arithmetic on NULL is not defined, even by 0 */
    *fault = (struct ps_rd_fault){.reason = PS_REASON_NONE};
    *rd = (struct ps_rd){.data = data ? data : nothing, .pos = 0, .end = data ? len : 0, .fault = fault};
}

enum ps_result ps_rd_fail(struct ps_rd *rd, enum ps_reason reason)
{
    if (!ps_rd_failed(rd)) {
        rd->fault->reason = reason == PS_REASON_NONE ? PS_REASON_BUG : reason;
        rd->fault->offset = rd->pos;
    }
    return PS_BAD;
}

uint16_t ps_rd_u16le(struct ps_rd *rd)
{
    const uint8_t *p = ps_rd_bytes(rd, 2);
    return (uint16_t)(p ? p[1] << 8 | p[0] : 0);
}

uint32_t ps_rd_u24be(struct ps_rd *rd)
{
    const uint8_t *p = ps_rd_bytes(rd, 3);
    return p ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

uint32_t ps_rd_u32be(struct ps_rd *rd)
{
    const uint8_t *p = ps_rd_bytes(rd, 4);
    return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

uint32_t ps_rd_u32le(struct ps_rd *rd)
{
    const uint8_t *p = ps_rd_bytes(rd, 4);
    return p ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

void ps_rd_sub(struct ps_rd *rd, struct ps_rd *sub, uint32_t n)
{
    uint32_t start = rd->pos;
    rd->fault->n_open++;
    if (!ps_rd_bytes(rd, n))
        n = 0;
    *sub = (struct ps_rd){.data = rd->data, .pos = start, .end = start + n, .fault = rd->fault};
}

void ps_rd_close(struct ps_rd *sub)
{
    ps_rd_require(sub, sub->pos == sub->end, PS_REASON_SURPLUS);
    if (sub->fault->n_open == 0)
        ps_rd_fail(sub, PS_REASON_BUG);
    else
        sub->fault->n_open--;
}

enum ps_result ps_rd_finish(struct ps_rd *rd)
{
    ps_rd_require(rd, rd->pos == rd->end, PS_REASON_SURPLUS);
    ps_rd_require(rd, rd->fault->n_open == 0, PS_REASON_BUG);
    return ps_rd_failed(rd) ? PS_BAD : PS_OK;
}

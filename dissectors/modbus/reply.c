/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * reply.c - bodies of replies: well-formed, and what the request asked for (MB-S14, MB-S15). pdu->request is NULL for
 * a reply whose request went unseen; then only its form is judged.
 */
#include "mb.h"

#include <stddef.h>

#define FIFO_MAX 31u
#define EVENTS_MAX 64u

static uint32_t expected(const struct mb_pdu *pdu)
{
    return pdu->request ? pdu->request->echo : 0;
}

void mb_require_padding(struct mb_pdu *pdu, const uint8_t *bits, uint32_t n)
{
    if (!bits || n % 8 == 0 || mb_relaxed(pdu->dialog, MB_RELAX_PADDING))
        return;
    ps_rd_require(pdu->rd, bits[n / 8] >> (n % 8) == 0, PS_REASON_MODBUS_PADDING);
}

/* FC 1, 2: byte count 1, bits. */
void mb_reply_bits(struct mb_pdu *pdu)
{
    uint32_t byte_count = ps_rd_u8(pdu->rd);
    mb_expect(pdu, byte_count == (expected(pdu) + 7) / 8);
    ps_rd_require(pdu->rd, byte_count >= 1 && byte_count <= 250, PS_REASON_MODBUS_BYTE_COUNT);
    const uint8_t *bits = ps_rd_bytes(pdu->rd, byte_count);
    mb_require_padding(pdu, bits, expected(pdu));
}

/* FC 3, 4, 23: byte count 1, registers 2 each. */
void mb_reply_registers(struct mb_pdu *pdu)
{
    uint32_t byte_count = ps_rd_u8(pdu->rd);
    mb_expect(pdu, byte_count == 2 * expected(pdu));
    ps_rd_require(pdu->rd, byte_count >= 2 && byte_count % 2 == 0, PS_REASON_MODBUS_BYTE_COUNT);
    (void)ps_rd_bytes(pdu->rd, byte_count);
}

/* FC 5, 6: address 2, value 2. FC 15, 16: address 2, quantity 2. As in the request. */
void mb_reply_echo(struct mb_pdu *pdu)
{
    uint32_t echo = ps_rd_u32be(pdu->rd);
    mb_expect(pdu, echo == expected(pdu));
}

/* FC 22: as the request, all of it. */
void mb_reply_mask_echo(struct mb_pdu *pdu)
{
    (void)ps_rd_bytes(pdu->rd, 6);
    mb_expect(pdu, pdu->request && pdu->request->hash == mb_hash(pdu->data, pdu->len));
}

/* FC 7: status 1. */
void mb_reply_exception_status(struct mb_pdu *pdu)
{
    (void)ps_rd_u8(pdu->rd);
}

/* FC 11: status 2 (0 or FFFF), count 2. */
void mb_reply_event_counter(struct mb_pdu *pdu)
{
    uint32_t status = ps_rd_u16be(pdu->rd);
    (void)ps_rd_u16be(pdu->rd);
    ps_rd_require(pdu->rd, status == 0 || status == 0xffff, PS_REASON_MODBUS_REPLY);
}

/* FC 12: byte count 1, status 2, event count 2, message count 2, events 0..64. */
void mb_reply_event_log(struct mb_pdu *pdu)
{
    uint32_t byte_count = ps_rd_u8(pdu->rd);
    uint32_t status = ps_rd_u16be(pdu->rd);
    ps_rd_require(pdu->rd, byte_count >= 6 && byte_count <= 6 + EVENTS_MAX, PS_REASON_MODBUS_BYTE_COUNT);
    ps_rd_require(pdu->rd, status == 0 || status == 0xffff, PS_REASON_MODBUS_REPLY);
    (void)ps_rd_u32be(pdu->rd);
    (void)ps_rd_bytes(pdu->rd, byte_count >= 6 ? byte_count - 6 : 0);
}

/* FC 17: byte count 1, whatever the device calls itself; real ones write free text over the run indicator. */
void mb_reply_counted(struct mb_pdu *pdu)
{
    uint32_t byte_count = ps_rd_u8(pdu->rd);
    ps_rd_require(pdu->rd, byte_count >= 1, PS_REASON_MODBUS_BYTE_COUNT);
    (void)ps_rd_bytes(pdu->rd, byte_count);
}

void mb_reply_opaque(struct mb_pdu *pdu)
{
    (void)ps_rd_bytes(pdu->rd, ps_rd_left(pdu->rd));
}

/* 16 bits of the record lengths of an FC 20, in order: the reply must cut its octets where the request says. */
uint64_t mb_file_shape(uint64_t shape, uint32_t n_registers)
{
    return (shape * 31 + n_registers + 1) & 0xffff;
}

/* FC 20: byte count 1, then per record: length 1 (1 + 2 n), reference type 1, registers 2 each. */
void mb_reply_file(struct mb_pdu *pdu)
{
    uint32_t byte_count = ps_rd_u8(pdu->rd);
    uint64_t shape = 0;
    struct ps_rd records;
    ps_rd_sub(pdu->rd, &records, byte_count);
    while (ps_rd_left(&records) > 0) {
        uint32_t length = ps_rd_u8(&records);
        uint32_t reference = ps_rd_u8(&records);
        if (!ps_rd_require(&records, length >= 3 && length % 2 == 1 && reference == 6, PS_REASON_MODBUS_FILE))
            break;
        (void)ps_rd_bytes(&records, length - 1);
        shape = mb_file_shape(shape, (length - 1) / 2);
    }
    ps_rd_close(&records);
    mb_expect(pdu, expected(pdu) == (byte_count << 16 | (uint32_t)shape));
}

/* FC 21: as the request, all of it. */
void mb_reply_file_echo(struct mb_pdu *pdu)
{
    uint32_t byte_count = ps_rd_u8(pdu->rd);
    struct ps_rd records;
    ps_rd_sub(pdu->rd, &records, byte_count);
    while (ps_rd_left(&records) > 0) {
        uint32_t reference = ps_rd_u8(&records);
        (void)ps_rd_u32be(&records);
        uint32_t n = ps_rd_u16be(&records);
        if (!ps_rd_require(&records, reference == 6 && n > 0, PS_REASON_MODBUS_FILE))
            break;
        (void)ps_rd_bytes(&records, 2 * n);
    }
    ps_rd_close(&records);
    mb_expect(pdu, pdu->request && pdu->request->hash == mb_hash(pdu->data, pdu->len));
}

/* FC 24: byte count 2 (2 + 2 n), count 2, registers 2 each. */
void mb_reply_fifo(struct mb_pdu *pdu)
{
    uint32_t byte_count = ps_rd_u16be(pdu->rd);
    uint32_t count = ps_rd_u16be(pdu->rd);
    ps_rd_require(pdu->rd, count <= FIFO_MAX, PS_REASON_MODBUS_QUANTITY);
    ps_rd_require(pdu->rd, byte_count == 2 + 2 * count, PS_REASON_MODBUS_BYTE_COUNT);
    (void)ps_rd_bytes(pdu->rd, 2 * count);
}

/* ---- FC 8 ------------------------------------------------------------------------------------------------------ */

/* 8/0: as the request, all of it. */
void mb_reply_query_data(struct mb_pdu *pdu)
{
    uint32_t left = ps_rd_left(pdu->rd);
    ps_rd_require(pdu->rd, left >= 2 && left % 2 == 0, PS_REASON_MODBUS_SUBFUNCTION);
    (void)ps_rd_bytes(pdu->rd, left);
    mb_expect(pdu, pdu->request && pdu->request->hash == mb_hash(pdu->data, pdu->len));
}

/* Echo of the data word. */
void mb_reply_diag_echo(struct mb_pdu *pdu)
{
    uint32_t data = ps_rd_u16be(pdu->rd);
    mb_expect(pdu, data == expected(pdu));
}

/* A counter or register. */
void mb_reply_diag_word(struct mb_pdu *pdu)
{
    (void)ps_rd_u16be(pdu->rd);
}

/* 8/4: the device has gone silent; only an exception can come (MB-T06). */
void mb_reply_none(struct mb_pdu *pdu)
{
    ps_rd_fail(pdu->rd, PS_REASON_MODBUS_REPLY);
}

/* ---- FC 43 ----------------------------------------------------------------------------------------------------- */

/* 43/14: code 1, conformity 1, more follows 1 (00, FF), next object 1, objects 1, then per object: id 1, length 1,
 * value. One vendor sends four octets more than it has objects (modbus-fc43-opaque). */
void mb_reply_device_id(struct mb_pdu *pdu)
{
    if (mb_relaxed(pdu->dialog, MB_RELAX_FC43_OPAQUE)) {
        mb_reply_opaque(pdu);
        return;
    }
    uint32_t code = ps_rd_u8(pdu->rd);
    uint32_t conformity = ps_rd_u8(pdu->rd);
    uint32_t more = ps_rd_u8(pdu->rd);
    (void)ps_rd_u8(pdu->rd);
    uint32_t n_objects = ps_rd_u8(pdu->rd);
    ps_rd_require(pdu->rd, (conformity & 0x7f) >= 1 && (conformity & 0x7f) <= 3 && (more == 0 || more == 0xff),
                  PS_REASON_MODBUS_DEVICE_ID);
    for (; n_objects > 0 && !ps_rd_failed(pdu->rd); n_objects--) {
        (void)ps_rd_u8(pdu->rd);
        uint32_t length = ps_rd_u8(pdu->rd);
        (void)ps_rd_bytes(pdu->rd, length);
    }
    mb_expect(pdu, code == expected(pdu) >> 8);
}

/* ---- exceptions ------------------------------------------------------------------------------------------------ */

/* Code 1; others than those that exist only with modbus-exception-code. */
void mb_reply_exception(struct mb_pdu *pdu)
{
    uint8_t code = ps_rd_u8(pdu->rd);
    pdu->facts->error = code;
    ps_rd_require(pdu->rd, mb_is_exception(code) || mb_relaxed(pdu->dialog, MB_RELAX_EXCEPTION_CODE), PS_REASON_MODBUS_EXCEPTION);
}

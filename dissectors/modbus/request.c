/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * request.c - bodies of requests: Modbus Application Protocol V1.1b3, section 6. The fields stand in wire order with
 * their octets. A body leaves in note.echo what its reply must agree with.
 */
#include "mb.h"

#include <stddef.h>

#define REGISTERS_MAX_RELAXED 127u /* what a byte count can say */
#define WRITE_BITS_MAX 1968u      /* FC 15 */
#define WRITE_REGISTERS_MAX 123u  /* FC 16 */
#define EXCHANGE_MAX 121u         /* FC 23: registers written */
#define FILE_REFERENCE 6u
#define FILE_READ_MAX 245u        /* octets of FC 20's requests, and of its replies */

static uint32_t be16(const uint8_t *p)
{
    return (uint32_t)(p[0] << 8 | p[1]);
}

static void set_values(struct ps_fact *fact, enum ps_value_kind kind, const uint8_t *data, uint32_t n)
{
    if (!fact || !data)
        return;
    fact->values.kind = (uint8_t)kind;
    fact->values.data = data;
    fact->values.n = n;
}

/* FC 7, 11, 12, 17: nothing. */
void mb_request_empty(struct mb_pdu *pdu)
{
    mb_fact(pdu, mb_op(pdu->row), 0, 0, 0);
}

/* Codes of which only the number is understood. */
void mb_request_opaque(struct mb_pdu *pdu)
{
    struct ps_fact *fact = mb_fact(pdu, mb_op(pdu->row), 0, 0, 0);
    if (fact)
        fact->values.kind = PS_VALUE_UNKNOWN;
    (void)ps_rd_bytes(pdu->rd, ps_rd_left(pdu->rd));
}

/* FC 1, 2: address 2, quantity 2. */
void mb_request_read_bits(struct mb_pdu *pdu)
{
    uint32_t address = ps_rd_u16be(pdu->rd);
    uint32_t quantity = ps_rd_u16be(pdu->rd);
    pdu->note.echo = quantity;
    if (mb_require_block(pdu, address, quantity, MB_READ_BITS_MAX))
        mb_fact(pdu, PS_OP_READ, mb_space_of(pdu->row), address, quantity);
}

/* FC 3, 4: address 2, quantity 2. Some meters answer more than the 125 registers of the standard. */
void mb_request_read_registers(struct mb_pdu *pdu)
{
    uint32_t max = mb_relaxed(pdu->dialog, MB_RELAX_MAX_QUANTITY) ? REGISTERS_MAX_RELAXED : MB_READ_REGISTERS_MAX;
    uint32_t address = ps_rd_u16be(pdu->rd);
    uint32_t quantity = ps_rd_u16be(pdu->rd);
    pdu->note.echo = quantity;
    if (mb_require_block(pdu, address, quantity, max))
        mb_fact(pdu, PS_OP_READ, mb_space_of(pdu->row), address, quantity);
}

/* FC 5: address 2, value 2: FF00 on, 0000 off. */
void mb_request_write_coil(struct mb_pdu *pdu)
{
    uint32_t address = ps_rd_u16be(pdu->rd);
    const uint8_t *value = ps_rd_bytes(pdu->rd, 2);
    if (!value)
        return;
    pdu->note.echo = address << 16 | be16(value);
    struct ps_fact *fact = mb_fact(pdu, PS_OP_WRITE, MB_SPACE_COIL, address, 1);
    set_values(fact, PS_VALUE_BITS, value, 1); /* the low bit of FF or 00 */
    ps_rd_require(pdu->rd, value[1] == 0 && (value[0] == 0xff || value[0] == 0), PS_REASON_MODBUS_COIL_VALUE);
}

/* FC 6: address 2, value 2. */
void mb_request_write_register(struct mb_pdu *pdu)
{
    uint32_t address = ps_rd_u16be(pdu->rd);
    const uint8_t *value = ps_rd_bytes(pdu->rd, 2);
    if (!value)
        return;
    pdu->note.echo = address << 16 | be16(value);
    struct ps_fact *fact = mb_fact(pdu, PS_OP_WRITE, MB_SPACE_HOLDING, address, 1);
    set_values(fact, PS_VALUE_U16BE, value, 1);
}

/* FC 15: address 2, quantity 2, byte count 1, bits. libmodbus takes a byte count that is larger than needed. */
void mb_request_write_coils(struct mb_pdu *pdu)
{
    uint32_t address = ps_rd_u16be(pdu->rd);
    uint32_t quantity = ps_rd_u16be(pdu->rd);
    uint32_t byte_count = ps_rd_u8(pdu->rd);
    pdu->note.echo = address << 16 | quantity;
    if (!mb_require_block(pdu, address, quantity, WRITE_BITS_MAX))
        return;
    struct ps_fact *fact = mb_fact(pdu, PS_OP_WRITE, MB_SPACE_COIL, address, quantity);
    if (!ps_rd_require(pdu->rd, byte_count == (quantity + 7) / 8, PS_REASON_MODBUS_BYTE_COUNT))
        return;
    const uint8_t *bits = ps_rd_bytes(pdu->rd, byte_count);
    set_values(fact, PS_VALUE_BITS, bits, quantity);
    mb_require_padding(pdu, bits, quantity);
}

static void write_block(struct mb_pdu *pdu, uint32_t max)
{
    uint32_t address = ps_rd_u16be(pdu->rd);
    uint32_t quantity = ps_rd_u16be(pdu->rd);
    uint32_t byte_count = ps_rd_u8(pdu->rd);
    pdu->note.echo = address << 16 | quantity;
    if (!mb_require_block(pdu, address, quantity, max))
        return;
    struct ps_fact *fact = mb_fact(pdu, PS_OP_WRITE, MB_SPACE_HOLDING, address, quantity);
    if (!ps_rd_require(pdu->rd, byte_count == 2 * quantity, PS_REASON_MODBUS_BYTE_COUNT))
        return;
    set_values(fact, PS_VALUE_U16BE, ps_rd_bytes(pdu->rd, byte_count), quantity);
}

/* FC 16: address 2, quantity 2, byte count 1, registers 2 each. */
void mb_request_write_registers(struct mb_pdu *pdu)
{
    write_block(pdu, WRITE_REGISTERS_MAX);
}

/* FC 22: address 2, and 2, or 2. The register becomes (current & and) | (or & ~and): what it will hold lies between
 * what is certainly set and what may be set. Servers that leave out `& ~and` stay within these bounds too. */
void mb_request_mask_write(struct mb_pdu *pdu)
{
    uint32_t address = ps_rd_u16be(pdu->rd);
    uint32_t and_mask = ps_rd_u16be(pdu->rd);
    uint32_t or_mask = ps_rd_u16be(pdu->rd);
    struct ps_fact *fact = ps_rd_failed(pdu->rd) ? NULL : mb_fact(pdu, PS_OP_WRITE, MB_SPACE_HOLDING, address, 1);
    if (!fact)
        return;
    fact->values.kind = PS_VALUE_BOUNDS;
    fact->values.min = or_mask & ~and_mask;
    fact->values.max = and_mask | or_mask;
}

/* FC 23: read address 2, read quantity 2, then as FC 16. The write happens before the read. */
void mb_request_read_write(struct mb_pdu *pdu)
{
    uint32_t address = ps_rd_u16be(pdu->rd);
    uint32_t quantity = ps_rd_u16be(pdu->rd);
    if (!mb_require_block(pdu, address, quantity, MB_READ_REGISTERS_MAX))
        return;
    mb_fact(pdu, PS_OP_READ, MB_SPACE_HOLDING, address, quantity);
    write_block(pdu, EXCHANGE_MAX);
    pdu->note.echo = quantity;
}

/* FC 24: address 2. */
void mb_request_read_fifo(struct mb_pdu *pdu)
{
    uint32_t address = ps_rd_u16be(pdu->rd);
    if (!ps_rd_failed(pdu->rd))
        mb_fact(pdu, PS_OP_READ, MB_SPACE_FIFO, address, 1);
}

static struct ps_fact *read_record(struct mb_pdu *pdu, struct ps_rd *records, uint32_t *n_registers)
{
    uint8_t reference = ps_rd_u8(records);
    uint32_t file = ps_rd_u16be(records);
    uint32_t record = ps_rd_u16be(records);
    uint32_t length = ps_rd_u16be(records);
    *n_registers = length;
    ps_rd_require(records, reference == FILE_REFERENCE && file > 0, PS_REASON_MODBUS_FILE);
    if (!ps_rd_require(records, length > 0 && record + length <= MB_RECORDS, PS_REASON_MODBUS_FILE))
        return NULL;
    return mb_fact(pdu, PS_OP_FILE, MB_SPACE_FILE + file, record, length);
}

/* FC 20: byte count 1, then per record: reference type 1, file 2, record 2, registers 2. The reply will hold, per
 * record, length 1 (1 + 2 n), reference type 1, registers 2 each; its octets and shape are noted. */
void mb_request_read_file(struct mb_pdu *pdu)
{
    uint32_t byte_count = ps_rd_u8(pdu->rd);
    uint32_t reply_len = 0;
    uint64_t shape = 0;
    struct ps_rd records;
    ps_rd_require(pdu->rd, byte_count >= 7 && byte_count <= FILE_READ_MAX && byte_count % 7 == 0,
                  PS_REASON_MODBUS_BYTE_COUNT);
    ps_rd_sub(pdu->rd, &records, byte_count);
    while (ps_rd_left(&records) > 0) {
        uint32_t n;
        read_record(pdu, &records, &n);
        reply_len += 2 + 2 * n;
        shape = mb_file_shape(shape, n);
    }
    ps_rd_close(&records);
    ps_rd_require(pdu->rd, reply_len <= FILE_READ_MAX, PS_REASON_MODBUS_FILE);
    pdu->note.echo = reply_len << 16 | (uint32_t)(shape & 0xffff);
}

/* FC 21: byte count 1, then per record: reference type 1, file 2, record 2, registers 2, data 2 each. */
void mb_request_write_file(struct mb_pdu *pdu)
{
    uint32_t byte_count = ps_rd_u8(pdu->rd);
    struct ps_rd records;
    ps_rd_require(pdu->rd, byte_count >= 9 && byte_count <= 251, PS_REASON_MODBUS_BYTE_COUNT);
    ps_rd_sub(pdu->rd, &records, byte_count);
    while (ps_rd_left(&records) > 0) {
        uint32_t n;
        struct ps_fact *fact = read_record(pdu, &records, &n);
        if (fact)
            set_values(fact, PS_VALUE_U16BE, ps_rd_bytes(&records, 2 * n), n);
    }
    ps_rd_close(&records);
}

/* ---- FC 8: sub-function 2, data 2 ------------------------------------------------------------------------------ */

static uint32_t diag_data(struct mb_pdu *pdu)
{
    uint32_t data = ps_rd_u16be(pdu->rd);
    pdu->note.echo = data;
    mb_fact(pdu, mb_op(pdu->row), 0, 0, 0);
    return data;
}

/* 8/0: any words: a loop-back. */
void mb_request_query_data(struct mb_pdu *pdu)
{
    uint32_t left = ps_rd_left(pdu->rd);
    mb_fact(pdu, mb_op(pdu->row), 0, 0, 0);
    ps_rd_require(pdu->rd, left >= 2 && left % 2 == 0, PS_REASON_MODBUS_SUBFUNCTION);
    (void)ps_rd_bytes(pdu->rd, left);
}

/* 8/1: 0000, or FF00 to clear the event log too. */
void mb_request_diag_restart(struct mb_pdu *pdu)
{
    uint32_t data = diag_data(pdu);
    ps_rd_require(pdu->rd, data == 0 || data == 0xff00, PS_REASON_MODBUS_SUBFUNCTION);
}

/* 8/3: the character, then 0. */
void mb_request_diag_delimiter(struct mb_pdu *pdu)
{
    uint32_t data = diag_data(pdu);
    ps_rd_require(pdu->rd, (data & 0xff) == 0, PS_REASON_MODBUS_SUBFUNCTION);
}

/* All others: 0000. */
void mb_request_diag_zero(struct mb_pdu *pdu)
{
    uint32_t data = diag_data(pdu);
    ps_rd_require(pdu->rd, data == 0, PS_REASON_MODBUS_SUBFUNCTION);
}

/* ---- FC 43 ----------------------------------------------------------------------------------------------------- */

/* 43/14: code 1 (basic, regular, extended, one object), object id 1. */
void mb_request_device_id(struct mb_pdu *pdu)
{
    uint32_t code = ps_rd_u8(pdu->rd);
    uint32_t object = ps_rd_u8(pdu->rd);
    pdu->note.echo = code << 8 | object;
    mb_fact(pdu, PS_OP_IDENTIFY, 0, 0, 0);
    ps_rd_require(pdu->rd, code >= 1 && code <= 4, PS_REASON_MODBUS_DEVICE_ID);
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * block.c - blocks of the user program: their names, upload out of the PLC and download into it.
 */
#include "classic.h"

#define DATA_HEAD_LEN 4u /* of a part of a block: length 2, 00FB */
#define BLOCK_HEAD_LEN 12u

bool s7_digits(const uint8_t *text, uint32_t n, uint32_t *number)
{
    *number = 0;
    for (uint32_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *number = *number * 10 + (uint32_t)(text[i] - '0');
    }
    return true;
}

/* "08" OB, "09" CMOD, "0A" DB, "0B" SDB, "0C" FC, "0D" SFC, "0E" FB, "0F" SFB. */
static uint32_t type_space(const uint8_t *type)
{
    if (type[0] != '0')
        return 0;
    if (type[1] == '8' || type[1] == '9')
        return S7_SPACE_BLOCK + (uint32_t)(type[1] - '0');
    return type[1] >= 'A' && type[1] <= 'F' ? S7_SPACE_BLOCK + 10 + (uint32_t)(type[1] - 'A') : 0;
}

struct s7_block s7_block_of(struct s7_pdu *pdu, const uint8_t *type, const uint8_t *number)
{
    struct s7_block block = {.space = type_space(type)};
    bool known = number == NULL || s7_digits(number, 5, &block.number);
    if (!ps_rd_require(pdu->rd, block.space != 0 && known, PS_REASON_S7_BLOCK))
        return (struct s7_block){0};
    return block;
}

static bool is_file_system(uint8_t c)
{
    return c == 'P' || c == 'A' || c == 'B';
}

struct s7_block s7_block_name(struct s7_pdu *pdu, const uint8_t *name)
{
    bool sound = (name[0] == '_' || name[0] == '$') && is_file_system(name[8]);
    if (!ps_rd_require(pdu->rd, sound, PS_REASON_S7_BLOCK))
        return (struct s7_block){0};
    return s7_block_of(pdu, name + 1, name + 3);
}

/* Length 1 (9), name. NULL and a fault when it is another length. */
static const uint8_t *read_name(struct s7_pdu *pdu)
{
    uint8_t len = ps_rd_u8(&pdu->classic->param);
    ps_rd_require(pdu->rd, len == S7_NAME_LEN, PS_REASON_S7_BLOCK);
    return ps_rd_bytes(&pdu->classic->param, S7_NAME_LEN);
}

/* Status 1, error or flags 2, id 4: what stands before a name. */
static uint32_t read_head(struct s7_pdu *pdu, uint32_t flags)
{
    struct ps_rd *param = &pdu->classic->param;
    uint8_t status = ps_rd_u8(param);
    uint16_t word = ps_rd_u16be(param);
    ps_rd_require(param, status == 0 && word == flags, PS_REASON_S7_PARAMETER);
    return ps_rd_u32be(param);
}

static void require_no_data(struct s7_pdu *pdu)
{
    ps_rd_require(pdu->rd, ps_rd_left(&pdu->classic->data) == 0, PS_REASON_S7_HEADER);
}

/* ---- upload ---------------------------------------------------------------------------------------------------- */

/* 1D: 0 1, 0 2, 0 4, name. */
void s7_request_start_upload(struct s7_pdu *pdu)
{
    uint32_t id = read_head(pdu, 0);
    const uint8_t *name = read_name(pdu);
    require_no_data(pdu);
    ps_rd_require(pdu->rd, id == 0, PS_REASON_S7_PARAMETER);
    if (!name)
        return;
    struct s7_block block = s7_block_name(pdu, name);
    if (block.space == 0)
        return;
    pdu->classic->note.echo = (block.space - S7_SPACE_BLOCK) << 24 | block.number;
    s7_object_fact(pdu, block);
}

/* 1D: 0 1, 0100 2, id 4, length 1 (7), octets of the block as 7 digits. */
void s7_reply_start_upload(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    c->note.value = read_head(pdu, 0x0100);
    c->note.effect = S7_EFFECT_UPLOAD;
    ps_rd_require(pdu->rd, ps_rd_u8(&c->param) == 7, PS_REASON_S7_PARAMETER);
    const uint8_t *digits = ps_rd_bytes(&c->param, 7);
    uint32_t octets;
    if (digits)
        ps_rd_require(pdu->rd, s7_digits(digits, 7, &octets), PS_REASON_S7_PARAMETER);
}

static const struct s7_upload *upload_by_id(const struct s7_classic *state, uint32_t id)
{
    for (uint32_t i = 0; i < S7_UPLOADS_MAX; i++)
        if (state->uploads[i].block.space != 0 && state->uploads[i].id == id)
            return &state->uploads[i];
    return NULL;
}

/* 1E, 1F: 0 1, error 2 (1F: why the client gives up), id 4: of an upload that was started. */
static void continue_upload(struct s7_pdu *pdu, bool may_fail)
{
    struct ps_rd *param = &pdu->classic->param;
    uint8_t status = ps_rd_u8(param);
    uint16_t error = ps_rd_u16be(param);
    ps_rd_require(param, status == 0 && (error == 0 || may_fail), PS_REASON_S7_PARAMETER);
    uint32_t id = ps_rd_u32be(param);
    const struct s7_upload *upload = upload_by_id(pdu->classic->state, id);
    require_no_data(pdu);
    ps_rd_require(pdu->rd, upload || pdu->midstream, PS_REASON_S7_TRANSFER);
    pdu->classic->note.echo = id;
    s7_object_fact(pdu, upload ? upload->block : (struct s7_block){0});
}

void s7_request_upload(struct s7_pdu *pdu)
{
    continue_upload(pdu, false);
}

void s7_request_end_upload(struct s7_pdu *pdu)
{
    continue_upload(pdu, true);
}

/* Length 2, 00FB, octets: a part of a block. NULL: a fault. */
static const uint8_t *read_part(struct s7_pdu *pdu, uint32_t *len)
{
    struct ps_rd *data = &pdu->classic->data;
    uint32_t left = ps_rd_left(data);
    *len = ps_rd_u16be(data);
    uint16_t mark = ps_rd_u16be(data);
    ps_rd_require(data, mark == 0x00fb && *len + DATA_HEAD_LEN == left, PS_REASON_S7_DATA);
    return ps_rd_bytes(data, *len);
}

/* 1E: more 1; data: a part. */
void s7_reply_upload(struct s7_pdu *pdu)
{
    uint8_t more = ps_rd_u8(&pdu->classic->param);
    uint32_t len;
    ps_rd_require(pdu->rd, more <= 1, PS_REASON_S7_PARAMETER);
    read_part(pdu, &len);
}

/* ---- download -------------------------------------------------------------------------------------------------- */

/* 1A: 0 1, 0100 2, 0 4, name, length 1 (13), '1', octets of load memory as 6 digits, of work memory as 6 digits. It takes
 * the place of a download that came to no end, but not while one of them waits for its answer. */
void s7_request_download(struct s7_pdu *pdu)
{
    struct s7_classic_pdu *c = pdu->classic;
    uint32_t id = read_head(pdu, 0x0100), load, work;
    const uint8_t *name = read_name(pdu);
    ps_rd_require(pdu->rd, id == 0 && ps_rd_u8(&c->param) == 13, PS_REASON_S7_PARAMETER);
    const uint8_t *lengths = ps_rd_bytes(&c->param, 13);
    require_no_data(pdu);
    if (!name || !lengths)
        return;
    struct s7_block block = s7_block_name(pdu, name);
    bool sound = lengths[0] == '1' && s7_digits(lengths + 1, 6, &load) && s7_digits(lengths + 7, 6, &work);
    ps_rd_require(pdu->rd, sound, PS_REASON_S7_PARAMETER);
    bool waiting = c->state->download.job || s7_is_waiting(pdu, S7_ROW_REQUEST_DOWNLOAD);
    ps_rd_require(pdu->rd, !waiting, PS_REASON_S7_TRANSFER);
    if (ps_rd_failed(pdu->rd))
        return;
    c->note.value = load;
    memcpy(c->note.area, name, S7_NAME_LEN);
    s7_object_fact(pdu, block);
}

/* 1B, 1C of the PLC: 0 1, error 2 (1C), 0 4, name: of the block whose download was granted. */
static void ask(struct s7_pdu *pdu, bool may_fail)
{
    struct s7_classic_pdu *c = pdu->classic;
    const struct s7_download *download = &c->state->download;
    uint8_t status = ps_rd_u8(&c->param);
    uint16_t error = ps_rd_u16be(&c->param);
    uint32_t id = ps_rd_u32be(&c->param);
    const uint8_t *name = read_name(pdu);
    ps_rd_require(pdu->rd, status == 0 && (error == 0 || may_fail) && id == 0, PS_REASON_S7_PARAMETER);
    require_no_data(pdu);
    if (!name)
        return;
    struct s7_block block = s7_block_name(pdu, name);
    bool live = download->phase == S7_DOWNLOAD_GRANTED || (may_fail && download->phase == S7_DOWNLOAD_GIVEN_UP);
    bool granted = live && memcmp(download->name, name, S7_NAME_LEN) == 0;
    bool unseen = download->phase == S7_DOWNLOAD_NONE && pdu->midstream;
    ps_rd_require(pdu->rd, (granted && !download->job) || unseen, PS_REASON_S7_TRANSFER);
    if (!ps_rd_failed(pdu->rd))
        s7_object_fact(pdu, block);
}

void s7_request_block(struct s7_pdu *pdu)
{
    ask(pdu, false);
}

void s7_request_ended(struct s7_pdu *pdu)
{
    ask(pdu, true);
}

/* The first part of a block says itself what it is: 7070 2, attributes 2, language 1, type 1, number 2, octets 4. */
static bool is_head_of(const struct s7_download *download, const uint8_t *part, uint32_t len)
{
    uint32_t number, octets;
    if (len < BLOCK_HEAD_LEN || part[0] != 0x70 || part[1] != 0x70)
        return false;
    octets = (uint32_t)part[8] << 24 | (uint32_t)part[9] << 16 | (uint32_t)part[10] << 8 | part[11];
    (void)s7_digits(download->name + 3, 5, &number);
    return part[5] == type_space(download->name + 1) - S7_SPACE_BLOCK &&
           (uint32_t)(part[6] << 8 | part[7]) == number && octets == download->len;
}

/* 1B of the client: more 1; data: a part. The parts are the block that was announced, no more and no less. */
void s7_reply_block(struct s7_pdu *pdu)
{
    const struct s7_download *download = &pdu->classic->state->download;
    uint8_t more = ps_rd_u8(&pdu->classic->param);
    uint32_t len;
    const uint8_t *part = read_part(pdu, &len);
    ps_rd_require(pdu->rd, more <= 1, PS_REASON_S7_PARAMETER);
    pdu->classic->note.value = len;
    if (!part || download->phase != S7_DOWNLOAD_GRANTED)
        return;
    uint32_t done = download->done + len;
    ps_rd_require(pdu->rd, download->done > 0 || is_head_of(download, part, len), PS_REASON_S7_BLOCK);
    ps_rd_require(pdu->rd, more ? done < download->len : done == download->len, PS_REASON_S7_TRANSFER);
}

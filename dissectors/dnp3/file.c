/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * file.c - g70: files. A block of a file carries no name: which file a handle stands for, the outstation has said when it
 * was opened; pairing.c remembers the handle and its mode.
 */
#include "object.h"

enum file_mode {
    MODE_NONE = 0,
    MODE_READ,
    MODE_WRITE,
    MODE_APPEND,
};

static void require(struct ps_rd *rd, bool held)
{
    ps_rd_require(rd, held, PS_REASON_DNP3_FILE);
}

/* Unsolicited responses report files as events. */
static void file_fact(struct dn_parse *p, bool writes)
{
    struct ps_fact *fact = p->content == DN_CONTENT_RESPONSE ? NULL : dn_plain_fact(p, PS_OP_FILE);
    if (fact && writes)
        fact->asks |= DN_ASK_FILE_WRITE;
}

/* No NUL, at which one reader stops and another does not, and no way up out of a folder. */
static void read_name(struct ps_rd *rd, uint32_t len)
{
    const uint8_t *name = ps_rd_bytes(rd, len);
    require(rd, len > 0);
    for (uint32_t i = 0; name && i < len; i++)
        require(rd, name[i] != 0 && (i == 0 || name[i] != '.' || name[i - 1] != '.'));
}

/* Where a string stands: behind the fixed part, or behind the string before it. One that is empty may stand nowhere. */
static bool stands_at(uint32_t offset, uint32_t len, uint32_t expected)
{
    return offset == expected || (len == 0 && offset == 0);
}

/* v2: offset and length of the user name 2 each, of the password 2 each, key 4, both strings. */
static void read_authentication(struct dn_parse *p, struct ps_rd *rd)
{
    uint32_t user_at = ps_rd_u16le(rd), user_len = ps_rd_u16le(rd);
    uint32_t password_at = ps_rd_u16le(rd), password_len = ps_rd_u16le(rd);
    (void)ps_rd_u32le(rd);
    require(rd, stands_at(user_at, user_len, 12) && stands_at(password_at, password_len, 12 + user_len));
    (void)ps_rd_bytes(rd, user_len);
    (void)ps_rd_bytes(rd, password_len);
    file_fact(p, false);
}

/* v3: offset and length of the name 2 each, created 6, permissions 2, key 4, size 4, mode 2, largest block 2, request id 2,
 * name. */
static void read_command(struct dn_parse *p, struct ps_rd *rd)
{
    uint32_t at = ps_rd_u16le(rd), len = ps_rd_u16le(rd);
    (void)ps_rd_bytes(rd, 16);
    uint16_t mode = ps_rd_u16le(rd);
    (void)ps_rd_bytes(rd, 4);
    bool deletes = p->f->row == DN_ROW_DELETE_FILE;
    require(rd, at == 26 && mode <= MODE_APPEND && (deletes || mode != MODE_NONE));
    read_name(rd, len);
    file_fact(p, deletes || mode == MODE_WRITE || mode == MODE_APPEND);
    if (!deletes)
        p->f->file = (struct dn_file_note){.act = DN_FILE_OPEN, .mode = mode};
}

/* v4: handle 4, size 4, largest block 2, request id 2, status 1, text. A file that was not opened has no handle. */
static void read_command_status(struct dn_parse *p, struct ps_rd *rd)
{
    uint32_t handle = ps_rd_u32le(rd);
    (void)ps_rd_bytes(rd, 8);
    uint8_t status = ps_rd_u8(rd);
    (void)ps_rd_bytes(rd, ps_rd_left(rd));
    if (p->content == DN_CONTENT_FILE_STATUS) {
        require(rd, handle != 0 && status == 0);
        file_fact(p, false);
        p->f->file = (struct dn_file_note){.act = DN_FILE_CLOSE, .handle = handle};
        return;
    }
    bool opened = p->f->request && p->f->request->row == DN_ROW_OPEN_FILE && status == 0;
    require(rd, !opened || handle != 0);
    if (opened)
        p->f->file = (struct dn_file_note){.act = DN_FILE_OPENED, .handle = handle};
}

/* v5: handle 4, block 4 (the highest bit: the last one), data; a request to read has none. */
static void read_block(struct dn_parse *p, struct ps_rd *rd)
{
    uint32_t handle = ps_rd_u32le(rd);
    (void)ps_rd_u32le(rd);
    require(rd, handle != 0);
    if (p->content != DN_CONTENT_READ)
        (void)ps_rd_bytes(rd, ps_rd_left(rd));
    else
        require(rd, ps_rd_left(rd) == 0);
    if (p->content == DN_CONTENT_RESPONSE)
        return;
    require(rd, p->f->file.act == DN_FILE_NOTHING);
    file_fact(p, p->content == DN_CONTENT_WRITE);
    p->f->file = (struct dn_file_note){.act = DN_FILE_BLOCK, .handle = handle};
}

/* v7: offset and length of the name 2 each, type 2, size 4, created 6, permissions 2, request id 2, name. */
static void read_descriptor(struct dn_parse *p, struct ps_rd *rd)
{
    uint32_t at = ps_rd_u16le(rd), len = ps_rd_u16le(rd);
    uint16_t type = ps_rd_u16le(rd);
    (void)ps_rd_bytes(rd, 14);
    require(rd, at == 20 && type <= 1);
    read_name(rd, len);
    file_fact(p, false);
}

void dn_file(struct dn_parse *p, const struct dn_header *h, struct ps_rd *rd)
{
    switch (h->variation) {
    case 2:
        read_authentication(p, rd);
        return;
    case 3:
        read_command(p, rd);
        return;
    case 4:
        read_command_status(p, rd);
        return;
    case 5:
        read_block(p, rd);
        return;
    case 7:
        read_descriptor(p, rd);
        return;
    case 8: /* the name of what is to be activated */
        read_name(rd, ps_rd_left(rd));
        return;
    default: /* v6: handle 4, block 4, status 1, text */
        (void)ps_rd_bytes(rd, ps_rd_left(rd));
    }
}

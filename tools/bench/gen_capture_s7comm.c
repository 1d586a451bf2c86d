/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gen_capture_s7comm.c - S7comm for gen_capture: most requests read one to four pieces of data blocks, some write a
 * word. Rack 0, slot 2.
 */
#include <string.h>

#include "gen_capture.h"

enum { READ_VAR = 4, WRITE_VAR = 5, HEADER = 17, REPLY_HEADER = 19 };

static uint32_t copy(uint8_t *out, const uint8_t *octets, uint32_t len)
{
    memcpy(out, octets, len);
    return len;
}

/* Connection request and confirm, set-up and its answer: PDUs of 240 octets, one job at a time. */
static uint32_t opening(struct generator *g, unsigned i, uint8_t *out)
{
    static const uint8_t request[] = {3, 0, 0, 22, 17, 0xe0, 0, 0, 0, 1, 0, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2, 0xc0, 1, 10};
    static const uint8_t confirm[] = {3, 0, 0, 22, 17, 0xd0, 0, 1, 0, 2, 0, 0xc0, 1, 10, 0xc1, 2, 1, 0, 0xc2, 2, 1, 2};
    static const uint8_t setup[] = {3, 0, 0, 25, 2, 0xf0, 0x80, 0x32, 1, 0, 0, 0, 0, 0, 8, 0, 0,
                                    0xf0, 0, 0, 1, 0, 1, 1, 0xe0};
    static const uint8_t answer[] = {3, 0, 0, 27, 2, 0xf0, 0x80, 0x32, 3, 0, 0, 0, 0, 0, 8, 0, 0, 0, 0,
                                     0xf0, 0, 0, 1, 0, 1, 0, 0xf0};
    (void)g;
    switch (i) {
    case 0:
        return copy(out, request, sizeof request);
    case 1:
        return copy(out, confirm, sizeof confirm);
    case 2:
        return copy(out, setup, sizeof setup);
    default:
        return copy(out, answer, sizeof answer);
    }
}

/* TPKT, COTP data and S7 header of a PDU with these lengths of parameters and data. */
static uint8_t *start(const struct gen_talk *talk, bool reply, unsigned parameters, unsigned data, uint8_t *out)
{
    memset(out, 0, REPLY_HEADER);
    out[0] = 3;
    gen_put16(out + 2, (reply ? REPLY_HEADER : HEADER) + parameters + data);
    out[4] = 2;
    out[5] = 0xf0;
    out[6] = 0x80;
    out[7] = 0x32;
    out[8] = reply ? 3 : 1;
    gen_put16(out + 11, talk->number & 0xffff);
    gen_put16(out + 13, parameters);
    gen_put16(out + 15, data);
    return out + (reply ? REPLY_HEADER : HEADER);
}

/* n octets or words of data block 10 from octet `first` on. */
static uint8_t *item(uint8_t *at, unsigned type, unsigned first, unsigned n)
{
    static const uint8_t head[] = {0x12, 0x0a, 0x10};
    memcpy(at, head, sizeof head);
    at[3] = (uint8_t)type;
    gen_put16(at + 4, n);
    gen_put16(at + 6, 10);
    at[8] = 0x84;
    at[9] = 0;
    gen_put16(at + 10, first * 8);
    return at + 12;
}

static uint32_t request(struct generator *g, struct gen_talk *talk, uint8_t *out)
{
    talk->what = gen_draw(g, 16) == 0 ? WRITE_VAR : READ_VAR;
    talk->number++;
    talk->n_items = talk->what == WRITE_VAR ? 1 : 1 + gen_draw(g, 4);
    uint8_t *at = start(talk, false, 2 + 12 * talk->n_items, talk->what == WRITE_VAR ? 6 : 0, out);
    *at++ = (uint8_t)talk->what;
    *at++ = (uint8_t)talk->n_items;
    for (unsigned i = 0; i < talk->n_items; i++) {
        talk->first[i] = (uint16_t)gen_draw(g, 200);
        talk->n[i] = (uint16_t)(talk->what == WRITE_VAR ? 1 : 1 + gen_draw(g, 40));
        at = item(at, talk->what == WRITE_VAR ? 4 : 2, talk->first[i], talk->n[i]);
    }
    if (talk->what == WRITE_VAR) {
        at[0] = 0;
        at[1] = 4;
        gen_put16(at + 2, 16);
        gen_put16(at + 4, gen_draw(g, 1000));
        at += 6;
    }
    return (uint32_t)(at - out);
}

static uint32_t reply(struct generator *g, const struct gen_talk *talk, uint8_t *out)
{
    uint8_t data[220], *end = data;

    for (unsigned i = 0; i < talk->n_items; i++) {
        *end++ = 0xff;
        if (talk->what == WRITE_VAR)
            break;
        *end++ = 4;
        gen_put16(end, talk->n[i] * 8u);
        end += 2;
        for (unsigned k = 0; k < talk->n[i]; k++)
            *end++ = (uint8_t)gen_draw(g, 256);
        if (talk->n[i] % 2 && i + 1 < talk->n_items)
            *end++ = 0;
    }
    uint8_t *at = start(talk, true, 2, (unsigned)(end - data), out);
    *at++ = (uint8_t)talk->what;
    *at++ = (uint8_t)talk->n_items;
    memcpy(at, data, (size_t)(end - data));
    return (uint32_t)(at + (end - data) - out);
}

const struct gen_protocol gen_s7comm = {
    .name = "s7comm",
    .port = 102,
    .n_opening = 4,
    .opening = opening,
    .request = request,
    .reply = reply,
    .rules = "      { name = \"poll\"; protocol = \"s7comm\"; stations = [\"0.2\"]; operations = [\"read\"];\n"
             "        objects = [\"db10:0-255\"]; },\n"
             "      { name = \"set\"; protocol = \"s7comm\"; stations = [\"0.2\"]; functions = [\"write-var\"];\n"
             "        objects = [\"db10:0-255\"]; types = [\"word\"]; values = [\"0..1000\"]; }\n",
};

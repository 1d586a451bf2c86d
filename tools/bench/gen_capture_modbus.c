/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gen_capture_modbus.c - Modbus for gen_capture: most requests read registers, some write.
 */
#include "gen_capture.h"

static uint8_t *start(const struct gen_talk *talk, unsigned pdu_len, uint8_t *out)
{
    gen_put16(out, talk->number & 0xffff);
    gen_put16(out + 2, 0);
    gen_put16(out + 4, pdu_len + 1);
    out[6] = 1;
    out[7] = (uint8_t)talk->what;
    return out + 8;
}

static uint32_t request(struct generator *g, struct gen_talk *talk, uint8_t *out)
{
    static const uint8_t functions[16] = {3, 3, 3, 3, 3, 3, 3, 3, 4, 4, 4, 1, 1, 2, 6, 16};
    uint32_t data_len = 4;

    talk->what = functions[gen_draw(g, 16)];
    talk->number++;
    talk->first[0] = (uint16_t)gen_draw(g, 100);
    talk->n[0] = (uint16_t)(1 + gen_draw(g, talk->what == 16 ? 8 : 60));
    if (talk->what == 16)
        data_len = 5 + 2u * talk->n[0];
    uint8_t *data = start(talk, 1 + data_len, out);
    if (talk->what == 6)
        talk->n[0] = (uint16_t)gen_draw(g, 1000); /* the value: for the echo */
    gen_put16(data, talk->first[0]);
    gen_put16(data + 2, talk->n[0]);
    if (talk->what == 16) {
        data[4] = (uint8_t)(2 * talk->n[0]);
        for (unsigned i = 0; i < talk->n[0]; i++)
            gen_put16(data + 5 + 2 * i, gen_draw(g, 1000));
    }
    return 8 + data_len;
}

static uint32_t reply(struct generator *g, const struct gen_talk *talk, uint8_t *out)
{
    bool bits = talk->what <= 2, echo = talk->what == 6 || talk->what == 16;
    unsigned octets = bits ? (talk->n[0] + 7u) / 8 : 2u * talk->n[0];
    unsigned data_len = echo ? 4 : 1 + octets;
    uint8_t *data = start(talk, 1 + data_len, out);

    if (echo) {
        gen_put16(data, talk->first[0]);
        gen_put16(data + 2, talk->n[0]);
    } else {
        data[0] = (uint8_t)octets;
        for (unsigned i = 0; i < octets; i++)
            data[1 + i] = (uint8_t)gen_draw(g, 256);
        if (bits && talk->n[0] % 8 != 0)
            data[octets] &= (uint8_t)((1u << talk->n[0] % 8) - 1);
    }
    return 8 + data_len;
}

const struct gen_protocol gen_modbus = {
    .name = "modbus",
    .port = 502,
    .request = request,
    .reply = reply,
    .rules = "      { name = \"poll\"; protocol = \"modbus\"; stations = [\"1\"]; operations = [\"read\"];\n"
             "        objects = [\"holding:0-199\", \"input:0-199\", \"coil:0-199\", \"discrete:0-199\"]; },\n"
             "      { name = \"set\"; protocol = \"modbus\"; stations = [\"1\"];\n"
             "        functions = [\"write-single-register\", \"write-multiple-registers\"];\n"
             "        objects = [\"holding:0-199\"]; values = [\"0..1000\"]; }\n",
};

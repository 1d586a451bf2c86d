/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * gen_capture_dnp3.c - DNP3 for gen_capture: most requests poll classes of events, some poll everything, some select
 * and operate a breaker. Master 1, outstation 10.
 */
#include <string.h>

#include "gen_capture.h"

enum { POLL_EVENTS, POLL_ALL, SELECT, OPERATE };
enum { MASTER = 1, OUTSTATION = 10, CLOSE = 0x41, TRIP = 0x81 };

static uint32_t crc(const uint8_t *at, size_t len)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < len; i++) {
        sum ^= at[i];
        for (unsigned k = 0; k < 8; k++)
            sum = sum & 1 ? sum >> 1 ^ 0xa6bc : sum >> 1;
    }
    return ~sum & 0xffff;
}

static uint8_t *put16le(uint8_t *at, unsigned number)
{
    at[0] = (uint8_t)number;
    at[1] = (uint8_t)(number >> 8);
    return at + 2;
}

/* One link frame with the transport octet and the application octets in it. */
static uint32_t frame(uint8_t *out, bool from_master, uint32_t number, const uint8_t *application, uint32_t len)
{
    uint8_t data[250], *at = out;
    uint32_t n = len + 1;

    data[0] = (uint8_t)(0xc0 | (number & 0x3f));
    memcpy(data + 1, application, len);
    *at++ = 0x05;
    *at++ = 0x64;
    *at++ = (uint8_t)(5 + n);
    *at++ = from_master ? 0xc4 : 0x44;
    at = put16le(at, from_master ? OUTSTATION : MASTER);
    at = put16le(at, from_master ? MASTER : OUTSTATION);
    at = put16le(at, crc(out, 8));
    for (uint32_t done = 0; done < n; done += 16) {
        uint32_t block = n - done < 16 ? n - done : 16;
        memcpy(at, data + done, block);
        at = put16le(at + block, crc(data + done, block));
    }
    return (uint32_t)(at - out);
}

/* Object header: group, variation, qualifier. */
static uint8_t *header(uint8_t *at, unsigned group, unsigned variation, unsigned qualifier)
{
    at[0] = (uint8_t)group;
    at[1] = (uint8_t)variation;
    at[2] = (uint8_t)qualifier;
    return at + 3;
}

/* A control relay output block for one point, qualifier 0x28. */
static uint8_t *control(uint8_t *at, unsigned point)
{
    at = header(at, 12, 1, 0x28);
    at = put16le(at, 1);
    at = put16le(at, point);
    *at++ = point % 2 ? CLOSE : TRIP;
    *at++ = 1;
    memset(at, 0, 9); /* on time, off time, status */
    at[0] = 100;
    return at + 9;
}

static uint32_t request(struct generator *g, struct gen_talk *talk, uint8_t *out)
{
    static const uint8_t kinds[16] = {POLL_EVENTS, POLL_EVENTS, POLL_EVENTS, POLL_EVENTS, POLL_EVENTS, POLL_EVENTS,
                                      POLL_EVENTS, POLL_EVENTS, POLL_EVENTS, POLL_EVENTS, POLL_EVENTS, POLL_EVENTS,
                                      POLL_ALL,    POLL_ALL,    POLL_ALL,    SELECT};
    uint8_t application[64], *at = application;

    talk->what = talk->what == SELECT ? OPERATE : kinds[gen_draw(g, 16)];
    talk->number++;
    *at++ = (uint8_t)(0xc0 | (talk->number & 0xf));
    *at++ = talk->what == OPERATE ? 4 : talk->what == SELECT ? 3 : 1;
    if (talk->what == SELECT)
        talk->first[0] = (uint16_t)gen_draw(g, 16);
    if (talk->what == SELECT || talk->what == OPERATE) {
        at = control(at, talk->first[0]);
    } else {
        for (unsigned variation = 2; variation <= 4; variation++)
            at = header(at, 60, variation, 0x06);
        if (talk->what == POLL_ALL)
            at = header(at, 60, 1, 0x06);
    }
    return frame(out, true, talk->number, application, (uint32_t)(at - application));
}

/* Events of n points, by index. */
static uint8_t *events(struct generator *g, uint8_t *at, unsigned n)
{
    at = header(at, 32, 1, 0x28);
    at = put16le(at, n);
    for (unsigned i = 0; i < n; i++) {
        at = put16le(at, i);
        *at++ = 0x01;
        at = put16le(at, gen_draw(g, 65536));
        at = put16le(at, 0);
    }
    return at;
}

/* Points 0 to n - 1 as they are. */
static uint8_t *points(struct generator *g, uint8_t *at, unsigned n)
{
    at = header(at, 1, 2, 0x00);
    *at++ = 0;
    *at++ = (uint8_t)(n - 1);
    for (unsigned i = 0; i < n; i++)
        *at++ = (uint8_t)(0x01 | gen_draw(g, 2) << 7);
    at = header(at, 30, 1, 0x00);
    *at++ = 0;
    *at++ = (uint8_t)(n - 1);
    for (unsigned i = 0; i < n; i++) {
        *at++ = 0x01;
        at = put16le(at, gen_draw(g, 65536));
        at = put16le(at, 0);
    }
    return at;
}

static uint32_t reply(struct generator *g, const struct gen_talk *talk, uint8_t *out)
{
    uint8_t application[249], *at = application;

    *at++ = (uint8_t)(0xc0 | (talk->number & 0xf));
    *at++ = 129;
    at = put16le(at, 0);
    if (talk->what == SELECT || talk->what == OPERATE)
        at = control(at, talk->first[0]);
    else if (talk->what == POLL_ALL)
        at = points(g, at, 1 + gen_draw(g, 24));
    else if (gen_draw(g, 2))
        at = events(g, at, 1 + gen_draw(g, 12));
    return frame(out, false, talk->number, application, (uint32_t)(at - application));
}

const struct gen_protocol gen_dnp3 = {
    .name = "dnp3",
    .port = 20000,
    .request = request,
    .reply = reply,
    .rules = "      { name = \"poll\"; protocol = \"dnp3\"; stations = [\"1 -> 10\"]; operations = [\"read\"]; },\n"
             "      { name = \"breakers\"; protocol = \"dnp3\"; stations = [\"1 -> 10\"];\n"
             "        functions = [\"select\", \"operate\"]; objects = [\"g12v1:0-15\"];\n"
             "        controls = [\"close\", \"trip\"]; on_time = \"0..1000\"; select_before_operate = true; }\n",
};

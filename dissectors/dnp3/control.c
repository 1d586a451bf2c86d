/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * control.c - g12, g41, and everything else that is written as a number.
 */
#include "object.h"

#define SINGLE_MAX 0x1.fffffep127
#define DOUBLE_MAX 0x1.fffffffffffffp1023

/* ---- numbers ----------------------------------------------------------------------------------------------------- */

enum number {
    NUMBER_NONE = 0,
    NUMBER_STATE, /* bit 7 of the octet; the others say how good it is */
    NUMBER_U8,
    NUMBER_U16,
    NUMBER_I16,
    NUMBER_U32,
    NUMBER_I32,
    NUMBER_F32,
    NUMBER_F64,
};

static const struct {
    double min, max;
} limits[] = {
    [NUMBER_NONE] = {0, 0},
    [NUMBER_STATE] = {0, 1},
    [NUMBER_U8] = {0, 255},
    [NUMBER_U16] = {0, 65535},
    [NUMBER_I16] = {-32768, 32767},
    [NUMBER_U32] = {0, 4294967295.0},
    [NUMBER_I32] = {-2147483648.0, 2147483647},
    [NUMBER_F32] = {-SINGLE_MAX, SINGLE_MAX},
    [NUMBER_F64] = {-DOUBLE_MAX, DOUBLE_MAX},
};

static enum number number_of(uint32_t group, uint32_t variation)
{
    static const uint8_t deadbands[] = {NUMBER_U16, NUMBER_U32, NUMBER_F32};
    static const uint8_t outputs[] = {NUMBER_I32, NUMBER_I16, NUMBER_F32, NUMBER_F64};
    if (variation < 1 || variation > 4)
        return NUMBER_NONE;
    if (group == 40 || group == 41)
        return outputs[variation - 1];
    if (group == 34 && variation <= 3)
        return deadbands[variation - 1];
    if (group == 10 && variation <= 2)
        return NUMBER_STATE;
    return group == 102 && variation == 1 ? NUMBER_U8 : NUMBER_NONE;
}

bool dn_value_limits(uint32_t group, uint32_t variation, double *min, double *max)
{
    enum number number = number_of(group, variation);
    *min = limits[number].min;
    *max = limits[number].max;
    return number != NUMBER_NONE;
}

bool dn_is_single(uint32_t group, uint32_t variation)
{
    return number_of(group, variation) == NUMBER_F32;
}

static uint64_t le(const uint8_t *data, unsigned n)
{
    uint64_t number = 0;
    for (unsigned i = n; i > 0; i--)
        number = number << 8 | data[i - 1];
    return number;
}

static double single(uint32_t bits)
{
    float number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static double twice(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static double number_at(enum number number, const uint8_t *data)
{
    switch (number) {
    case NUMBER_STATE:
        return data[0] >> 7;
    case NUMBER_U8:
        return data[0];
    case NUMBER_U16:
        return (double)le(data, 2);
    case NUMBER_I16:
        return (int16_t)le(data, 2);
    case NUMBER_U32:
        return (double)le(data, 4);
    case NUMBER_I32:
        return (int32_t)le(data, 4);
    case NUMBER_F32:
        return single((uint32_t)le(data, 4));
    case NUMBER_F64:
        return twice(le(data, 8));
    case NUMBER_NONE:
        break;
    }
    return 0;
}

/* g40 has a flag octet in front, g41 a status behind, which is 0 in whatever asks for something. */
void dn_value(struct dn_parse *p, const struct dn_header *h, const uint8_t *data, struct ps_fact *fact)
{
    enum number number = number_of(h->group, h->variation);
    double value = number_at(number, data + (h->group == 40));
    bool finite = value >= -DOUBLE_MAX && value <= DOUBLE_MAX;
    bool asks = h->group != 41 || p->content == DN_CONTENT_RESPONSE || data[h->object.size - 1] == 0;
    if (!dn_require(p, finite && asks, PS_REASON_DNP3_VALUE) || !fact)
        return;
    fact->values.kind = number == NUMBER_F32 ? PS_VALUE_BOUNDS_SINGLE : PS_VALUE_BOUNDS;
    fact->values.min = fact->values.max = value;
}

/* ---- controls ---------------------------------------------------------------------------------------------------- */

/* It need not withstand somebody who looks for collisions: what is operated is judged by rules like what was selected. */
void dn_fold(struct dn_parse *p, uint64_t word)
{
    uint64_t echo = (p->echo ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    p->echo = echo ^ echo >> 32;
}

/* Operation 0..4, queue 0, clear, trip and close not both. */
static bool is_code(uint8_t code)
{
    return (code & 0x0f) <= 4 && (code & 0x10) == 0 && (code & 0xc0) != 0xc0;
}

/* Which of two would count is the outstation's choice. */
static bool is_twice(const struct dn_parse *p, const struct dn_header *h, uint32_t index)
{
    const struct ps_facts *facts = p->f->facts;
    for (uint16_t i = p->n_before; i < facts->n_facts; i++) {
        const struct ps_fact *fact = &facts->item[i];
        if (fact->op == PS_OP_OPERATE && fact->first == index && fact->space >> 8 == dn_space(h) >> 8)
            return true;
    }
    return false;
}

/* g12v1: code 1, count 1, on time 4, off time 4 (ms), status 1. g41: value, status 1. In an answer the status is below 128,
 * in a request 0. */
void dn_control(struct dn_parse *p, const struct dn_header *h, uint32_t index, const uint8_t *data)
{
    uint32_t len = h->object.size - 1u;
    uint8_t status = data[len];
    p->has_controls = true;
    dn_fold(p, (uint64_t)index << 32 | le(data, 2));
    dn_fold(p, le(data + 2, len - 2));
    bool request = p->content == DN_CONTENT_CONTROL;
    dn_require(p, request ? status == 0 : status < 128, PS_REASON_DNP3_VALUE);
    dn_require(p, h->group != 12 || is_code(data[0]), PS_REASON_DNP3_VALUE);
    p->f->refused_point |= status != 0;
    dn_require(p, !request || !is_twice(p, h, index), PS_REASON_DNP3_RANGE);
    struct ps_fact *fact = request ? dn_point_fact(p, PS_OP_OPERATE, h, (struct ps_range){index, index}) : NULL;
    if (h->group != 12) {
        dn_value(p, h, data, fact);
        return;
    }
    if (!fact)
        return;
    fact->choice = DN_CHOICE(data[0]);
    fact->n_params = DN_N_PARAMS;
    fact->params[DN_PARAM_COUNT] = data[1];
    fact->params[DN_PARAM_ON_TIME] = (uint32_t)le(data + 2, 4);
    fact->params[DN_PARAM_OFF_TIME] = (uint32_t)le(data + 6, 4);
}

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fact.h"

#include <string.h>

void ps_facts_clear(struct ps_facts *facts)
{
    facts->kind = PS_PDU_NONE;
    facts->error = 0;
    facts->status = 0;
    facts->function = PS_FUNCTION_UNKNOWN;
    facts->code = 0;
    facts->station = 0;
    facts->transaction = 0;
    facts->n_facts = 0;
    memset(facts->pairing, 0, PS_PAIRING_TAG);
}

struct ps_fact *ps_facts_add(struct ps_facts *facts)
{
    if (facts->n_facts >= PS_FACTS_MAX)
        return NULL;
    struct ps_fact *fact = &facts->item[facts->n_facts++];
    memset(fact, 0, sizeof *fact);
    fact->protocol = facts->protocol;
    return fact;
}

static uint32_t be(const uint8_t *data, unsigned n)
{
    uint32_t number = 0;
    for (unsigned i = 0; i < n; i++)
        number = number << 8 | data[i];
    return number;
}

static uint32_t le(const uint8_t *data, unsigned n)
{
    uint32_t number = 0;
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

static double host_double(const uint8_t *data)
{
    double number;
    memcpy(&number, data, sizeof number);
    return number;
}

static double le_double(const uint8_t *data)
{
    uint64_t bits = (uint64_t)le(data + 4, 4) << 32 | le(data, 4);
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

double ps_values_at(const struct ps_values *values, uint32_t i)
{
    const uint8_t *data = values->data;
    switch ((enum ps_value_kind)values->kind) {
    case PS_VALUE_BITS:
        return data[i / 8] >> (i % 8) & 1;
    case PS_VALUE_U8:
        return data[i];
    case PS_VALUE_I8:
        return (int8_t)data[i];
    case PS_VALUE_U16BE:
        return be(data + 2 * (size_t)i, 2);
    case PS_VALUE_I16BE:
        return (int16_t)be(data + 2 * (size_t)i, 2);
    case PS_VALUE_U32BE:
        return be(data + 4 * (size_t)i, 4);
    case PS_VALUE_I32BE:
        return (int32_t)be(data + 4 * (size_t)i, 4);
    case PS_VALUE_I16LE:
        return (int16_t)le(data + 2 * (size_t)i, 2);
    case PS_VALUE_I32LE:
        return (int32_t)le(data + 4 * (size_t)i, 4);
    case PS_VALUE_F32BE:
        return single(be(data + 4 * (size_t)i, 4));
    case PS_VALUE_F32LE:
        return single(le(data + 4 * (size_t)i, 4));
    case PS_VALUE_F64LE:
        return le_double(data + 8 * (size_t)i);
    case PS_VALUE_F64:
        return host_double(data + 8 * (size_t)i);
    case PS_VALUE_NONE:
    case PS_VALUE_BOUNDS:
    case PS_VALUE_BOUNDS_SINGLE:
    case PS_VALUE_UNKNOWN:
        break;
    }
    return 0;
}

size_t ps_values_len(const struct ps_values *values)
{
    size_t n = values->n;
    switch ((enum ps_value_kind)values->kind) {
    case PS_VALUE_BITS:
        return (n + 7) / 8;
    case PS_VALUE_U8:
    case PS_VALUE_I8:
        return n;
    case PS_VALUE_U16BE:
    case PS_VALUE_I16BE:
    case PS_VALUE_I16LE:
        return 2 * n;
    case PS_VALUE_U32BE:
    case PS_VALUE_I32BE:
    case PS_VALUE_I32LE:
    case PS_VALUE_F32BE:
    case PS_VALUE_F32LE:
        return 4 * n;
    case PS_VALUE_F64LE:
    case PS_VALUE_F64:
        return 8 * n;
    case PS_VALUE_NONE:
    case PS_VALUE_BOUNDS:
    case PS_VALUE_BOUNDS_SINGLE:
    case PS_VALUE_UNKNOWN:
        break;
    }
    return 0;
}

bool ps_values_has_elements(const struct ps_values *values)
{
    return values->kind > PS_VALUE_NONE && values->kind < PS_VALUE_BOUNDS;
}

bool ps_values_are_single(const struct ps_values *values)
{
    return values->kind == PS_VALUE_F32BE || values->kind == PS_VALUE_F32LE || values->kind == PS_VALUE_BOUNDS_SINGLE;
}

bool ps_values_bounds(const struct ps_values *values, double *min, double *max)
{
    if (values->kind == PS_VALUE_BOUNDS || values->kind == PS_VALUE_BOUNDS_SINGLE) {
        *min = values->min;
        *max = values->max;
        return true;
    }
    if (values->n == 0 || !ps_values_has_elements(values))
        return false;
    *min = *max = ps_values_at(values, 0);
    for (uint32_t i = 1; i < values->n && *min <= *max; i++) {
        double v = ps_values_at(values, i);
        *min = v >= *min ? *min : v;
        *max = v <= *max ? *max : v;
    }
    return true;
}

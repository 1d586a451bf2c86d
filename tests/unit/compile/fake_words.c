/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fake_words.h"

#include "dissector.h"
#include "vocab.h"

static const struct ps_function functions[] = {
    [FAKE_LOOK] = {"look", 1, PS_OP_BIT(PS_OP_READ), "Look", false},
    [FAKE_MOVE] = {"move", 2, PS_OP_BIT(PS_OP_OPERATE), "Move", false},
    [FAKE_KEEP] = {"keep", 3, PS_OP_BIT(PS_OP_SESSION), "Keep", true},
    [FAKE_SET] = {"set", 4, PS_OP_BIT(PS_OP_WRITE), "Set", false},
};

static const struct ps_space spaces[] = {{.name = "point", .code = FAKE_SPACE, .max = 65535}};

static const struct ps_choice choices[] = {{"pulse", FAKE_PULSE}, {"close", FAKE_CLOSE}, {"open", FAKE_OPEN}};

static const struct ps_param params[] = {{"on_time", "ms", "how long"}, {"count", "", "how often"}};

static const struct ps_ask asks[] = {
    {"broadcast", "broadcast", FAKE_BROADCAST, false, "to everybody"},
    {"opaque", "opaque", FAKE_OPAQUE, false, "what cannot be seen"},
    {"no_haste", "haste", FAKE_NO_HASTE, true, "one after the other"},
};

static bool addresses(uint16_t function, uint8_t op, uint32_t space)
{
    (void)op;
    return function == FAKE_KEEP ? space == 0 : space == FAKE_SPACE;
}

static bool value_limits(uint16_t function, uint8_t op, uint32_t space, double *min, double *max)
{
    (void)op;
    *min = 0;
    *max = 100;
    return function == FAKE_SET && space == FAKE_SPACE;
}

static bool carries(uint16_t function, uint8_t op, uint32_t space, uint16_t *n_params)
{
    (void)op;
    (void)space;
    *n_params = function == FAKE_MOVE ? 2 : function == FAKE_SET ? 1 : 0;
    return function == FAKE_MOVE;
}

#define WORDS(word, id, by_name)                                                                                       \
    {                                                                                                                  \
        .name = word, .protocol = id, .functions = functions, .n_functions = sizeof functions / sizeof functions[0],   \
        .spaces = spaces, .n_spaces = 1, .choices_key = "controls", .choice_word = "control", .choices = choices,      \
        .n_choices = sizeof choices / sizeof choices[0], .max_choice = 256, .choices_by_name = by_name,                \
        .params = params, .n_params = 2, .asks = asks, .n_asks = 3, .max_station = 65535, .max_outstanding = 16, .addresses = addresses,      \
        .value_limits = value_limits, .carries = carries,                                                              \
    }

static const struct ps_vocab alone = WORDS("modbus", PS_PROTOCOL_MODBUS, false);
static const struct ps_vocab carrier = WORDS("s7comm", PS_PROTOCOL_S7COMM, true);
static const struct ps_vocab carried = WORDS("s7comm-plus", PS_PROTOCOL_S7COMM_PLUS, false);

static const struct ps_dissector dissectors[] = {
    {.name = "modbus", .protocol = PS_PROTOCOL_MODBUS, .default_port = 502, .vocab = &alone},
    {.name = "s7comm", .protocol = PS_PROTOCOL_S7COMM, .default_port = 602, .vocab = &carrier, .carried = &carried},
};

const struct ps_dissector *ps_dissector_by_protocol(unsigned protocol)
{
    return protocol == PS_PROTOCOL_MODBUS   ? &dissectors[0]
           : protocol == PS_PROTOCOL_S7COMM ? &dissectors[1]
                                            : NULL;
}

const struct ps_dissector *ps_dissector_by_name(const char *name)
{
    for (unsigned i = 0; i < 2; i++)
        if (ps_str_equal(ps_str_from(name), dissectors[i].name))
            return &dissectors[i];
    return NULL;
}

const struct ps_vocab *ps_vocab_by_protocol(unsigned protocol)
{
    const struct ps_dissector *dissector = ps_dissector_by_protocol(ps_protocol_carrier(protocol));
    if (!dissector)
        return NULL;
    return dissector->protocol == protocol ? dissector->vocab : dissector->carried;
}

const struct ps_vocab *ps_vocab_by_name(struct ps_str name)
{
    for (unsigned i = 0; i < PS_N_DISSECTORS; i++) {
        const struct ps_vocab *vocab = ps_vocab_by_protocol(i);
        if (vocab && ps_str_equal(name, vocab->name))
            return vocab;
    }
    return NULL;
}

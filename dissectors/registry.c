/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * registry.c - the list of dissectors.
 */
#include "dissector.h"

#include "base/txt.h"
#include "dnp3/dnp3.h"
#include "modbus/modbus.h"
#include "s7comm/s7comm.h"
#include "vocab.h"

static const struct ps_dissector *const dissectors[PS_N_DISSECTORS] = {
    [PS_PROTOCOL_MODBUS] = &ps_modbus,
    [PS_PROTOCOL_DNP3] = &ps_dnp3,
    [PS_PROTOCOL_S7COMM] = &ps_s7comm,
};

const struct ps_dissector *ps_dissector_by_protocol(unsigned protocol)
{
    return protocol < PS_N_DISSECTORS ? dissectors[protocol] : NULL;
}

const struct ps_dissector *ps_dissector_by_name(const char *name)
{
    for (unsigned i = 0; i < PS_N_DISSECTORS; i++)
        if (dissectors[i] && ps_str_equal(ps_str_from(name), dissectors[i]->name))
            return dissectors[i];
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

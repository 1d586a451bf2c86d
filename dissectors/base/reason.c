/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "reason.h"

static const struct ps_reason_info infos[PS_N_REASONS] = {
    [PS_REASON_NONE] = {"none", PS_CLASS_POLICY, "nothing was refused"},
#define PS_REASON(id, name, class, sentence) [PS_REASON_##id] = {name, PS_CLASS_##class, sentence},
#include "reason.def"
#undef PS_REASON
};

static const char *const class_names[PS_N_CLASSES] = {
    [PS_CLASS_POLICY] = "policy",   [PS_CLASS_PROTOCOL] = "protocol", [PS_CLASS_STREAM] = "stream",
    [PS_CLASS_NETWORK] = "network", [PS_CLASS_RESOURCE] = "resource",
};

const struct ps_reason_info *ps_reason_info(unsigned reason)
{
    return &infos[reason < PS_N_REASONS ? reason : PS_REASON_BUG];
}

const char *ps_reason_class_name(unsigned class)
{
    return class_names[class < PS_N_CLASSES ? class : PS_CLASS_RESOURCE];
}

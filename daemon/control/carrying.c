/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "carrying.h"

#include "daemon.h"
#include "json.h"

static void say(struct ps_daemon *daemon)
{
    struct ps_carrying *carrying = &daemon->carrying;
    struct ps_error err;
    bool good = ps_io_carry_for(daemon->io, carrying->state, err.text, sizeof err.text);

    if (!good && !carrying->is_behind)
        ps_journal_system(&daemon->journal, "carry",
                          json_pack("{s:s, s:s}", "what", "the kernel still carries by what was before, for up to 5 s", "error",
                                    err.text));
    carrying->is_behind = !good;
}

/* Workers are of one state: what control changes, it changes in the slots of all. */
void ps_carrying_policy(struct ps_daemon *daemon, const struct ps_policy *policy)
{
    daemon->carrying.state = ps_policy_slot_state(policy->slots[0]);
    say(daemon);
}

void ps_carrying_second(struct ps_daemon *daemon)
{
    if (daemon->carrying.is_behind)
        say(daemon);
}

json_t *ps_carrying_json(struct ps_daemon *daemon)
{
    struct ps_io_carried carried;

    if (!ps_io_carried(daemon->io, &carried))
        return json_null();
    return json_pack("{s:I, s:I}", "packets", (json_int_t)carried.packets, "octets", (json_int_t)carried.bytes);
}

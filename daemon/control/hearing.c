/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "hearing.h"

#include "daemon.h"
#include "refusals.h"

bool ps_hearing_begin(struct ps_daemon *daemon, struct ps_error *err)
{
    const struct ps_config *config = daemon->config;
    const char *devices[PS_IO_PORTS_MAX];
    const struct ps_refusals_config refusals = {.group = PS_NFT_LOG_GROUP, .devices = devices, .n_devices = config->n_ports,
                                                .family = (uint8_t)ps_nft_shape_family(daemon->enforcing.shape)};

    for (uint32_t i = 0; i < config->n_ports; i++)
        devices[i] = config->ports[i].device;
    daemon->hearing.refusals = ps_refusals_open(&refusals, err->text, sizeof err->text);
    return daemon->hearing.refusals != NULL;
}

int ps_hearing_fd(const struct ps_hearing *hearing)
{
    return hearing->refusals != NULL ? ps_refusals_fd(hearing->refusals) : -1;
}

static void tell(void *ctx, const struct ps_event *event)
{
    struct ps_daemon *daemon = ctx;

    ps_journal_event(&daemon->journal, ps_policies_of(&daemon->policies, event->generation), event);
}

void ps_hearing_step(struct ps_daemon *daemon)
{
    const struct ps_policy *policy = ps_policies_of(&daemon->policies, daemon->enforcing.policy);

    if (daemon->hearing.refusals != NULL)
        (void)ps_refusals_read(daemon->hearing.refusals, policy != NULL ? policy->slots[0] : NULL, tell, daemon);
}

void ps_hearing_second(struct ps_daemon *daemon)
{
    struct ps_hearing *hearing = &daemon->hearing;
    uint64_t lost;

    if (hearing->refusals == NULL)
        return;
    lost = ps_refusals_stats(hearing->refusals)->lost;
    if (lost > hearing->lost)
        ps_journal_overload(&daemon->journal, "log",
                            json_pack("{s:I, s:I}", "lost", (json_int_t)(lost - hearing->lost), "in_all", (json_int_t)lost));
    hearing->lost = lost;
}

void ps_hearing_fini(struct ps_hearing *hearing)
{
    ps_refusals_close(hearing->refusals);
    *hearing = (struct ps_hearing){0};
}

json_t *ps_hearing_json(const struct ps_hearing *hearing)
{
    const struct ps_refusals_stats *s;

    if (hearing->refusals == NULL)
        return json_null();
    s = ps_refusals_stats(hearing->refusals);
    return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "heard", (json_int_t)s->events, "lost", (json_int_t)s->lost, "garbled",
                     (json_int_t)s->garbled, "resets", (json_int_t)s->resets, "resets_over", (json_int_t)s->resets_over,
                     "resets_lost", (json_int_t)s->resets_lost);
}

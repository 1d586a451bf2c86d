/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_plan.c - what the two applications mean to say, octet by octet.
 */
#include "adversary_plan.h"

#include <string.h>

const struct adv_protocol *const adv_protocols[ADV_N_SPOKEN] = {
    [ADV_MODBUS] = &adv_modbus, [ADV_S7COMM] = &adv_s7comm, [ADV_DNP3] = &adv_dnp3};

static void plan_one(struct adv_plan *plan, const struct adv_protocol *protocol, char letter, bool reaches)
{
    uint32_t id = plan->n_pdus + 1, lens[2] = {0, 0};

    for (enum adv_how how = ADV_PLAIN; how < ADV_N_HOWS; how++) {
        lens[0] = protocol->request(plan->octets[0][how] + plan->len[0], letter, id, how);
        if (reaches)
            lens[1] = protocol->reply(plan->octets[1][how] + plan->len[1], letter, id, how);
    }
    for (unsigned side = 0; side < 2; side++) {
        uint8_t *noise = plan->octets[side][ADV_NOISE] + plan->len[side];
        for (uint32_t i = 0; i < lens[side]; i++)
            noise[i] ^= 0xff;
        plan->len[side] += lens[side];
    }
    plan->end[plan->n_pdus++] = plan->len[0];
    if (!reaches)
        return;
    plan->got[plan->n_allowed] = (plan->n_allowed ? plan->got[plan->n_allowed - 1] : 0) + lens[0];
    plan->replied[plan->n_allowed++] = plan->len[1];
}

static void add(struct adv_plan *plan, const struct adv_protocol *protocol, const char *letters, bool answered)
{
    for (const char *c = letters; *c; c++) {
        uint32_t before = plan->n_pdus > 0 ? plan->n_refused[plan->n_pdus - 1] : 0;
        uint32_t octets = plan->n_pdus > 0 ? plan->refusals[plan->n_pdus - 1] : 0;
        bool refused = *c == 'd' || *c == 'c';
        const uint8_t *pdu = plan->octets[0][ADV_PLAIN] + plan->len[0];
        uint8_t refusal[ADV_REFUSAL_MAX];
        plan->n_refused[plan->n_pdus] = before + refused;
        plan_one(plan, protocol, *c, answered ? !refused : before + refused == 0);
        uint32_t len = (uint32_t)(plan->octets[0][ADV_PLAIN] + plan->len[0] - pdu);
        plan->refusals[plan->n_pdus - 1] = octets + (refused ? protocol->refusal(refusal, 0, pdu, len) : 0);
    }
}

void adv_plan_make(struct adv_plan *plan, const struct adv_protocol *protocol, const char *letters, bool answered)
{
    plan->len[0] = plan->len[1] = plan->n_pdus = plan->n_allowed = 0;
    add(plan, protocol, protocol->opening, answered);
    add(plan, protocol, letters, answered);
}

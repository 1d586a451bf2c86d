/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * job.c - set-up, program invocation, stop, and answers that say nothing but their function.
 */
#include "classic.h"

#define BLOCKS_OF_A_SERVICE 8u /* octets: type 2, number 5, file system 1 */

static const uint8_t program[] = {'P', '_', 'P', 'R', 'O', 'G', 'R', 'A', 'M'};

/* F0: 0 1, jobs calling 2, jobs called 2, PDU length 2. */
static struct s7_agreement read_agreement(struct s7_pdu *pdu)
{
    struct ps_rd *param = &pdu->classic->param;
    struct s7_agreement a = {0};
    uint8_t reserved = ps_rd_u8(param);
    a.calling = ps_rd_u16be(param);
    a.called = ps_rd_u16be(param);
    a.pdu_len = ps_rd_u16be(param);
    ps_rd_require(param, reserved == 0 && a.calling > 0 && a.called > 0, PS_REASON_S7_PARAMETER);
    ps_rd_require(param, a.pdu_len >= S7_SETUP_MIN, PS_REASON_S7_PARAMETER);
    ps_rd_require(pdu->rd, ps_rd_left(&pdu->classic->data) == 0, PS_REASON_S7_HEADER);
    pdu->classic->note.echo = (uint32_t)a.calling << 16 | a.called;
    pdu->classic->note.value = a.pdu_len;
    return a;
}

static bool is_same(const struct s7_agreement *a, const struct s7_agreement *b)
{
    return a->calling == b->calling && a->called == b->called && a->pdu_len == b->pdu_len;
}

/* Some panels repeat the set-up all the time: the same one may come again. Another one may follow one that was refused. */
void s7_request_setup(struct s7_pdu *pdu)
{
    const struct s7_classic *state = pdu->classic->state;
    struct s7_agreement a = read_agreement(pdu);
    bool first = state->agreed.pdu_len == 0 && !s7_is_waiting(pdu, S7_ROW_SETUP);
    bool again = is_same(&a, &state->asked) || s7_relaxed(pdu, S7_RELAX_RESETUP);
    ps_rd_require(pdu->rd, first || again, PS_REASON_S7_SEQUENCE);
    struct ps_fact *fact = s7_object_fact(pdu, (struct s7_block){0});
    if (fact)
        fact->housekeeping = true;
}

/* No value may be larger than what was asked for, and a repeated set-up is answered as the first one. */
void s7_reply_setup(struct s7_pdu *pdu)
{
    const struct s7_classic *state = pdu->classic->state;
    struct s7_agreement a = read_agreement(pdu);
    pdu->classic->note.effect = S7_EFFECT_SETUP;
    ps_rd_require(pdu->rd, a.pdu_len <= S7_TPDU_MAX, PS_REASON_S7_PARAMETER);
    bool within = a.calling <= state->asked.calling && a.called <= state->asked.called &&
                  a.pdu_len <= state->asked.pdu_len;
    bool again = state->agreed.pdu_len == 0 || is_same(&a, &state->agreed) || s7_relaxed(pdu, S7_RELAX_RESETUP);
    s7_expect(pdu, within && again);
}

/* 1A, 1C, 1F, 28, 29: the function alone. */
void s7_reply_plain(struct s7_pdu *pdu)
{
    const struct s7_classic_pdu *c = pdu->classic;
    if (c->row == S7_ROW_REQUEST_DOWNLOAD)
        pdu->classic->note.effect = S7_EFFECT_DOWNLOAD;
    if (c->row == S7_ROW_END_UPLOAD && c->request) {
        pdu->classic->note.effect = S7_EFFECT_UPLOADED;
        pdu->classic->note.value = c->request->echo;
    }
    ps_rd_require(pdu->rd, ps_rd_left(&c->data) == 0, PS_REASON_S7_HEADER);
}

/* 29: 0 5, length 1 (9), "P_PROGRAM". */
void s7_request_plc_stop(struct s7_pdu *pdu)
{
    struct ps_rd *param = &pdu->classic->param;
    const uint8_t *zero = ps_rd_bytes(param, 5);
    uint8_t len = ps_rd_u8(param);
    ps_rd_require(param, len == sizeof program, PS_REASON_S7_PARAMETER);
    const uint8_t *name = ps_rd_bytes(param, sizeof program);
    s7_object_fact(pdu, (struct s7_block){0});
    ps_rd_require(pdu->rd, ps_rd_left(&pdu->classic->data) == 0, PS_REASON_S7_HEADER);
    if (!zero || !name)
        return;
    bool sound = (zero[0] | zero[1] | zero[2] | zero[3] | zero[4]) == 0 && memcmp(name, program, sizeof program) == 0;
    ps_rd_require(param, sound, PS_REASON_S7_PARAMETER);
}

/* ---- program invocation ---------------------------------------------------------------------------------------- */

/* 28: 0 6, FD 1, length 2, argument, length 1, service. The function is the service's. */
void s7_request_pi(struct s7_pdu *pdu)
{
    static const uint8_t head[] = {0, 0, 0, 0, 0, 0, 0xfd};
    struct s7_classic_pdu *c = pdu->classic;
    const uint8_t *fixed = ps_rd_bytes(&c->param, sizeof head);
    struct ps_rd whole = c->param, argument;
    (void)ps_rd_bytes(&c->param, ps_rd_u16be(&c->param));
    uint8_t len = ps_rd_u8(&c->param);
    const uint8_t *service = ps_rd_bytes(&c->param, len);
    ps_rd_require(pdu->rd, ps_rd_left(&c->data) == 0, PS_REASON_S7_HEADER);
    if (!fixed || !service)
        return;
    if (!ps_rd_require(pdu->rd, memcmp(fixed, head, sizeof head) == 0, PS_REASON_S7_PARAMETER))
        return;
    c->row = s7_row_by_service(service, len);
    if (!ps_rd_require(pdu->rd, c->row != S7_ROW_NONE, PS_REASON_S7_FUNCTION))
        return;
    ps_rd_sub(&whole, &argument, ps_rd_u16be(&whole));
    ps_rd_close(&c->data);
    c->data = argument; /* the service's body reads it in the place of the job's data, which are none */
    pdu->facts->function = c->row;
    pdu->facts->code = s7_functions[c->row].code;
    s7_bodies[c->row].request(pdu);
    pdu->facts->function = c->row;
    pdu->facts->code = s7_functions[c->row].code;
}

/* Nothing. */
void s7_pi_nothing(struct s7_pdu *pdu)
{
    s7_object_fact(pdu, (struct s7_block){0});
}

/* P_PROGRAM: nothing for a warm restart, "C " for a cold one. */
void s7_pi_program(struct s7_pdu *pdu)
{
    struct ps_rd *argument = &pdu->classic->data;
    if (ps_rd_left(argument) > 0) {
        const uint8_t *text = ps_rd_bytes(argument, 2);
        ps_rd_require(argument, text && text[0] == 'C' && text[1] == ' ', PS_REASON_S7_PARAMETER);
        pdu->classic->row = S7_ROW_PLC_START_COLD;
        pdu->facts->function = S7_ROW_PLC_START_COLD;
    }
    s7_object_fact(pdu, (struct s7_block){0});
}

/* _MODU: "EP". */
void s7_pi_copy(struct s7_pdu *pdu)
{
    const uint8_t *text = ps_rd_bytes(&pdu->classic->data, 2);
    ps_rd_require(pdu->rd, text && text[0] == 'E' && text[1] == 'P', PS_REASON_S7_PARAMETER);
    s7_object_fact(pdu, (struct s7_block){0});
}

/* _INSE, _DELE: blocks 1, 0 1, each type 2, number 5, file system 1. */
void s7_pi_blocks(struct s7_pdu *pdu)
{
    struct ps_rd *argument = &pdu->classic->data;
    uint8_t count = ps_rd_u8(argument), zero = ps_rd_u8(argument);
    ps_rd_require(argument, count > 0 && zero == 0, PS_REASON_S7_PARAMETER);
    for (uint8_t i = 0; i < count && !ps_rd_failed(argument); i++) {
        const uint8_t *name = ps_rd_bytes(argument, BLOCKS_OF_A_SERVICE);
        bool sound = name && (name[7] == 'P' || name[7] == 'A' || name[7] == 'B');
        if (!ps_rd_require(argument, sound, PS_REASON_S7_BLOCK))
            return;
        struct s7_block block = s7_block_of(pdu, name, name + 2);
        if (block.space != 0)
            s7_object_fact(pdu, block);
    }
}

/* Services of numerical controls: texts, length 1 each, padded to an even end. What they name cannot be judged. */
void s7_pi_texts(struct s7_pdu *pdu)
{
    struct ps_rd *argument = &pdu->classic->data;
    struct ps_fact *fact = s7_object_fact(pdu, (struct s7_block){0});
    if (fact)
        fact->values.kind = PS_VALUE_UNKNOWN;
    while (ps_rd_left(argument) > 0) {
        uint8_t len = ps_rd_u8(argument);
        (void)ps_rd_bytes(argument, len);
        if (len % 2 == 0)
            (void)ps_rd_u8(argument);
    }
}

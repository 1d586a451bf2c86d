/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_plan.h - what the two applications of the adversary's world mean to say, and the protocols that they speak.
 *
 * A plan is a letter per request:
 *
 *     r  reads a little       granted          b  writes much          granted
 *     l  reads much           granted          d  writes too much      refused
 *     w  writes one value     granted          c  commands             refused
 *
 * Octets are those of adversary_modbus.c, adversary_s7.c and adversary_dnp3.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ADV_STREAM_MAX 4096u /* octets of one direction that a schedule can hold */
#define ADV_PDUS_MAX 12u

enum adv_spoken { ADV_MODBUS = 0, ADV_S7COMM, ADV_DNP3, ADV_N_SPOKEN };

/* Plain: the plan. Evil: each PDU another one of the same length that is refused. Noise: the plan inverted. Near: another
 * value, as harmless as the plan's. */
enum adv_how { ADV_PLAIN = 0, ADV_EVIL, ADV_NOISE, ADV_NEAR, ADV_N_HOWS };

#define ADV_PLAN_MAX (ADV_PDUS_MAX + 2u) /* what the protocol opens with comes first */
#define ADV_REFUSAL_MAX 32u

/* Octets that both ends mean to say: requests, and the replies to those that will be allowed. */
struct adv_plan {
    uint8_t octets[2][ADV_N_HOWS][ADV_STREAM_MAX];
    uint32_t len[2];
    uint32_t n_pdus;
    uint32_t end[ADV_PLAN_MAX];    /* of each request */
    uint32_t n_refused[ADV_PLAN_MAX]; /* requests up to this one that are refused, itself included */
    uint32_t refusals[ADV_PLAN_MAX]; /* octets of the answers to those */
    uint32_t n_allowed;            /* requests that reach the server; the first that is refused ends that, unless answered */
    uint32_t got[ADV_PLAN_MAX];    /* octets that the server has with the nth of them */
    uint32_t replied[ADV_PLAN_MAX]; /* octets that it has said then */
};

/* What a protocol's two ends say, and what of it the policy of the world grants, said a second time. */
struct adv_protocol {
    const char *name, *opening; /* opening: letters in front of every plan */
    uint16_t port;
    uint32_t (*request)(uint8_t *p, char letter, uint32_t id, enum adv_how how);
    uint32_t (*reply)(uint8_t *p, char letter, uint32_t id, enum adv_how how);
    uint32_t (*pdu_len)(const uint8_t *p, uint32_t left); /* of the whole PDU that starts here; 0: it is not told yet */
    bool (*allowed)(const uint8_t *pdu, uint32_t len);
    /* The nth way to refuse this request; its length, 0: there is no such way. */
    uint32_t (*refusal)(uint8_t out[ADV_REFUSAL_MAX], unsigned nth, const uint8_t *pdu, uint32_t len);
    uint32_t (*may_wait)(uint32_t n_replies); /* requests without a reply, after so many replies */
};

extern const struct adv_protocol adv_modbus, adv_s7comm, adv_dnp3;
extern const struct adv_protocol *const adv_protocols[ADV_N_SPOKEN];

/* answered: what is refused ends nothing, its sender gets an answer. */
void adv_plan_make(struct adv_plan *plan, const struct adv_protocol *protocol, const char *letters, bool answered);

/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "classic.h"

#define OP(op) PS_OP_BIT(PS_OP_##op)

/* Rows whose facts come with whatever a rule allows. */
#define IS_HOUSEKEEPING(row) ((row) == S7_ROW_SETUP || (row) == S7_ROW_CYCLIC_STOP)

const struct ps_function s7_functions[S7_N_ROWS] = {
#define S7_LINK(id, code, name, label) {name, code, OP(SESSION), label, true},
#define S7_JOB(id, code, name, label, ops, request, reply) {name, code, ops, label, IS_HOUSEKEEPING(S7_ROW_##id)},
#define S7_PI(id, which, service, name, label, ops, body) {name, S7_CODE_PI + (which), ops, label, false},
#define S7_USERDATA(id, group, sub, name, label, ops, request, reply)                                                  \
    {name, S7_CODE_USERDATA(group, sub), ops, label, IS_HOUSEKEEPING(S7_ROW_##id)},
#define S7_NOTICE(id, group, sub, name, label, ops) {name, S7_CODE_USERDATA(group, sub), ops, label, false},
#include "function.def"
};

const struct s7_bodies s7_bodies[S7_N_ROWS] = {
#define S7_JOB(id, code, name, label, ops, request, reply) [S7_ROW_##id] = {s7_request_##request, s7_reply_##reply},
#define S7_PI(id, which, service, name, label, ops, body) [S7_ROW_##id] = {s7_pi_##body, s7_reply_plain},
#define S7_USERDATA(id, group, sub, name, label, ops, request, reply)                                                  \
    [S7_ROW_##id] = {s7_request_##request, s7_reply_##reply},
#include "function.def"
};

/* Row + 1, so that what no row names stays 0. */
static const uint8_t by_job[256] = {
#define S7_JOB(id, code, name, label, ops, request, reply) [code] = S7_ROW_##id + 1,
#include "function.def"
};

static const uint8_t by_userdata[64][32] = {
#define S7_USERDATA(id, group, sub, name, label, ops, request, reply) [group][sub] = S7_ROW_##id + 1,
#define S7_NOTICE(id, group, sub, name, label, ops) [group][sub] = S7_ROW_##id + 1,
#include "function.def"
};

static uint8_t row_or_none(uint8_t row)
{
    return row ? (uint8_t)(row - 1) : S7_ROW_NONE;
}

uint8_t s7_row_by_job(uint8_t fc)
{
    return row_or_none(by_job[fc]);
}

uint8_t s7_row_by_userdata(uint8_t group, uint8_t sub)
{
    return group < 64 && sub < 32 ? row_or_none(by_userdata[group][sub]) : S7_ROW_NONE;
}

/* Several rows of one service: the first; its body finds the others. */
uint8_t s7_row_by_service(const uint8_t *name, uint32_t len)
{
    static const struct {
        const char *name;
        uint8_t len;
        uint8_t row;
    } services[] = {
#define S7_PI(id, which, service, name, label, ops, body) {service, sizeof(service) - 1, S7_ROW_##id},
#include "function.def"
    };
    for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
        if (services[i].len == len && memcmp(services[i].name, name, len) == 0)
            return services[i].row;
    return S7_ROW_NONE;
}

/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * adversary_text.c - schedules as text, one step a line:
 *
 *     # comment
 *     setup hostile=1 policy1=3
 *     plan rrw
 *     open
 *     wait ms=5
 *     raw off=7 len=5 how=1
 *
 * What is 0 is not said.
 */
#include "adversary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const keys[ADV_N_KEYS] = {
    "hostile", "mute", "delay", "think", "policy0", "policy1", "lax0", "lax1", "window0", "window1", "mss0", "mss1",
    "nagle0", "nagle1", "delack0", "delack1", "keep0", "keep1", "probe0", "probe1", "isn0", "isn1", "nuisance", "deny",
    "protocol", "v6", "tag", "pad", "fragments", "whole", "chunks", "again"};

static const struct {
    const char *name, *args[ADV_N_ARGS];
} verbs[ADV_N_VERBS] = {
    [ADV_OPEN] = {"open", {NULL}},
    [ADV_WAIT] = {"wait", {"ms"}},
    [ADV_APP] = {"app", {"host", "len"}},
    [ADV_CLOSE] = {"close", {"host"}},
    [ADV_STALL] = {"stall", {"host", "on"}},
    [ADV_FAULT] = {"fault", {"link", "what", "nth", "ms"}},
    [ADV_RAW] = {"raw", {"at", "off", "len", "how", "flags", "seq", "ack", "urg", "trick"}},
    [ADV_RESTART] = {"restart", {NULL}},
};

void adv_write(const struct adv_schedule *schedule, void *file)
{
    FILE *f = file;

    fputs("setup", f);
    for (unsigned k = 0; k < ADV_N_KEYS; k++)
        if (schedule->setup[k] != 0)
            fprintf(f, " %s=%d", keys[k], (int)schedule->setup[k]);
    fprintf(f, "\nplan %s\n", schedule->plan);
    for (uint32_t i = 0; i < schedule->n_steps; i++) {
        const struct adv_step *step = &schedule->steps[i];
        fputs(verbs[step->verb].name, f);
        for (unsigned a = 0; a < ADV_N_ARGS && verbs[step->verb].args[a]; a++)
            if (step->arg[a] != 0)
                fprintf(f, " %s=%d", verbs[step->verb].args[a], (int)step->arg[a]);
        fputc('\n', f);
    }
}

/* "name=number" with one of these names, NULL ends them. */
static bool take_word(char *word, const char *const *names, unsigned n, int32_t *values)
{
    char *equals = strchr(word, '='), *end = NULL;

    if (!equals)
        return false;
    *equals = '\0';
    for (unsigned i = 0; i < n && names[i]; i++) {
        if (strcmp(names[i], word) != 0)
            continue;
        values[i] = (int32_t)strtol(equals + 1, &end, 0);
        return end != equals + 1 && *end == '\0';
    }
    return false;
}

static bool is_setup_sane(const int32_t *setup)
{
    return setup[ADV_HOSTILE] >= 0 && setup[ADV_HOSTILE] <= 2 && setup[ADV_NUISANCE] >= 0 && setup[ADV_NUISANCE] <= 2 &&
           setup[ADV_DENY] >= 0 && setup[ADV_DENY] <= ADV_DENY_ANSWER && setup[ADV_DELAY] >= 0 && setup[ADV_THINK] >= 0 &&
           setup[ADV_PROTOCOL] >= 0 && setup[ADV_PROTOCOL] < ADV_N_SPOKEN && setup[ADV_TAG] >= 0 &&
           setup[ADV_TAG] < ADV_N_TAGS && setup[ADV_CHUNKS] >= 0 && setup[ADV_CHUNKS] <= 4096;
}

static bool is_sane(const struct adv_step *step)
{
    const int32_t *arg = step->arg;

    switch ((enum adv_verb)step->verb) {
    case ADV_WAIT:
        return arg[0] >= 0 && arg[0] <= 100000;
    case ADV_APP:
        return arg[1] >= 0;
    case ADV_FAULT:
        return arg[0] >= 0 && arg[0] <= 3 && arg[1] >= 0 && arg[1] < ADV_N_FAULTS && arg[2] >= 0 && arg[3] >= 0;
    case ADV_RAW:
        return arg[ADV_RAW_LEN] >= 0 && arg[ADV_RAW_LEN] <= 1400 && arg[ADV_RAW_HOW] >= 0 &&
               arg[ADV_RAW_HOW] < ADV_N_HOWS && arg[ADV_RAW_TRICK] >= 0 && arg[ADV_RAW_TRICK] < ADV_N_TRICKS;
    case ADV_OPEN:
    case ADV_CLOSE:
    case ADV_STALL:
    case ADV_RESTART:
    case ADV_N_VERBS:
        break;
    }
    return true;
}

static const char *read_step(struct adv_schedule *schedule, const char *verb, char **rest)
{
    struct adv_step *step = &schedule->steps[schedule->n_steps];

    if (schedule->n_steps == ADV_STEPS_MAX)
        return "too many steps";
    memset(step, 0, sizeof *step);
    while (step->verb < ADV_N_VERBS && strcmp(verbs[step->verb].name, verb) != 0)
        step->verb++;
    if (step->verb == ADV_N_VERBS)
        return "no such step";
    for (char *word = strtok_r(NULL, " ", rest); word; word = strtok_r(NULL, " ", rest))
        if (!take_word(word, verbs[step->verb].args, ADV_N_ARGS, step->arg))
            return "no such argument of this step";
    schedule->n_steps++;
    return is_sane(step) ? NULL : "a number that cannot be";
}

static const char *read_line(struct adv_schedule *schedule, char *line)
{
    char *rest = NULL, *verb = strtok_r(line, " ", &rest);

    if (!verb || *verb == '#')
        return NULL;
    if (strcmp(verb, "plan") == 0) {
        const char *letters = strtok_r(NULL, " ", &rest);
        if (!letters || strlen(letters) > ADV_PDUS_MAX || strspn(letters, "rlwbdc") != strlen(letters))
            return "a plan is up to 12 letters of r, l, w, b, d and c";
        strcpy(schedule->plan, letters);
        return NULL;
    }
    if (strcmp(verb, "setup") != 0)
        return read_step(schedule, verb, &rest);
    for (char *word = strtok_r(NULL, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        if (!take_word(word, keys, ADV_N_KEYS, schedule->setup))
            return "no such setup";
    return is_setup_sane(schedule->setup) ? NULL : "a setup that cannot be";
}

const char *adv_read(struct adv_schedule *schedule, char *text)
{
    char *rest = NULL;

    memset(schedule, 0, sizeof *schedule);
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        const char *wrong = read_line(schedule, line);
        if (wrong)
            return wrong;
    }
    return schedule->plan[0] ? NULL : "there is no plan";
}

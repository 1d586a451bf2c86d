/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * command.h - what a subcommand is: its table of options, and how its arguments are read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Exit codes, the same for every subcommand. */
enum ps_exit {
    PS_EXIT_FINE = 0,   /* warnings included */
    PS_EXIT_ERROR = 1,  /* the input is wrong, or it could not be done */
    PS_EXIT_USAGE = 2,  /* wrong usage */
    PS_EXIT_DENIED = 3, /* done, and something was denied, failed or differs */
};

struct ps_option {
    const char *name;  /* without "--" */
    char letter;       /* also "-j"; 0: none */
    const char *value; /* what to write in its place, "ADDR=ASSET"; NULL: takes none */
    const char *help;
};

struct ps_args;

struct ps_command {
    const char *name;
    const char *arguments; /* "plant.conf FILE|DIR..." */
    const char *line;      /* what it does, in one line without a full stop */
    const char *help;      /* more sentences, NULL: none */
    const struct ps_option *options;
    size_t n_options;
    int (*run)(struct ps_args *args); /* an enum ps_exit */
};

/* In the order of a day's work: main.c holds the table. */
extern const struct ps_command ps_command_learn;
extern const struct ps_command ps_command_check;
extern const struct ps_command ps_command_explain;
extern const struct ps_command ps_command_test;
extern const struct ps_command ps_command_replay;
extern const struct ps_command ps_command_words;
extern const struct ps_command ps_command_nft;
extern const struct ps_command ps_command_status;
extern const struct ps_command ps_command_conduits;
extern const struct ps_command ps_command_flows;
extern const struct ps_command ps_command_events;
extern const struct ps_command ps_command_reasons;
extern const struct ps_command ps_command_counters;
extern const struct ps_command ps_command_trace;
extern const struct ps_command ps_command_top;
extern const struct ps_command ps_command_reload;
extern const struct ps_command ps_command_confirm;
extern const struct ps_command ps_command_island;
extern const struct ps_command ps_command_mode;

/* The arguments behind the subcommand's name. */
struct ps_args {
    const struct ps_command *command;
    char **argv; /* NULL-terminated */
    char **rest; /* after PS_ARGS_END: what is not an option */
    size_t n_rest;
    const char *letters; /* inside "-abc": the next one */
    bool only_rest;      /* behind "--" */
};

#define PS_ARGS_END (-1)  /* all read */
#define PS_ARGS_STOP (-2) /* --help was printed: leave with PS_EXIT_FINE */
#define PS_ARGS_BAD (-3)  /* said so on stderr: leave with PS_EXIT_USAGE */

/* argv: NULL-terminated, its strings and the array live as long as args; the array is reordered. */
void ps_args_init(struct ps_args *args, const struct ps_command *command, char **argv);

/* The next option as an index into command->options, and its value; or one of PS_ARGS_*. */
int ps_args_next(struct ps_args *args, const char **value);

/* Prints "penstock check: error: ..." and how to get help. Returns PS_EXIT_USAGE. printf-like. */
__attribute__((format(printf, 2, 3))) int ps_args_wrong(const struct ps_args *args, const char *format, ...);

/* A number in min..max, else says what is wrong with the option's value and returns false. */
bool ps_args_number(const struct ps_args *args, const char *value, unsigned long min, unsigned long max,
                    unsigned long *out);

/* A word of --checksums as an enum ps_checksums or PS_CHECKSUMS_AUTO; false and a complaint when it is none. */
bool ps_args_checksums(const struct ps_args *args, const char *value, uint8_t *out);

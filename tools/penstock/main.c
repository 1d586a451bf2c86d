/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * main.c - the table of subcommands.
 */
#include <stdio.h>
#include <string.h>

#include "command.h"
#include "words.h"

/* In the order of a day's work. */
static const struct ps_command *const commands[] = {
    &ps_command_learn, &ps_command_check, &ps_command_explain, &ps_command_test, &ps_command_replay, &ps_command_words,
    &ps_command_nft,
    /* a running gateway */
    &ps_command_status, &ps_command_events, &ps_command_top, &ps_command_conduits, &ps_command_flows, &ps_command_reasons,
    &ps_command_counters, &ps_command_trace, &ps_command_reload, &ps_command_confirm, &ps_command_island, &ps_command_mode,
};

#define N_COMMANDS (sizeof commands / sizeof commands[0])

static void print_commands(FILE *out)
{
    fputs("Usage: penstock SUBCOMMAND ...\n"
          "What may cross the conduits of a plant, and what did.\n\n",
          out);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-9s %s\n", commands[i]->name, commands[i]->line);
    fputs("\n'penstock SUBCOMMAND --help' says more; 'penstock --version' says which penstock this is.\n", out);
}

static int unknown(const char *name)
{
    const char *names[N_COMMANDS], *nearest;
    size_t budget = N_COMMANDS;

    for (size_t i = 0; i < N_COMMANDS; i++)
        names[i] = commands[i]->name;
    nearest = ps_words_nearest(PS_WORDS(names, N_COMMANDS), name, &budget);
    fprintf(stderr, "penstock: error: unknown subcommand '%s'", name);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean %s?", nearest);
    fputs("\n'penstock' alone lists them\n", stderr);
    return PS_EXIT_USAGE;
}

static int finish(int answer)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return answer;
    perror("penstock: error: cannot write");
    return PS_EXIT_ERROR;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";

    if (argc < 2 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_commands(stdout);
        return finish(PS_EXIT_FINE);
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0 || strcmp(name, "version") == 0) {
        printf("penstock %s\n", PENSTOCK_VERSION);
        return finish(PS_EXIT_FINE);
    }
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i]->name, name) == 0) {
            struct ps_args args;

            ps_args_init(&args, commands[i], argv + 2);
            return finish(commands[i]->run(&args));
        }
    }
    return unknown(name);
}

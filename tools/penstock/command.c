/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checksums.h"
#include "words.h"

void ps_args_init(struct ps_args *args, const struct ps_command *command, char **argv)
{
    *args = (struct ps_args){.command = command, .argv = argv, .rest = argv};
}

int ps_args_wrong(const struct ps_args *args, const char *format, ...)
{
    va_list list;

    fprintf(stderr, "penstock %s: error: ", args->command->name);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, "\nUsage: penstock %s [OPTION]...%s%s\n'penstock %s --help' lists the options\n", args->command->name,
            args->command->arguments[0] != '\0' ? " " : "", args->command->arguments, args->command->name);
    return PS_EXIT_USAGE;
}

static void print_option(const struct ps_option *o)
{
    char left[64];

    if (o->letter != 0)
        snprintf(left, sizeof left, "-%c, --%s%s%s", o->letter, o->name, o->value != NULL ? "=" : "",
                 o->value != NULL ? o->value : "");
    else
        snprintf(left, sizeof left, "    --%s%s%s", o->name, o->value != NULL ? "=" : "",
                 o->value != NULL ? o->value : "");
    printf("  %-30s %s\n", left, o->help);
}

static void print_help(const struct ps_command *command)
{
    printf("Usage: penstock %s [OPTION]...%s%s\n%s.\n\n", command->name, command->arguments[0] != '\0' ? " " : "",
           command->arguments, command->line);
    for (size_t i = 0; i < command->n_options; i++)
        print_option(&command->options[i]);
    print_option(&(struct ps_option){.name = "help", .letter = 'h', .help = "show this"});
    if (command->help != NULL)
        printf("\n%s\n", command->help);
}

static int unknown(const struct ps_args *args, const char *name)
{
    const struct ps_option *options = args->command->options;
    size_t budget = args->command->n_options;
    const char *nearest = ps_words_nearest(PS_WORDS(options, args->command->n_options), name, &budget);

    if (nearest != NULL)
        ps_args_wrong(args, "unknown option --%s; did you mean --%s?", name, nearest);
    else
        ps_args_wrong(args, "unknown option --%s", name);
    return PS_ARGS_BAD;
}

/* argv stands on "--name", "--name=value". */
static int long_option(struct ps_args *args, const char **value)
{
    const struct ps_command *command = args->command;
    char name[64];
    char *text = *args->argv++ + 2;
    size_t len = strcspn(text, "=");

    snprintf(name, sizeof name, "%.*s", (int)len, text);
    if (strcmp(name, "help") == 0) {
        print_help(command);
        return PS_ARGS_STOP;
    }
    for (size_t i = 0; i < command->n_options; i++) {
        const struct ps_option *o = &command->options[i];

        if (strcmp(o->name, name) != 0)
            continue;
        *value = text[len] == '=' ? text + len + 1 : NULL;
        if (o->value != NULL && *value == NULL && *args->argv != NULL)
            *value = *args->argv++;
        if ((o->value != NULL) == (*value != NULL))
            return (int)i;
        ps_args_wrong(args, o->value != NULL ? "--%s needs a value, %s" : "--%s takes no value%.0s", name,
                      o->value != NULL ? o->value : "");
        return PS_ARGS_BAD;
    }
    return unknown(args, name);
}

/* letters stands on a letter of "-abc" or "-j4". */
static int short_option(struct ps_args *args, const char **value)
{
    const struct ps_command *command = args->command;
    char letter = *args->letters++;

    if (letter == 'h') {
        print_help(command);
        return PS_ARGS_STOP;
    }
    for (size_t i = 0; i < command->n_options; i++) {
        const struct ps_option *o = &command->options[i];

        if (o->letter != letter)
            continue;
        if (o->value == NULL)
            return (int)i;
        *value = *args->letters != '\0' ? args->letters : *args->argv;
        if (*args->letters == '\0' && *args->argv != NULL)
            args->argv++;
        args->letters = NULL;
        if (*value != NULL)
            return (int)i;
        ps_args_wrong(args, "-%c needs a value, %s", letter, o->value);
        return PS_ARGS_BAD;
    }
    ps_args_wrong(args, "unknown option -%c", letter);
    return PS_ARGS_BAD;
}

int ps_args_next(struct ps_args *args, const char **value)
{
    *value = NULL;
    for (;;) {
        char *text = *args->argv;

        if (args->letters != NULL && *args->letters != '\0')
            return short_option(args, value);
        args->letters = NULL;
        if (text == NULL)
            return PS_ARGS_END;
        if (!args->only_rest && strcmp(text, "--") == 0) {
            args->only_rest = true;
            args->argv++;
        } else if (args->only_rest || text[0] != '-' || text[1] == '\0') {
            args->rest[args->n_rest++] = text; /* never ahead of argv */
            args->argv++;
        } else if (text[1] == '-') {
            return long_option(args, value);
        } else {
            args->letters = text + 1;
            args->argv++;
        }
    }
}

bool ps_args_number(const struct ps_args *args, const char *value, unsigned long min, unsigned long max,
                    unsigned long *out)
{
    char *end;

    *out = strtoul(value, &end, 10);
    if (value[0] >= '0' && value[0] <= '9' && *end == '\0' && *out >= min && *out <= max)
        return true;
    ps_args_wrong(args, "'%s' is not a number from %lu to %lu", value, min, max);
    return false;
}

bool ps_args_checksums(const struct ps_args *args, const char *value, uint8_t *out)
{
    static const struct {
        const char *word;
        uint8_t checksums;
    } words[] = {{"auto", PS_CHECKSUMS_AUTO},
                 {"strict", PS_CHECKSUMS_STRICT},
                 {"offload", PS_CHECKSUMS_OFFLOAD},
                 {"ignore", PS_CHECKSUMS_IGNORE}};

    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcmp(value, words[i].word) != 0)
            continue;
        *out = words[i].checksums;
        return true;
    }
    ps_args_wrong(args, "--checksums is auto, strict, offload or ignore, not '%s'", value);
    return false;
}

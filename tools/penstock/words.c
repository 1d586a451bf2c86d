/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * words.c - penstock words: the vocabulary of plant files, from the tables that judge.
 */
#include <stdio.h>
#include <string.h>

#include "base/reason.h"
#include "command.h"
#include "vocab.h"

enum { OPTION_MAN };

static const struct ps_option options[] = {
    [OPTION_MAN] = {"man", 0, NULL, "as sections of a manual page"},
};

/* How the two forms differ: a table row is a name and what it means. */
struct form {
    void (*title)(const char *title);
    void (*row)(const char *name, const char *text);
};

static void plain_title(const char *title)
{
    printf("%s\n", title);
}

static void plain_row(const char *name, const char *text)
{
    printf("  %-36s %s\n", name, text);
}

/* In a manual page a hyphen that people copy is "\-", and no line of text may start with a dot or a quote. */
static void man_text(const char *text)
{
    if (text[0] == '.' || text[0] == '\'')
        fputs("\\&", stdout);
    for (; *text != '\0'; text++)
        if (*text == '-')
            fputs("\\-", stdout);
        else if (*text == '\\')
            fputs("\\e", stdout);
        else
            putchar(*text);
    putchar('\n');
}

static void man_title(const char *title)
{
    printf(".SS ");
    man_text(title);
}

static void man_row(const char *name, const char *text)
{
    printf(".TP\n.B ");
    man_text(name);
    man_text(text[0] != '\0' ? text : " ");
}

static const struct form forms[] = {{plain_title, plain_row}, {man_title, man_row}};

static void print_classes(const struct form *form)
{
    static const char *const sentences[PS_N_OPS] = {
        [PS_OP_READ] = "reads process data",
        [PS_OP_WRITE] = "changes process data",
        [PS_OP_OPERATE] = "moves a control point",
        [PS_OP_EVENT] = "event data, unsolicited messages",
        [PS_OP_CONTROL] = "starts, stops, restarts or silences the device",
        [PS_OP_PROGRAM] = "engineering: upload, download, vendor programming",
        [PS_OP_FILE] = "file transfer",
        [PS_OP_TIME] = "sets or reads the clock",
        [PS_OP_DIAGNOSE] = "counters and diagnostics that change nothing in the process",
        [PS_OP_IDENTIFY] = "what the device is",
        [PS_OP_SESSION] = "opens, keeps or closes a protocol session",
        [PS_OP_SECURITY] = "authentication",
        [PS_OP_OPAQUE] = "a function of which only the code is understood",
    };

    form->title("Operation classes");
    for (unsigned op = 1; op < PS_N_OPS; op++)
        form->row(ps_op_name(op), sentences[op]);
}

static void print_function(const struct form *form, const struct ps_vocab *v, const struct ps_function *f)
{
    char text[256];
    struct ps_txt t;
    bool first = true;

    ps_txt_init(&t, text, sizeof text);
    v->function_number(f->code, &t);
    ps_txt_str(&t, " (");
    for (unsigned op = 1; op < PS_N_OPS; op++) {
        if ((f->ops & PS_OP_BIT(op)) == 0)
            continue;
        ps_txt_str(&t, first ? "" : ", ");
        ps_txt_str(&t, ps_op_name(op));
        first = false;
    }
    ps_txt_str(&t, f->housekeeping ? "), housekeeping" : ")");
    form->row(f->name, text);
}

static void print_station(const struct form *form, const struct ps_vocab *v)
{
    char text[64];

    snprintf(text, sizeof text, "0 to %u", v->max_station);
    form->row("stations", v->station_sentence != NULL ? v->station_sentence : text);
}

static void print_space(const struct form *form, const struct ps_space *s, const char *alike)
{
    char name[64], range[64], text[1024];

    snprintf(name, sizeof name, "%s%s%s:FIRST-LAST", s->name,
             s->max_number == 0         ? ""
             : s->number_mark != NULL ? s->number_mark
                                        : ":",
             s->max_number > 0 ? "NUMBER" : "");
    snprintf(range, sizeof range, s->hex ? "0x0 to 0x%x" : "0 to %u", s->bits ? s->max / 8 : s->max);
    if (s->max_number > 0)
        snprintf(text, sizeof text, "numbers 0 to %u, each with %s%s%s%s", s->max_number, s->bits ? "octets " : "", range,
                 s->any_number ? "; rules may leave the number out to mean all" : "", alike);
    else
        snprintf(text, sizeof text, "%s%s%s%s", s->bits ? "octets " : "", range,
                 s->bits ? "; bits as FIRST.0 to FIRST.7" : "", alike);
    form->row(name, text);
}

static bool is_alike(const struct ps_space *a, const struct ps_space *b)
{
    return a->max == b->max && a->max_number == b->max_number && a->any_number == b->any_number && a->bits == b->bits &&
           a->hex == b->hex;
}

/* Of a protocol with many spaces that differ in nothing but their names the first stands for all. */
static void print_spaces(const struct form *form, const struct ps_vocab *v)
{
    char alike[512] = "";
    struct ps_txt t;
    bool same = v->n_spaces > 2;

    for (unsigned i = 1; i < v->n_spaces; i++)
        same = same && is_alike(&v->spaces[0], &v->spaces[i]);
    for (unsigned i = 0; !same && i < v->n_spaces; i++)
        print_space(form, &v->spaces[i], "");
    if (!same)
        return;
    ps_txt_init(&t, alike, sizeof alike);
    ps_txt_str(&t, "; likewise");
    for (unsigned i = 1; i < v->n_spaces; i++) {
        ps_txt_str(&t, i == 1 ? " " : ", ");
        ps_txt_str(&t, v->spaces[i].name);
    }
    print_space(form, &v->spaces[0], alike);
}

/* A choice by its number on the wire, as rules may name it too. */
static void print_choice(const struct form *form, const struct ps_choice *c)
{
    char text[32];

    snprintf(text, sizeof text, "0x%02x", c->code - 1u);
    form->row(c->name, text);
}

static void print_param(const struct form *form, const struct ps_param *p)
{
    char text[256];

    snprintf(text, sizeof text, "%s%s%s", p->sentence, p->unit[0] != '\0' ? ", in " : "", p->unit);
    form->row(p->name, text);
}

static void print_ask(const struct form *form, const struct ps_ask *a)
{
    char text[512];

    snprintf(text, sizeof text, "%s; \"%s\" in operations%s", a->sentence, a->word,
             a->forbids ? ", which are granted unless it is true" : ", which are refused unless it is true");
    form->row(a->name, text);
}

static void title(const struct form *form, const char *what, const struct ps_vocab *v, const char *key)
{
    char text[128];

    snprintf(text, sizeof text, "%s of %s%s%s", what, v->name, key != NULL ? ": " : "", key != NULL ? key : "");
    form->title(text);
}

static void print_protocol(const struct form *form, const struct ps_vocab *v)
{
    char text[128];

    snprintf(text, sizeof text, "Functions of %s, by name and number, and their classes", v->name);
    form->title(text);
    for (unsigned i = 0; i < v->n_functions; i++)
        print_function(form, v, &v->functions[i]);
    title(form, "Stations", v, NULL);
    print_station(form, v);
    if (v->n_spaces > 0)
        title(form, "Objects", v, NULL);
    print_spaces(form, v);
    if (v->n_choices > 0)
        title(form, "Choices", v, v->choices_key);
    for (unsigned i = 0; i < v->n_choices; i++)
        print_choice(form, &v->choices[i]);
    if (v->n_params > 0)
        title(form, "Numbers", v, NULL);
    for (unsigned i = 0; i < v->n_params; i++)
        print_param(form, &v->params[i]);
    if (v->n_asks > 0)
        title(form, "Options", v, NULL);
    for (unsigned i = 0; i < v->n_asks; i++)
        print_ask(form, &v->asks[i]);
    if (v->n_relaxes > 0)
        title(form, "Relax switches", v, NULL);
    for (unsigned i = 0; i < v->n_relaxes; i++)
        form->row(v->relaxes[i].name, v->relaxes[i].sentence);
}

static void print_reasons(const struct form *form)
{
    char title[64];

    for (unsigned class = 0; class < PS_N_CLASSES; class ++) {
        snprintf(title, sizeof title, "Reasons of class %s", ps_reason_class_name(class));
        form->title(title);
        for (unsigned r = 1; r < PS_N_REASONS; r++)
            if (ps_reason_info(r)->class == class)
                form->row(ps_reason_info(r)->name, ps_reason_info(r)->sentence);
    }
}

static int run(struct ps_args *args)
{
    const struct form *form = &forms[0];
    const char *value;
    int option;

    while ((option = ps_args_next(args, &value)) >= 0)
        form = &forms[1];
    if (option != PS_ARGS_END)
        return option == PS_ARGS_STOP ? PS_EXIT_FINE : PS_EXIT_USAGE;
    if (args->n_rest != 0)
        return ps_args_wrong(args, "it takes no arguments");
    print_classes(form);
    for (unsigned protocol = 1; protocol < PS_N_DISSECTORS; protocol++)
        if (ps_vocab_by_protocol(protocol) != NULL)
            print_protocol(form, ps_vocab_by_protocol(protocol));
    print_reasons(form);
    return PS_EXIT_FINE;
}

const struct ps_command ps_command_words = {
    .name = "words",
    .arguments = "",
    .line = "List the words of plant files: classes, functions, objects, options, relax switches, reasons",
    .help = "Of every inspected protocol: functions with number, classes and whether they are housekeeping, stations,\n"
            "address spaces, choices, numbers, options and relax switches, from the tables that judge.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};

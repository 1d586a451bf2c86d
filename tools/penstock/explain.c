/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * explain.c - penstock explain: what the policy says about one operation, and why.
 */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "addr_text.h"
#include "command.h"
#include "ends.h"
#include "event_text.h"
#include "loaded.h"
#include "plant.h"
#include "remote.h"
#include "text.h"
#include "why.h"

enum { OPTION_FROM, OPTION_TO, OPTION_PORT, OPTION_UDP, OPTION_JSON, OPTION_LIVE, OPTION_SOCKET };

static const struct ps_option options[] = {
    [OPTION_FROM] = {"from", 0, "NAME", "who opens: an asset, an address or a zone"},
    [OPTION_TO] = {"to", 0, "NAME", "who serves: an asset, an address or a zone"},
    [OPTION_PORT] = {"port", 0, "PORT", "the server's port, if not the one that the policy uses"},
    [OPTION_UDP] = {"udp", 0, NULL, "over UDP"},
    [OPTION_JSON] = {"json", 0, NULL, "print one JSON object"},
    [OPTION_LIVE] = {"live", 0, NULL, "by the policy that the running gateway has in force, instead of a plant file"},
    [OPTION_SOCKET] = PS_REMOTE_OPTION,
};

/* Rules of a conduit that are shown; more are shown only when they are about this client, server, protocol and port. */
#define RULES_SHOWN 20u

struct explanation {
    struct ps_why why;
    char operation[PS_OPERATION_TEXT_MAX];
    int width; /* of rule names */
};

static void describe(struct explanation *e, const char *text)
{
    struct ps_txt t;

    ps_txt_init(&t, e->operation, sizeof e->operation);
    if (e->why.question->kind == PS_QUESTION_PDU)
        ps_operation_format(e->why.question->dissector, &e->why.question->operation.facts, &t);
    else
        ps_txt_str(&t, text);
}

/* The fact that was refused, NULL: only the flow was asked about. */
static const struct ps_fact *refused_fact(const struct explanation *e)
{
    return e->why.question->kind == PS_QUESTION_PDU ? &e->why.question->operation.facts.item[e->why.answer->refused]
                                                    : NULL;
}

static bool allowed(const struct explanation *e)
{
    return e->why.answer->reason == PS_REASON_NONE;
}

/* "housekeeping of the station (connect, setup-communication), ": what the protocol needs to carry anything to this station. */
static void keeping_functions(const struct ps_vocab *vocab, struct ps_txt *out)
{
    const char *between = "housekeeping of the station (";

    for (unsigned i = 0; i < vocab->n_functions; i++) {
        if (!vocab->functions[i].housekeeping)
            continue;
        ps_txt_str(out, between);
        ps_txt_str(out, vocab->functions[i].name);
        between = ", ";
    }
    if (between[0] == ',')
        ps_txt_str(out, "), ");
}

/* What passes with an allowed operation and needs no rule; false: nothing. */
static bool housekeeping(const struct explanation *e, struct ps_txt *out)
{
    if (!allowed(e) || e->why.question->kind == PS_QUESTION_FRAME || e->why.answer->path.conduit == PS_NONE)
        return false;
    if (e->why.answer->ends.ip_proto == 6)
        ps_txt_str(out, "TCP set-up and tear-down, ");
    if (e->why.question->kind == PS_QUESTION_PDU && e->why.answer->n_facts > 0)
        keeping_functions(e->why.question->vocab, out);
    ps_txt_str(out, "the replies, ARP or neighbour discovery, ICMP errors about the flow");
    return true;
}

/* A note that the verdict alone does not give, or NULL. */
static const char *note(const struct explanation *e)
{
    const struct ps_path *path = &e->why.answer->path;

    if (path->not_ours)
        return "both are in one zone: only what crosses the gateway is judged";
    if (!allowed(e))
        return NULL;
    if (e->why.question->kind == PS_QUESTION_REPLY)
        return "a reply needs no rule: it passes when it fits a live request that a rule granted";
    if (e->why.question->kind == PS_QUESTION_FLOW && path->protocol < PS_N_DISSECTORS)
        return "the connection may be opened; each PDU in it is judged by itself";
    if (e->why.question->kind == PS_QUESTION_PDU && e->why.answer->n_facts == 0)
        return "the port is open without inspection: whatever is said there passes";
    return NULL;
}

/* ---- text ------------------------------------------------------------------------------------------------------ */

static void print_ends(const struct explanation *e)
{
    const struct ps_image *image = &e->why.plant->image;
    const struct ps_path *path = &e->why.answer->path;
    char client[160], server[160];
    struct ps_txt t;

    ps_txt_init(&t, client, sizeof client);
    ps_event_text_end(image, path->client_asset, e->why.answer->ends.client, &t);
    ps_txt_init(&t, server, sizeof server);
    ps_event_text_end(image, path->server_asset, e->why.answer->ends.server, &t);
    printf("  %s (%s) -> %s (%s)", client,
           path->client_zone == PS_NONE ? "no zone" : ps_image_zone_name(image, path->client_zone), server,
           path->server_zone == PS_NONE ? "no zone" : ps_image_zone_name(image, path->server_zone));
    if (path->conduit != PS_NONE && !path->not_ours)
        printf(" on conduit %s (%s:%u, %s, %s)", ps_image_conduit_name(image, path->conduit),
               ps_image_conduit_file(image, path->conduit), ps_image_conduit_line(image, path->conduit),
               ps_mode_name(path->mode), ps_on_deny_name(path->on_deny));
    putchar('\n');
}

static void rule_line(const struct explanation *e, uint32_t rule, const char *what)
{
    const struct ps_image *image = &e->why.plant->image;

    printf("  %-*s  %s:%u  %s\n", e->width, ps_image_rule_name(image, rule), ps_image_rule_file(image, rule),
           ps_image_rule_line(image, rule), what);
}

/* Is rule worth a line among many? */
static bool shown(const struct explanation *e, uint32_t rule)
{
    return ps_image_conduit_n_rules(&e->why.plant->image, e->why.answer->path.conduit) <= RULES_SHOWN ||
           ps_why_miss(&e->why, rule, refused_fact(e)) >= PS_MISS_STATION;
}

/* Whether every rule of the conduit has its line. */
static bool all_tried(const struct explanation *e)
{
    return e->why.answer->reason == PS_REASON_NO_RULE && e->why.answer->path.conduit != PS_NONE;
}

/* As wide as the longest name that is shown. */
static int name_width(const struct explanation *e)
{
    const struct ps_image *image = &e->why.plant->image;
    const struct ps_answer *a = e->why.answer;
    size_t width = 0;

    for (uint32_t i = 0; i < a->refused; i++)
        if (strlen(ps_image_rule_name(image, a->rules[i])) > width)
            width = strlen(ps_image_rule_name(image, a->rules[i]));
    for (uint32_t i = 0; all_tried(e) && i < ps_image_conduit_n_rules(image, a->path.conduit); i++) {
        uint32_t rule = ps_image_conduit_first_rule(image, a->path.conduit) + i;

        if (shown(e, rule) && strlen(ps_image_rule_name(image, rule)) > width)
            width = strlen(ps_image_rule_name(image, rule));
    }
    return (int)width;
}

static void print_tried(const struct explanation *e)
{
    const struct ps_image *image = &e->why.plant->image;
    uint32_t first = ps_image_conduit_first_rule(image, e->why.answer->path.conduit);
    uint32_t n = ps_image_conduit_n_rules(image, e->why.answer->path.conduit), n_hidden = 0;

    for (uint32_t i = 0; i < n; i++) {
        char why[512] = "no: ";
        struct ps_txt t = {.buf = why, .size = sizeof why, .len = 4};

        if (!shown(e, first + i)) {
            n_hidden++;
            continue;
        }
        ps_why_sentence(&e->why, first + i, refused_fact(e), &t);
        rule_line(e, first + i, why);
    }
    if (n_hidden > 0)
        printf("  and %u rules about other clients, servers, protocols or ports\n", n_hidden);
}

static void fact_text(const struct explanation *e, uint32_t i, char *buf, size_t size)
{
    const struct ps_fact *fact = &e->why.question->operation.facts.item[i];
    struct ps_object_range range = {.space = fact->space, .first = fact->first, .last = fact->last};
    struct ps_txt t;

    ps_txt_init(&t, buf, size);
    ps_txt_str(&t, "grants ");
    ps_txt_str(&t, ps_op_name(fact->op));
    if (fact->space == 0)
        return;
    ps_txt_char(&t, ' ');
    ps_object_format(e->why.question->vocab, range, &t);
}

static void print_granted(const struct explanation *e)
{
    const struct ps_answer *a = e->why.answer;
    char what[256];

    if (a->n_facts == 0 && a->rules[0] != PS_NONE)
        rule_line(e, a->rules[0], e->why.question->kind == PS_QUESTION_REPLY ? "opens the flow" : "grants it");
    for (uint32_t i = 0; i < a->refused; i++) {
        fact_text(e, i, what, sizeof what);
        rule_line(e, a->rules[i], what);
    }
}

static void print_text(struct explanation *e)
{
    const struct ps_answer *a = e->why.answer;
    char text[1024];
    struct ps_txt t;

    if (allowed(e))
        printf("%sALLOW%s", ps_text_colour(stdout, PS_COLOUR_GREEN), ps_text_colour(stdout, PS_COLOUR_PLAIN));
    else
        printf("%sDENY%s %s", ps_text_colour(stdout, PS_COLOUR_RED), ps_text_colour(stdout, PS_COLOUR_PLAIN),
               ps_reason_info(a->reason)->name);
    printf("  %s\n", e->operation);
    print_ends(e);
    e->width = name_width(e);
    print_granted(e);
    if (all_tried(e))
        print_tried(e);
    else if (!allowed(e))
        printf("  %s\n", ps_reason_info(a->reason)->sentence);
    if (a->chose_station) {
        ps_txt_init(&t, text, sizeof text);
        ps_station_format_one(e->why.question->vocab, e->why.question->operation.facts.station, &t);
        printf("  The text names no station; asked for station %s.\n", text);
    }
    if (note(e) != NULL)
        printf("  Note: %s.\n", note(e));
    if (a->path.mode == PS_MODE_MONITOR && !allowed(e))
        printf("  Note: the conduit is in monitor mode: it passes, and is reported as would-deny.\n");
    ps_txt_init(&t, text, sizeof text);
    if (housekeeping(e, &t))
        printf("  Passes with it: %s.\n", text);
    if (allowed(e))
        return;
    ps_txt_init(&t, text, sizeof text);
    ps_why_remedy(&e->why, &t);
    printf("  To allow it: %s.\n", text);
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static json_t *end_json(const struct explanation *e, uint32_t asset, uint32_t zone, struct ps_addr address)
{
    json_t *o = json_object();
    char text[PS_ADDR_TEXT_MAX];

    if (asset != PS_NONE)
        json_object_set_new(o, "asset", json_string(ps_image_asset_name(&e->why.plant->image, asset)));
    if (zone != PS_NONE)
        json_object_set_new(o, "zone", json_string(ps_image_zone_name(&e->why.plant->image, zone)));
    if (e->why.question->kind != PS_QUESTION_FRAME) {
        ps_addr_format(address, text);
        json_object_set_new(o, "address", json_string(text));
    }
    return o;
}

static json_t *rule_json(const struct explanation *e, uint32_t rule, bool grants, const char *why)
{
    const struct ps_image *image = &e->why.plant->image;

    return json_pack("{s:s, s:s, s:i, s:b, s:s}", "rule", ps_image_rule_name(image, rule), "file",
                     ps_image_rule_file(image, rule), "line", (int)ps_image_rule_line(image, rule), "grants", grants,
                     "why", why);
}

static json_t *rules_json(const struct explanation *e)
{
    const struct ps_answer *a = e->why.answer;
    json_t *list = json_array();
    uint32_t conduit = a->path.conduit;

    if (a->n_facts == 0 && a->rules[0] != PS_NONE)
        json_array_append_new(list, rule_json(e, a->rules[0], true, "grants it"));
    for (uint32_t i = 0; i < a->refused; i++) {
        char what[256];

        fact_text(e, i, what, sizeof what);
        json_array_append_new(list, rule_json(e, a->rules[i], true, what));
    }
    if (a->reason != PS_REASON_NO_RULE || conduit == PS_NONE)
        return list;
    for (uint32_t i = 0; i < ps_image_conduit_n_rules(&e->why.plant->image, conduit); i++) {
        uint32_t rule = ps_image_conduit_first_rule(&e->why.plant->image, conduit) + i;
        char why[512];
        struct ps_txt t;

        ps_txt_init(&t, why, sizeof why);
        ps_why_sentence(&e->why, rule, refused_fact(e), &t);
        json_array_append_new(list, rule_json(e, rule, false, why));
    }
    return list;
}

static void print_json(const struct explanation *e)
{
    const struct ps_image *image = &e->why.plant->image;
    const struct ps_answer *a = e->why.answer;
    json_t *o = json_pack("{s:s, s:s}", "verdict", allowed(e) ? "allow" : "deny", "operation", e->operation);
    char text[1024];
    struct ps_txt t;

    if (!allowed(e))
        json_object_set_new(o, "reason", json_string(ps_reason_info(a->reason)->name));
    json_object_set_new(o, "from", end_json(e, a->path.client_asset, a->path.client_zone, a->ends.client));
    json_object_set_new(o, "to", end_json(e, a->path.server_asset, a->path.server_zone, a->ends.server));
    if (a->path.conduit != PS_NONE && !a->path.not_ours)
        json_object_set_new(o, "conduit",
                            json_pack("{s:s, s:s, s:i, s:s, s:s}", "name",
                                      ps_image_conduit_name(image, a->path.conduit), "file",
                                      ps_image_conduit_file(image, a->path.conduit), "line",
                                      (int)ps_image_conduit_line(image, a->path.conduit), "mode",
                                      ps_mode_name(a->path.mode), "on_deny", ps_on_deny_name(a->path.on_deny)));
    json_object_set_new(o, "rules", rules_json(e));
    if (note(e) != NULL)
        json_object_set_new(o, "note", json_string(note(e)));
    ps_txt_init(&t, text, sizeof text);
    if (housekeeping(e, &t))
        json_object_set_new(o, "housekeeping", json_string(text));
    if (!allowed(e)) {
        ps_txt_init(&t, text, sizeof text);
        ps_why_remedy(&e->why, &t);
        json_object_set_new(o, "to_allow", json_string(text));
    }
    json_object_set_new(o, "digest", json_string(e->why.plant->digest));
    json_dumpf(o, stdout, JSON_COMPACT);
    putchar('\n');
    json_decref(o);
}

/* ---- the command ----------------------------------------------------------------------------------------------- */

struct request {
    const char *plant, *from, *to, *text, *socket;
    unsigned long port;
    bool udp, json, live;
};

static int explain_open(const struct ps_plant *plant, const struct request *r, struct ps_question *question)
{
    struct ps_answer answer;
    struct ps_pair pair;
    char err[512];
    struct ps_txt t;
    struct explanation e = {.why = {.plant = plant, .question = question, .answer = &answer}};

    ps_txt_init(&t, err, sizeof err);
    question->ip_proto = question->ip_proto == 0 && r->udp ? 17 : question->ip_proto;
    question->code = r->port != 0 ? (uint16_t)r->port : question->code;
    if (!ps_pair_find(plant, r->from, r->to, &pair, &t) || !ps_question_ask(plant, &pair, question, &answer, &t)) {
        fprintf(stderr, "%s: error: %s\n", r->plant, err);
        return PS_EXIT_ERROR;
    }
    describe(&e, r->text);
    if (r->json)
        print_json(&e);
    else
        print_text(&e);
    return allowed(&e) ? PS_EXIT_FINE : PS_EXIT_DENIED;
}

/* By the image that a running gateway has in force. */
static int explain_live(const struct request *r, struct ps_question *question)
{
    struct ps_plant plant = {0};
    struct ps_loaded loaded;
    struct ps_error err;
    struct ps_remote *remote = ps_remote_open(r->socket);
    json_t *reply = remote != NULL ? ps_remote_ask(remote, json_pack("{s:s}", "verb", "explain"), &loaded.fd) : NULL;
    int answer = PS_EXIT_ERROR;

    ps_remote_close(remote);
    if (reply == NULL)
        return PS_EXIT_ERROR;
    if (ps_remote_ok(reply) && ps_loaded_open(&loaded, loaded.fd, &err)) {
        plant.image = loaded.image;
        strcpy(plant.digest, loaded.digest);
        answer = explain_open(&plant, r, question);
        if (json_is_true(json_object_get(json_object_get(reply, "island"), "all")))
            fputs("but every conduit is closed: penstock island off\n", stderr);
        ps_loaded_fini(&loaded);
    } else if (json_is_true(json_object_get(reply, "ok"))) {
        fprintf(stderr, "penstock explain: error: %s\n", err.text);
    }
    json_decref(reply);
    return answer;
}

static int explain(const struct request *r)
{
    struct ps_question question;
    struct ps_plant plant;
    char err[512];
    struct ps_txt t;
    int answer = PS_EXIT_ERROR;

    ps_txt_init(&t, err, sizeof err);
    if (!ps_question_parse(r->text, &question, &t)) {
        fprintf(stderr, "penstock explain: error: %s\n", err);
        return PS_EXIT_ERROR;
    }
    if (r->live)
        return explain_live(r, &question);
    if (ps_plant_open(&plant, r->plant, NULL, 0))
        answer = explain_open(&plant, r, &question);
    ps_plant_fini(&plant);
    return answer;
}

static int run(struct ps_args *args)
{
    struct request r = {0};
    const char *value;
    int option;

    while ((option = ps_args_next(args, &value)) >= 0) {
        if (option == OPTION_FROM)
            r.from = value;
        else if (option == OPTION_TO)
            r.to = value;
        else if (option == OPTION_PORT && !ps_args_number(args, value, 1, 65535, &r.port))
            return PS_EXIT_USAGE;
        else if (option == OPTION_SOCKET)
            r.socket = value;
        r.udp = r.udp || option == OPTION_UDP;
        r.live = r.live || option == OPTION_LIVE;
        r.json = r.json || option == OPTION_JSON;
    }
    if (option != PS_ARGS_END)
        return option == PS_ARGS_STOP ? PS_EXIT_FINE : PS_EXIT_USAGE;
    if (args->n_rest != (r.live ? 1 : 2))
        return ps_args_wrong(args, r.live ? "one operation (in quotes) is needed, and no plant file"
                                          : "a plant file and one operation (in quotes) are needed");
    if (r.from == NULL || r.to == NULL)
        return ps_args_wrong(args, "--from and --to say who talks to whom");
    r.plant = r.live ? "the running policy" : args->rest[0];
    r.text = args->rest[r.live ? 0 : 1];
    return explain(&r);
}

const struct ps_command ps_command_explain = {
    .name = "explain",
    .arguments = "--from=NAME --to=NAME {plant.conf|--live} OPERATION",
    .line = "Say what the policy thinks of one operation, and why",
    .help = "OPERATION is written as in events: 'modbus write-single-register station=1 holding:41 value=900',\n"
            "or, for what is not inspected: tcp/80, udp/123, icmp/8, ip/47, ethernet/0x8892.\n\n"
            "Exit status: 0 allowed, 3 denied, 1 the plant file or the operation is wrong, 2 wrong usage.",
    .options = options,
    .n_options = sizeof options / sizeof options[0],
    .run = run,
};

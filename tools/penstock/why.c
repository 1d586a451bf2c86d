/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "why.h"

#include "addr_text.h"
#include "event_text.h"

#define LIST_MAX 8u /* things of a list that are shown */

enum ps_miss ps_why_miss(const struct ps_why *why, uint32_t rule, const struct ps_fact *fact)
{
    struct ps_path path = why->answer->path;

    /* a flow that no rule opens has no protocol yet: it is the one that was asked about */
    if (!path.granted && why->question->dissector != NULL)
        path.protocol = why->question->dissector->protocol;
    if (why->question->kind == PS_QUESTION_FRAME) {
        path.server_port = why->question->code;
        return ps_match_explain(&why->plant->image, &path, NULL, rule, NULL);
    }
    return ps_match_explain(&why->plant->image, &path, &why->answer->ends, rule, fact);
}

/* ---- lists ----------------------------------------------------------------------------------------------------- */

/* Puts ", " before all but the first; false when the rest is only counted. */
static bool item(uint32_t i, uint32_t n, struct ps_txt *out)
{
    if (i == LIST_MAX && n > LIST_MAX + 1) {
        ps_txt_str(out, " and ");
        ps_txt_u64(out, n - i);
        ps_txt_str(out, " more");
        return false;
    }
    if (i > 0)
        ps_txt_str(out, ", ");
    return true;
}

static void ranges(const struct ps_range *list, uint32_t n, struct ps_txt *out)
{
    for (uint32_t i = 0; i < n && item(i, n, out); i++)
        ps_txt_range(out, list[i].first, list[i].last);
}

static void stations(const struct ps_vocab *vocab, const struct ps_range *list, uint32_t n, struct ps_txt *out)
{
    for (uint32_t i = 0; i < n && item(i, n, out); i++)
        ps_station_format(vocab, list[i], out);
}

static void ethertypes(const struct ps_range *list, uint32_t n, struct ps_txt *out)
{
    for (uint32_t i = 0; i < n && item(i, n, out); i++) {
        ps_txt_str(out, "0x");
        ps_txt_hex(out, list[i].first, 4);
    }
}

static void assets(const struct ps_image *image, const uint32_t *list, uint32_t n, struct ps_txt *out)
{
    for (uint32_t i = 0; i < n && item(i, n, out); i++)
        ps_txt_str(out, ps_image_asset_name(image, list[i]));
}

static void functions(const struct ps_vocab *vocab, const uint64_t *bitmap, struct ps_txt *out)
{
    uint32_t n = 0, i = 0;

    for (uint32_t f = 0; f < vocab->n_functions; f++)
        n += (uint32_t)(bitmap[f / 64] >> f % 64 & 1);
    for (uint32_t f = 0; f < vocab->n_functions; f++) {
        if ((bitmap[f / 64] >> f % 64 & 1) == 0)
            continue;
        if (!item(i++, n, out))
            return;
        ps_txt_str(out, vocab->functions[f].name);
    }
}

static void operations(uint32_t ops, struct ps_txt *out)
{
    const char *between = "";

    for (unsigned op = 1; op < PS_N_OPS; op++) {
        if ((ops & PS_OP_BIT(op)) == 0)
            continue;
        ps_txt_str(out, between);
        ps_txt_str(out, ps_op_name(op));
        between = ", ";
    }
}

static void objects(const struct ps_vocab *vocab, const struct ps_object_range *list, uint32_t n, struct ps_txt *out)
{
    for (uint32_t i = 0; i < n && item(i, n, out); i++)
        ps_object_format(vocab, list[i], out);
}

static void value_ranges(const struct ps_value_range *list, uint32_t n, struct ps_txt *out)
{
    for (uint32_t i = 0; i < n && item(i, n, out); i++)
        ps_value_range_format(list[i], out);
}

/* ---- what was asked for ---------------------------------------------------------------------------------------- */

static const char *function_name(const struct ps_question *question, const struct ps_fact *fact)
{
    const struct ps_vocab *vocab = question->vocab;

    return fact->function < vocab->n_functions ? vocab->functions[fact->function].name : "the function";
}

static void fact_object(const struct ps_question *question, const struct ps_fact *fact, struct ps_txt *out)
{
    struct ps_object_range range = {.space = fact->space, .first = fact->first, .last = fact->last};

    ps_object_format(question->vocab, range, out);
}

/* What was asked about when it is no PDU. */
static void flow(const struct ps_why *why, struct ps_txt *out)
{
    if (why->question->kind != PS_QUESTION_FRAME) {
        ps_event_text_service(why->answer->ends.ip_proto, why->answer->ends.server_port, out);
        return;
    }
    ps_txt_str(out, "ethernet/0x");
    ps_txt_hex(out, why->question->code, 4);
}

static bool in_range(const struct ps_value_range *range, double value, bool single)
{
    if (single)
        return (float)range->min <= (float)value && (float)value <= (float)range->max;
    return range->min <= value && value <= range->max;
}

static void number(double value, bool single, struct ps_txt *out)
{
    if (single)
        ps_txt_f32(out, (float)value);
    else
        ps_txt_f64(out, value);
}

/* The first value that lies in none of the ranges, or all of them as bounds. */
static void wrong_value(const struct ps_rule_view *view, const struct ps_fact *fact, struct ps_txt *out)
{
    bool single = ps_values_are_single(&fact->values);
    struct ps_value_range bounds;

    if (fact->values.kind == PS_VALUE_UNKNOWN) {
        ps_txt_str(out, "a value that cannot be seen");
        return;
    }
    for (uint32_t i = 0; ps_values_has_elements(&fact->values) && i < fact->values.n; i++) {
        double v = ps_values_at(&fact->values, i);
        bool inside = false;

        for (uint32_t r = 0; r < view->n_values; r++)
            inside = inside || in_range(&view->values[r], v, single);
        if (inside)
            continue;
        ps_txt_str(out, "value ");
        number(v, single, out);
        return;
    }
    ps_txt_str(out, "value ");
    if (!ps_values_bounds(&fact->values, &bounds.min, &bounds.max))
        return;
    number(bounds.min, single, out);
    if (bounds.min == bounds.max)
        return;
    ps_txt_str(out, "..");
    number(bounds.max, single, out);
}

/* ---- what it asks besides ---------------------------------------------------------------------------------------- */

static void choice_text(const struct ps_vocab *vocab, uint16_t choice, struct ps_txt *out)
{
    ps_txt_str(out, vocab->choice_word != NULL ? vocab->choice_word : "choice");
    ps_txt_char(out, ' ');
    ps_choice_format(vocab, (struct ps_range){choice, choice}, out);
}

/* "control trip is not one of its controls: close" */
static void wrong_choice(const struct ps_vocab *vocab, const struct ps_rule_view *view, uint16_t choice,
                         struct ps_txt *out)
{
    const char *key = vocab->choices_key != NULL ? vocab->choices_key : "choices";

    choice_text(vocab, choice, out);
    if (!view->has_choices) {
        ps_txt_str(out, " has no name, and the rule lists no ");
        ps_txt_str(out, key);
        return;
    }
    ps_txt_str(out, " is not one of its ");
    ps_txt_str(out, key);
    ps_txt_str(out, ": ");
    for (uint32_t i = 0; i < view->n_choices && item(i, view->n_choices, out); i++)
        ps_choice_format(vocab, view->choices[i], out);
}

/* How many ranges a row of the params has, and whether number lies in one. */
static uint32_t param_ranges(const struct ps_rule_view *view, uint32_t row, uint32_t number, bool *inside)
{
    uint32_t n = 0;

    *inside = false;
    for (uint32_t i = 0; i < view->n_params; i++) {
        if (view->params[i].space != row + 1)
            continue;
        n++;
        *inside = *inside || (view->params[i].first <= number && number <= view->params[i].last);
    }
    return n;
}

/* "on_time 5000 is outside 0..1000": the first one that lies outside. */
static void wrong_param(const struct ps_vocab *vocab, const struct ps_rule_view *view, const struct ps_fact *fact,
                        struct ps_txt *out)
{
    uint32_t row = 0, n = 0, shown = 0;
    bool inside = true;

    for (; row < fact->n_params; row++) {
        n = param_ranges(view, row, fact->params[row], &inside);
        if (n > 0 && !inside)
            break;
    }
    if (row == fact->n_params)
        return;
    ps_txt_str(out, row < vocab->n_params ? vocab->params[row].name : "a number");
    ps_txt_char(out, ' ');
    ps_txt_u64(out, fact->params[row]);
    ps_txt_str(out, " is outside ");
    for (uint32_t i = 0; i < view->n_params; i++) {
        if (view->params[i].space != row + 1)
            continue;
        if (!item(shown++, n, out))
            return;
        ps_param_range_format((struct ps_range){view->params[i].first, view->params[i].last}, out);
    }
}

/* "broadcast needs broadcast = true", or "the rule says select_before_operate = true". */
static void wrong_ask(const struct ps_vocab *vocab, const struct ps_rule_view *view, const struct ps_fact *fact,
                      struct ps_txt *out)
{
    for (uint16_t i = 0; i < vocab->n_asks; i++) {
        const struct ps_ask *ask = &vocab->asks[i];
        bool set = (view->keys & ask->bit) != 0;

        if ((fact->asks & ask->bit) == 0 || set != ask->forbids)
            continue;
        ps_txt_str(out, ask->forbids ? "the rule says " : ask->word);
        ps_txt_str(out, ask->forbids ? "" : " needs ");
        ps_txt_str(out, ask->name);
        ps_txt_str(out, " = true");
        return;
    }
    ps_txt_str(out, "it asks for what no rule can permit");
}

/* ---- sentences ------------------------------------------------------------------------------------------------- */

static void miss_of_flow(const struct ps_why *why, const struct ps_rule_view *view, enum ps_miss miss,
                         struct ps_txt *out)
{
    const struct ps_image *image = &why->plant->image;
    const struct ps_answer *answer = why->answer;

    if (miss == PS_MISS_CLIENT) {
        ps_event_text_end(image, answer->path.client_asset, answer->ends.client, out);
        ps_txt_str(out, " is not one of its clients: ");
        assets(image, view->clients, view->n_clients, out);
    } else if (miss == PS_MISS_SERVER) {
        ps_event_text_end(image, answer->path.server_asset, answer->ends.server, out);
        ps_txt_str(out, " is not one of its servers: ");
        assets(image, view->servers, view->n_servers, out);
    } else if (miss == PS_MISS_PORT) {
        flow(why, out);
        ps_txt_str(out, " is not one of its ");
        ps_txt_str(out, view->protocol == PS_PROTOCOL_ICMP       ? "icmp_types: "
                        : view->protocol == PS_PROTOCOL_IP       ? "ip_protocols: "
                        : view->protocol == PS_PROTOCOL_ETHERNET ? "ethertypes: "
                                                                 : "ports: ");
        ranges(view->ports, view->n_ports, out);
        if (view->protocol == PS_PROTOCOL_ETHERNET)
            ethertypes(view->codes, view->n_codes, out);
        else
            ranges(view->codes, view->n_codes, out);
        if (view->n_ports + view->n_codes == 0)
            ps_txt_str(out, "the protocol's own");
    } else {
        ps_txt_str(out, "it is about ");
        ps_txt_str(out, ps_protocol_name(view->protocol));
        if (view->protocol < PS_N_DISSECTORS)
            ps_txt_str(out, view->udp ? " over udp" : " over tcp");
    }
}

static void miss_of_fact(const struct ps_question *question, const struct ps_rule_view *view, enum ps_miss miss,
                         const struct ps_fact *fact, struct ps_txt *out)
{
    const struct ps_vocab *vocab = question->vocab;

    if (miss == PS_MISS_STATION) {
        ps_txt_str(out, "station ");
        ps_station_format_one(vocab, fact->station, out);
        ps_txt_str(out, " is outside ");
        stations(vocab, view->stations, view->n_stations, out);
    } else if (miss == PS_MISS_FUNCTION) {
        ps_txt_str(out, function_name(question, fact));
        ps_txt_str(out, " is not one of its functions: ");
        functions(vocab, view->functions, out);
    } else if (miss == PS_MISS_OPERATION) {
        ps_txt_str(out, function_name(question, fact));
        ps_txt_str(out, " is of class ");
        ps_txt_str(out, ps_op_name(fact->op));
        ps_txt_str(out, ", not one of its operations: ");
        operations(view->ops, out);
    } else if (miss == PS_MISS_OBJECT && fact->space == 0) {
        ps_txt_str(out, function_name(question, fact));
        ps_txt_str(out, " addresses no object, and the rule lists objects");
    } else if (miss == PS_MISS_OBJECT) {
        fact_object(question, fact, out);
        ps_txt_str(out, " is outside ");
        objects(vocab, view->objects, view->n_objects, out);
    } else if (miss == PS_MISS_QUANTITY) {
        ps_txt_u64(out, (uint64_t)fact->last - fact->first + 1);
        ps_txt_str(out, " elements are more than its max_quantity ");
        ps_txt_u64(out, view->max_quantity);
    } else if (miss == PS_MISS_CHOICE) {
        wrong_choice(vocab, view, fact->choice, out);
    } else if (miss == PS_MISS_PARAM) {
        wrong_param(vocab, view, fact, out);
    } else if (miss == PS_MISS_ASK) {
        wrong_ask(vocab, view, fact, out);
    } else {
        wrong_value(view, fact, out);
        ps_txt_str(out, " is outside ");
        value_ranges(view->values, view->n_values, out);
    }
}

void ps_why_sentence(const struct ps_why *why, uint32_t rule, const struct ps_fact *fact, struct ps_txt *out)
{
    enum ps_miss miss = ps_why_miss(why, rule, fact);
    struct ps_rule_view view;

    ps_image_rule_view(&why->plant->image, rule, &view);
    if (miss == PS_MISS_NOTHING)
        ps_txt_str(out, "grants it");
    else if (miss < PS_MISS_STATION || fact == NULL)
        miss_of_flow(why, &view, miss, out);
    else
        miss_of_fact(why->question, &view, miss, fact, out);
}

/* ---- remedies -------------------------------------------------------------------------------------------------- */

/* "modbus write-single-register station=1 holding:48 value=900", of several facts only the one that is refused;
 * "tcp/80" */
static void wanted(const struct ps_why *why, struct ps_txt *out)
{
    const struct ps_fact *fact;

    if (why->question->kind != PS_QUESTION_PDU) {
        flow(why, out);
        return;
    }
    if (why->question->operation.facts.n_facts == 1) {
        ps_operation_format(why->question->dissector, &why->question->operation.facts, out);
        return;
    }
    fact = &why->question->operation.facts.item[why->answer->refused];
    ps_txt_str(out, function_name(why->question, fact));
    if (fact->space == 0)
        return;
    ps_txt_char(out, ' ');
    fact_object(why->question, fact, out);
}

/* The rule that lacks least. Only one that grants the function counts: to widen another would grant more than was asked
 * for. PS_NONE: none. */
static uint32_t nearest_rule(const struct ps_why *why)
{
    const struct ps_image *image = &why->plant->image;
    uint32_t first = ps_image_conduit_first_rule(image, why->answer->path.conduit);
    uint32_t n = ps_image_conduit_n_rules(image, why->answer->path.conduit), nearest = PS_NONE;
    enum ps_miss furthest = PS_MISS_OPERATION;

    if (why->question->kind != PS_QUESTION_PDU)
        return PS_NONE;
    for (uint32_t i = 0; i < n; i++) {
        const struct ps_fact *fact = &why->question->operation.facts.item[why->answer->refused];
        enum ps_miss miss = ps_why_miss(why, first + i, fact);

        if (miss <= furthest)
            continue;
        furthest = miss;
        nearest = first + i;
    }
    return nearest;
}

static void remedy_rule(const struct ps_why *why, struct ps_txt *out)
{
    const struct ps_image *image = &why->plant->image;
    const struct ps_answer *answer = why->answer;
    uint32_t nearest = nearest_rule(why);

    ps_txt_str(out, "a rule of ");
    ps_txt_str(out, ps_image_conduit_name(image, answer->path.conduit));
    ps_txt_str(out, " must grant ");
    wanted(why, out);
    ps_txt_str(out, " to ");
    ps_event_text_end(image, answer->path.client_asset, answer->ends.client, out);
    ps_txt_str(out, " on ");
    ps_event_text_end(image, answer->path.server_asset, answer->ends.server, out);
    if (nearest == PS_NONE)
        return;
    ps_txt_str(out, "; ");
    ps_txt_str(out, ps_image_rule_name(image, nearest));
    ps_txt_str(out, " comes nearest");
}

void ps_why_remedy(const struct ps_why *why, struct ps_txt *out)
{
    const struct ps_image *image = &why->plant->image;
    const struct ps_answer *answer = why->answer;
    const struct ps_path *path = &answer->path;

    if (answer->reason == PS_REASON_NO_ZONE) {
        bool client = path->client_zone == PS_NONE;

        ps_event_text_end(image, PS_NONE, client ? answer->ends.client : answer->ends.server, out);
        ps_txt_str(out, " must be an asset, or lie in the networks of a zone");
    } else if (answer->reason == PS_REASON_NO_CONDUIT) {
        ps_txt_str(out, "there must be a conduit from ");
        ps_txt_str(out, ps_image_zone_name(image, path->client_zone));
        ps_txt_str(out, " to ");
        ps_txt_str(out, ps_image_zone_name(image, path->server_zone));
    } else if (answer->reason == PS_REASON_INTRA_ZONE) {
        ps_txt_str(out, "zone ");
        ps_txt_str(out, ps_image_zone_name(image, path->client_zone));
        ps_txt_str(out, " needs intra = \"allow\", or a conduit from and to itself");
    } else if (answer->reason == PS_REASON_NO_RULE && path->conduit != PS_NONE) {
        remedy_rule(why, out);
    } else {
        ps_txt_str(out, "nothing in a plant file allows it");
    }
}

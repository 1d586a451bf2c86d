/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What rules grant between which kinds of zones.
 */
#include "lint.h"

#define KIND(kind) (1u << (kind))
#define KINDS_CONTROL (KIND(PS_ZONE_CONTROL) | KIND(PS_ZONE_FIELD) | KIND(PS_ZONE_SAFETY))
#define KINDS_OUTSIDE (KIND(PS_ZONE_ENTERPRISE) | KIND(PS_ZONE_DMZ) | KIND(PS_ZONE_REMOTE))

/* Well-known ports of services that a control system should not need. */
enum service { SERVICE_NAMES, SERVICE_PERSONAL, SERVICE_WEB, SERVICE_FILES };

static const struct {
    uint16_t port;
    enum service service;
    const char *word;
} services[] = {
    {53, SERVICE_NAMES, "DNS"},        {67, SERVICE_NAMES, "DHCP"},       {88, SERVICE_NAMES, "Kerberos"},
    {123, SERVICE_NAMES, "NTP"},       {319, SERVICE_NAMES, "PTP"},       {320, SERVICE_NAMES, "PTP"},
    {389, SERVICE_NAMES, "LDAP"},      {547, SERVICE_NAMES, "DHCPv6"},    {636, SERVICE_NAMES, "LDAPS"},
    {25, SERVICE_PERSONAL, "mail"},    {110, SERVICE_PERSONAL, "mail"},   {143, SERVICE_PERSONAL, "mail"},
    {465, SERVICE_PERSONAL, "mail"},   {587, SERVICE_PERSONAL, "mail"},   {993, SERVICE_PERSONAL, "mail"},
    {995, SERVICE_PERSONAL, "mail"},   {5222, SERVICE_PERSONAL, "chat"},  {6667, SERVICE_PERSONAL, "chat"},
    {5060, SERVICE_PERSONAL, "voice"}, {5061, SERVICE_PERSONAL, "voice"}, {80, SERVICE_WEB, "web"},
    {443, SERVICE_WEB, "web"},         {8080, SERVICE_WEB, "web"},        {20, SERVICE_FILES, "FTP"},
    {21, SERVICE_FILES, "FTP"},        {69, SERVICE_FILES, "TFTP"},       {139, SERVICE_FILES, "SMB"},
    {445, SERVICE_FILES, "SMB"},       {2049, SERVICE_FILES, "NFS"},
};

/* Ports of protocols that control devices obey: without inspection, a connection to one may write. */
static const uint16_t control_ports[] = {102,  502,   802,   1089,  1090,  1091,  2222, 2404,
                                         4840, 20000, 34962, 34963, 34964, 44818, 47808};

/* A rule with the things around it that the findings ask about. */
struct subject {
    const struct ps_lint *lint;
    const struct ps_rule *rule;
    const struct ps_conduit *conduit;
    const struct ps_zone *from, *to;
    uint32_t index; /* of the rule */
    bool inspected;
    struct ps_grants grants; /* with `inspected` */
};

static bool is_kind(const struct ps_zone *zone, unsigned kinds)
{
    return KIND(zone->kind) & kinds;
}

/* A zone that does not say its kind is a first draft: what depends on the kind is a warning there. */
static bool is_draft(const struct subject *s)
{
    return s->from->kind == PS_ZONE_UNSET || s->to->kind == PS_ZONE_UNSET;
}

static bool carries_ports(const struct ps_rule *rule)
{
    return rule->protocol == PS_PROTOCOL_TCP || rule->protocol == PS_PROTOCOL_UDP;
}

/* A rule without inspection that lets a control protocol through, listed by port or by listing none. 0: it does not. */
static bool hides_control(const struct ps_rule *rule)
{
    if (!carries_ports(rule))
        return rule->protocol == PS_PROTOCOL_ETHERNET || rule->protocol == PS_PROTOCOL_IP;
    for (size_t i = 0; i < sizeof(control_ports) / sizeof(control_ports[0]); i++)
        if (rule->n_ports == 0 || ps_rule_lists_port(rule, control_ports[i]))
            return true;
    return false;
}

/* ---- changes from where none should come ----------------------------------------------------------------------- */

static void lint_changes(const struct subject *s)
{
    const char *id = NULL;
    const char *remedy = NULL;
    char words[128];
    uint32_t ops = s->inspected ? s->grants.ops & PS_OPS_CHANGING : 0;

    if (s->to->kind == PS_ZONE_SAFETY && s->from->kind != PS_ZONE_SAFETY) {
        id = "ZL-031";
        remedy = "a safety zone is only read from outside: leave operations = [\"read\"]";
    } else if (is_kind(s->from, KIND(PS_ZONE_ENTERPRISE) | KIND(PS_ZONE_DMZ)) &&
               is_kind(s->to, KINDS_CONTROL | KIND(PS_ZONE_OPERATIONS))) {
        id = "ZL-022";
        remedy = "changes come from a zone of operations: leave operations = [\"read\"]";
    } else {
        return;
    }
    if (ops != 0)
        ps_lint_rule(s->lint, PS_SEV_ERROR, id, s->index,
                     "rule \"%s\" grants %s from %s zone \"%s\" into %s zone \"%s\"; %s", s->rule->name,
                     ps_ops_text(ops, words, sizeof(words)), ps_zone_kind_name(s->from->kind), s->from->name,
                     ps_zone_kind_name(s->to->kind), s->to->name, remedy);
    else if (!s->inspected && hides_control(s->rule))
        ps_lint_rule(s->lint, PS_SEV_ERROR, id, s->index,
                     "rule \"%s\" passes %s from %s zone \"%s\" into %s zone \"%s\" without inspection, so changes "
                     "cannot be told from reads; list other ports, or use an inspected protocol",
                     s->rule->name, ps_protocol_name(s->rule->protocol), ps_zone_kind_name(s->from->kind),
                     s->from->name, ps_zone_kind_name(s->to->kind), s->to->name);
}

/* ---- services -------------------------------------------------------------------------------------------------- */

/* A control zone that asks outside for names, time or addresses stops with the outside. */
static void lint_dependency(const struct subject *s, const char *word)
{
    bool island = s->from->has_sl_t && s->from->sl_t[PS_FR_RDF] >= 3;

    if (is_kind(s->from, KINDS_CONTROL) && is_kind(s->to, KINDS_OUTSIDE))
        ps_lint_rule(s->lint, island ? PS_SEV_ERROR : PS_SEV_WARNING, "ZL-023", s->index,
                     "rule \"%s\" makes %s zone \"%s\" depend on %s in %s zone \"%s\"; serve it inside the control "
                     "system",
                     s->rule->name, ps_zone_kind_name(s->from->kind), s->from->name, word,
                     ps_zone_kind_name(s->to->kind), s->to->name);
}

static void lint_service(const struct subject *s, enum service service, const char *word)
{
    /* A device's own web page is served by the control zone; general web is what it asks for. */
    bool control = is_kind(s->from, KINDS_CONTROL) || (service != SERVICE_WEB && is_kind(s->to, KINDS_CONTROL));

    if (service == SERVICE_NAMES)
        lint_dependency(s, word);
    else if (control)
        ps_lint_rule(s->lint, PS_SEV_ERROR, "ZL-064", s->index,
                     "rule \"%s\" carries %s over conduit \"%s\" of a control system; end it in a zone of kind = "
                     "\"dmz\"",
                     s->rule->name, word, s->conduit->name);
}

static void lint_services(const struct subject *s)
{
    uint32_t seen = 0; /* one finding per kind of service */

    for (size_t i = 0; carries_ports(s->rule) && i < sizeof(services) / sizeof(services[0]); i++) {
        if ((seen & 1u << services[i].service) || !ps_rule_lists_port(s->rule, services[i].port))
            continue;
        seen |= 1u << services[i].service;
        lint_service(s, services[i].service, services[i].word);
    }
}

/* ---- what may be written --------------------------------------------------------------------------------------- */

/* Only functions that read other things too may read files: nobody can open one by them. */
static bool reads_open_files(const struct subject *s)
{
    const struct ps_vocab *vocab = ps_vocab_by_protocol(s->rule->protocol);
    const uint32_t both = PS_OP_BIT(PS_OP_FILE) | PS_OP_BIT(PS_OP_READ);

    for (uint16_t row = 0; vocab && row < vocab->n_functions; row++) {
        bool named = s->rule->functions[row / 64] >> row % 64 & 1;

        if (named && (vocab->functions[row].ops & both) == PS_OP_BIT(PS_OP_FILE))
            return false;
    }
    return vocab && s->rule->has_functions && s->rule->ops == 0;
}

static void lint_danger(const struct subject *s)
{
    const uint32_t severe = PS_OP_BIT(PS_OP_CONTROL) | PS_OP_BIT(PS_OP_PROGRAM) | PS_OP_BIT(PS_OP_SECURITY) |
                            PS_OP_BIT(PS_OP_OPAQUE) | (reads_open_files(s) ? 0 : PS_OP_BIT(PS_OP_FILE));
    uint32_t ops = s->grants.ops & severe, others = s->grants.ops & ~severe;
    char words[128], other_words[128];

    /* One function may be of several classes: who lists "read" alone seldom means files too. */
    if (ops != 0 && others != 0 && s->rule->ops == 0 && s->rule->has_functions)
        ps_lint_rule(s->lint, is_draft(s) ? PS_SEV_WARNING : PS_SEV_ERROR, "ZL-083", s->index,
                     "rule \"%s\" grants %s for good, since its functions can do that too; list in operations what is "
                     "needed of %s, or accept it in `exceptions` with owner, reason and until",
                     s->rule->name, ps_ops_text(ops, words, sizeof(words)),
                     ps_ops_text(s->grants.ops, other_words, sizeof(other_words)));
    else if (ops != 0)
        ps_lint_rule(s->lint, is_draft(s) ? PS_SEV_WARNING : PS_SEV_ERROR, "ZL-083", s->index,
                     "rule \"%s\" grants %s for good; take it out when the work is done, or accept it in `exceptions` "
                     "with owner, reason and until",
                     s->rule->name, ps_ops_text(ops, words, sizeof(words)));
    else if (s->grants.ops & PS_OP_BIT(PS_OP_DIAGNOSE))
        ps_lint_rule(s->lint, PS_SEV_WARNING, "ZL-083", s->index,
                     "rule \"%s\" grants diagnose for good; take it out when the work is done, or accept it in "
                     "`exceptions` with owner, reason and until",
                     s->rule->name);
}

/* Other protocols have broadcast addresses of their own, which their rules have a key for. */
static void lint_broadcast(const struct subject *s)
{
    bool may_reach_all = s->rule->protocol == PS_PROTOCOL_MODBUS && s->grants.writes;

    for (uint32_t i = 0; may_reach_all && i < s->rule->n_stations; i++)
        if (ps_range_contains(s->rule->stations[i], 0, 0))
            ps_lint_rule(s->lint, PS_SEV_WARNING, "ZL-083", s->index,
                         "rule \"%s\" may write to station 0, which a serial gateway passes on to every device; list "
                         "the stations from 1",
                         s->rule->name);
}

static void lint_bounds(const struct subject *s)
{
    bool objects = s->rule->n_objects > 0;
    bool values = s->rule->n_values > 0 || !s->grants.wide_writes;

    if (!s->grants.writes || (objects && values))
        return;
    ps_lint_rule(s->lint, PS_SEV_WARNING, "ZL-084", s->index, "rule \"%s\" writes without %s; add %s", s->rule->name,
                 objects  ? "a value bound"
                 : values ? "an address range"
                          : "an address range or a value bound",
                 objects  ? "values = [\"min..max\"]"
                 : values ? "objects = [\"space:first-last\"]"
                          : "objects = [\"space:first-last\"] and values = [\"min..max\"]");
}

void ps_lint_zone_rules(const struct ps_lint *lint)
{
    const struct ps_model *model = lint->model;

    for (uint32_t i = 0; i < model->n_rules; i++) {
        struct subject s = {.lint = lint, .rule = &model->rules[i], .index = i};

        s.conduit = &model->conduits[s.rule->conduit];
        s.from = &model->zones[s.conduit->from];
        s.to = &model->zones[s.conduit->to];
        s.inspected = s.rule->protocol < PS_N_DISSECTORS;
        if (s.inspected)
            ps_grants_find(lint, s.rule, &s.grants);
        lint_changes(&s);
        lint_services(&s);
        if (s.inspected) {
            lint_danger(&s);
            lint_broadcast(&s);
            lint_bounds(&s);
        }
    }
}

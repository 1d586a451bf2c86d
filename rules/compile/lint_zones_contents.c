/* SPDX-License-Identifier: GPL-2.0-or-later
 *
 * What stands in a zone: assets that do not belong together, missing statements, a MAC twice.
 */
#include "lint.h"

#include <stdlib.h>
#include <string.h>

/* Classes of assets, told by their role. A role is free text, so only these exact words count (docs/iec62443.md). */
enum role_class {
    ROLE_OTHER = 0,
    ROLE_BUSINESS,
    ROLE_CONTROL,
    ROLE_SAFETY,
    ROLE_PORTABLE,
    ROLE_RADIO,
    ROLE_EXTERNAL,
    N_ROLE_CLASSES,
};

static const struct {
    const char *role;
    enum role_class class;
} roles[] = {
    {"office-pc", ROLE_BUSINESS},
    {"erp", ROLE_BUSINESS},
    {"mail-server", ROLE_BUSINESS},
    {"business-server", ROLE_BUSINESS},
    {"printer", ROLE_BUSINESS},
    {"plc", ROLE_CONTROL},
    {"rtu", ROLE_CONTROL},
    {"ied", ROLE_CONTROL},
    {"dcs", ROLE_CONTROL},
    {"controller", ROLE_CONTROL},
    {"drive", ROLE_CONTROL},
    {"remote-io", ROLE_CONTROL},
    {"hmi", ROLE_CONTROL},
    {"scada", ROLE_CONTROL},
    {"sis", ROLE_SAFETY},
    {"esd", ROLE_SAFETY},
    {"safety-plc", ROLE_SAFETY},
    {"safety-controller", ROLE_SAFETY},
    {"fire-and-gas", ROLE_SAFETY},
    {"laptop", ROLE_PORTABLE},
    {"portable", ROLE_PORTABLE},
    {"calibrator", ROLE_PORTABLE},
    {"engineering-laptop", ROLE_PORTABLE},
    {"maintenance-laptop", ROLE_PORTABLE},
    {"access-point", ROLE_RADIO},
    {"wireless-gateway", ROLE_RADIO},
    {"wireless-sensor", ROLE_RADIO},
    {"radio", ROLE_RADIO},
    {"tablet", ROLE_RADIO},
    {"modem", ROLE_EXTERNAL},
    {"cellular-router", ROLE_EXTERNAL},
    {"vpn-gateway", ROLE_EXTERNAL},
    {"remote-access", ROLE_EXTERNAL},
};

/* "Safety PLC" is "safety-plc". */
static bool role_equal(const char *said, const char *role)
{
    for (; *said != '\0' && *role != '\0'; said++, role++) {
        char c = *said == ' ' || *said == '_' ? '-' : *said;

        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if (c != *role)
            return false;
    }
    return *said == *role;
}

static enum role_class role_class(const char *role)
{
    for (size_t i = 0; role && i < sizeof(roles) / sizeof(roles[0]); i++)
        if (role_equal(role, roles[i].role))
            return roles[i].class;
    return ROLE_OTHER;
}

/* One asset that is in the wrong kind of zone, whatever stands beside it. */
static void lint_asset(const struct ps_lint *lint, uint32_t asset, enum role_class class)
{
    const struct ps_asset *a = &lint->model->assets[asset];
    const struct ps_zone *zone = &lint->model->zones[a->zone];

    if (class == ROLE_PORTABLE && zone->kind != PS_ZONE_TEMPORARY)
        ps_lint_asset(
            lint, PS_SEV_WARNING, "ZL-040", asset,
            "asset \"%s\" comes and goes (%s) but is in zone \"%s\" among permanent assets; move it to a zone "
            "of kind = \"temporary\"",
            a->name, a->role, zone->name);
    if (class == ROLE_RADIO && zone->kind != PS_ZONE_WIRELESS)
        ps_lint_asset(lint, PS_SEV_WARNING, "ZL-050", asset,
                      "asset \"%s\" has a radio (%s) but is in zone \"%s\" among wired assets; move it to a zone of "
                      "kind = \"wireless\"",
                      a->name, a->role, zone->name);
    if (class == ROLE_EXTERNAL && zone->kind != PS_ZONE_REMOTE && zone->kind != PS_ZONE_DMZ)
        ps_lint_asset(lint, PS_SEV_WARNING, "ZL-060", asset,
                      "asset \"%s\" reaches outside networks (%s) but is in zone \"%s\"; move it to a zone of "
                      "kind = \"remote\" or \"dmz\"",
                      a->name, a->role, zone->name);
}

/* Assets that must not share a zone. first[]: the first asset of each class. */
static void lint_company(const struct ps_lint *lint, uint32_t zone, const uint32_t first[N_ROLE_CLASSES])
{
    const struct ps_zone *z = &lint->model->zones[zone];
    const struct ps_asset *assets = lint->model->assets;
    uint32_t business = first[ROLE_BUSINESS];
    uint32_t safety = first[ROLE_SAFETY];
    uint32_t control = first[ROLE_CONTROL];
    uint32_t plant = control != PS_NONE ? control : safety;

    if (business != PS_NONE && plant != PS_NONE)
        ps_lint_zone(lint, PS_SEV_ERROR, "ZL-020", zone,
                     "zone \"%s\" holds a business asset (\"%s\", %s) beside a control system asset (\"%s\", %s); give "
                     "each a zone of its own",
                     z->name, assets[business].name, assets[business].role, assets[plant].name, assets[plant].role);
    if (safety != PS_NONE && control != PS_NONE && z->kind != PS_ZONE_SAFETY)
        ps_lint_zone(
            lint, PS_SEV_ERROR, "ZL-030", zone,
            "zone \"%s\" holds a safety asset (\"%s\", %s) beside a control asset (\"%s\", %s); give the safety "
            "asset a zone of its own, or make the whole zone kind = \"safety\"",
            z->name, assets[safety].name, assets[safety].role, assets[control].name, assets[control].role);
}

/* What the plant file leaves out about a zone. */
static void lint_statements(const struct ps_lint *lint, uint32_t zone)
{
    const struct ps_zone *z = &lint->model->zones[zone];
    bool has_assets = lint->first_asset[zone] < lint->first_asset[zone + 1];

    if (!has_assets && z->n_networks == 0)
        ps_lint_zone(lint, PS_SEV_WARNING, "ZL-006", zone,
                     "zone \"%s\" has neither assets nor networks, so no address belongs to it; add its assets, or "
                     "remove the zone",
                     z->name);
    else if (!has_assets)
        ps_lint_zone(lint, PS_SEV_WARNING, "ZL-006", zone,
                     "zone \"%s\" names no asset, only networks; name its assets, so that rules can tell them apart",
                     z->name);
    if (z->kind == PS_ZONE_UNSET)
        ps_lint_zone(lint, PS_SEV_WARNING, NULL, zone,
                     "zone \"%s\" does not say what kind of zone it is, so most findings cannot be made; add kind = "
                     "\"control\" (or enterprise, dmz, operations, field, safety, remote, wireless, temporary)",
                     z->name);
    /* An enterprise zone is outside the system under consideration. */
    if (!z->has_sl_t && z->kind != PS_ZONE_ENTERPRISE)
        ps_lint_zone(lint, PS_SEV_WARNING, "ZL-070", zone,
                     "zone \"%s\" has no target security level; add sl_t = [IAC, UC, SI, DC, RDF, TRE, RA], each 0 to "
                     "4, from your risk assessment",
                     z->name);
}

static void lint_zone(const struct ps_lint *lint, uint32_t zone)
{
    uint32_t first[N_ROLE_CLASSES];

    for (unsigned class = 0; class < N_ROLE_CLASSES; class ++)
        first[class] = PS_NONE;
    for (uint32_t a = lint->first_asset[zone]; a < lint->first_asset[zone + 1]; a++) {
        enum role_class class = role_class(lint->model->assets[a].role);

        if (first[class] == PS_NONE)
            first[class] = a;
        lint_asset(lint, a, class);
    }
    lint_company(lint, zone, first);
    lint_statements(lint, zone);
}

/* ---- MACs ------------------------------------------------------------------------------------------------------ */

struct bound_mac {
    uint64_t mac;
    uint32_t asset;
};

static int compare_macs(const void *a, const void *b)
{
    const struct bound_mac *x = a;
    const struct bound_mac *y = b;

    if (x->mac != y->mac)
        return x->mac < y->mac ? -1 : 1;
    return x->asset < y->asset ? -1 : x->asset > y->asset;
}

/* One MAC in two zones: frames that are not IP could not be told apart. Within a zone it may be a router's. */
static void lint_macs(const struct ps_lint *lint)
{
    const struct ps_asset *assets = lint->model->assets;
    struct bound_mac *macs = ps_lint_calloc(lint->model->n_assets, sizeof(*macs));
    size_t n = 0;

    for (uint32_t a = 0; a < lint->model->n_assets; a++)
        if (assets[a].has_mac)
            macs[n++] = (struct bound_mac){ps_mac_number(assets[a].mac), a};
    qsort(macs, n, sizeof(*macs), compare_macs);
    for (size_t i = 1; i < n; i++) {
        const struct ps_asset *one = &assets[macs[i - 1].asset];
        const struct ps_asset *other = &assets[macs[i].asset];

        if (macs[i].mac != macs[i - 1].mac)
            continue;
        ps_lint_asset(lint, one->zone == other->zone ? PS_SEV_WARNING : PS_SEV_ERROR, "ZL-009", macs[i].asset,
                      "asset \"%s\" has the same mac as asset \"%s\" of zone \"%s\"; a mac belongs to one asset: "
                      "correct the wrong one",
                      other->name, one->name, lint->model->zones[one->zone].name);
    }
    free(macs);
}

void ps_lint_zone_contents(const struct ps_lint *lint)
{
    for (uint32_t zone = 0; zone < lint->model->n_zones; zone++)
        lint_zone(lint, zone);
    lint_macs(lint);
}

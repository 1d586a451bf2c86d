/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lint.h"

void ps_lint_zones(const struct ps_model *model, uint32_t today, struct ps_diags *diags)
{
    struct ps_lint lint;

    ps_lint_init(&lint, model, diags);
    ps_lint_zone_contents(&lint);
    ps_lint_zone_conduits(&lint);
    ps_lint_zone_paths(&lint);
    ps_lint_zone_rules(&lint);
    ps_lint_fini(&lint);
    ps_lint_exceptions(model, today, diags);
}

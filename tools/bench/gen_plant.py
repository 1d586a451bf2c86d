#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Writes a plant file with many conduits: every zone with every other one, a read and a write rule each.

Usage: gen_plant.py CONDUITS > plant.conf
"""
import sys

ASSETS = 4


def zone(z):
    net = f"10.{z // 250}.{z % 250}"
    assets = "\n".join(
        f'      {{ name = "a{z}-{a}"; addresses = ["{net}.{a + 1}"]; }}{"," if a + 1 < ASSETS else ""}'
        for a in range(ASSETS))
    return (f'  {{ name = "z{z}"; kind = "control"; sl_t = [2, 2, 2, 1, 2, 2, 2]; networks = ["{net}.0/24"];\n'
            f'    assets = (\n{assets}\n    ); }}')


def ends(i, n_zones):
    """Zones of conduit i: every one with every other one."""
    source, target = divmod(i, n_zones - 1)
    return source, target + (target >= source)


def conduit(i, source, target):
    first = i % 1000
    return (f'  {{ name = "c{i}"; from = "z{source}"; to = "z{target}"; purpose = "polling"; owner = "bench";\n'
            f'    on_failure = "closed"; sl_t = [2, 2, 2, 1, 2, 2, 2];\n'
            f'    allow = (\n'
            f'      {{ name = "poll"; clients = ["a{source}-0"]; servers = ["a{target}-1", "a{target}-2"]; protocol = '
            f'"modbus"; stations = ["1-8"]; operations = ["read"]; objects = ["holding:{first}-{first + 99}", '
            f'"input:0-99"]; }},\n'
            f'      {{ name = "set"; clients = ["a{source}-0"]; servers = ["a{target}-1"]; protocol = "modbus"; '
            f'stations = ["1"]; functions = ["write-single-register", "write-multiple-registers"]; '
            f'objects = ["holding:{first}-{first + 9}"]; values = ["0..1000"]; }}\n'
            f'    ); }}')


def main():
    if len(sys.argv) != 2 or not sys.argv[1].isdigit():
        sys.exit(__doc__)
    n = int(sys.argv[1])
    n_zones = 2
    while n_zones * (n_zones - 1) < n:
        n_zones += 1
    print('schema = 1;\nsite = "Generated";\nrevision = 1;\nzones = (')
    print(",\n".join(zone(z) for z in range(n_zones)))
    print(");\nconduits = (")
    print(",\n".join(conduit(i, *ends(i, n_zones)) for i in range(n)))
    print(");")


if __name__ == "__main__":
    main()

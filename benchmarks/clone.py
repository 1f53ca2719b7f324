"""Many rows out of a few real ones, by SQL.

Rows that point at each other do so in every copy too: a copied invoice has its own lines, its own
reconciliation, its own commission line of the copied referral. What is not copied is shared.
"""

from __future__ import annotations

from typing import Any

# What has to differ from the original.
_DIFFERENT = {
    ("account_move", "name"): "name || '/' || {id}",
    ("partner_referral", "name"): "name || '/' || {id}",
    ("partner_referral", "access_token"): "NULL",
    ("account_move", "access_token"): "NULL",
    ("res_partner", "name"): "name || ' ' || {id}",
    ("res_partner", "complete_name"): "complete_name || ' ' || {id}",
    ("res_partner", "ref"): "NULL",
    # The original is held, so that no run takes it: its copies are due.
    ("partner_commission_line", "held_by_hand"): "false",
    ("partner_commission_line", "manual_hold_reason"): "NULL",
    ("partner_commission_line", "hold_code"): "NULL",
    ("partner_commission_line", "state"): "CASE state WHEN 'held' THEN 'earned' ELSE state END",
}


def clone(cr: Any, rows: dict[str, list[int]], copies: int) -> None:
    """Copy these rows of these tables so often.

    :param rows: ids by table; a table comes after those it points at
    """
    if copies <= 0:
        return
    cr.execute("SELECT usesuper FROM pg_user WHERE usename = current_user")
    if cr.fetchone()[0]:  # else it takes longer, as every foreign key is looked up
        cr.execute("SET LOCAL session_replication_role = replica")
    shifts = {table: _shift(cr, table, ids) for table, ids in rows.items()}
    for table in rows:
        links = _links(cr, table)
        columns = _columns(cr, table)
        values, flags = [], []
        for column in columns:
            target = links.get(column)
            if column == "id":
                values.append(shifts[table].format(column="id"))
            elif (table, column) in _DIFFERENT:
                values.append(_DIFFERENT[table, column].format(id=shifts[table].format(column="id")))
            elif target in rows:
                flags.append(f'"{column}" IN (SELECT unnest(%({target})s)) AS "is_{column}"')
                values.append(
                    f'CASE WHEN "is_{column}" THEN {shifts[target].format(column=column)} ELSE "{column}" END'
                )
            else:
                values.append(f'"{column}"')
        names = ", ".join(f'"{column}"' for column in columns)
        original = ", ".join([names, *flags])
        cr.execute(
            f"""
            INSERT INTO "{table}" ({names})
            SELECT {", ".join(values)}
              FROM (SELECT {original} FROM "{table}" WHERE id IN (SELECT unnest(%({table})s)) OFFSET 0) original
             CROSS JOIN generate_series(1, %(copies)s) copy
            """,
            {**rows, "copies": copies},
        )
        cr.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM \"{table}\"")
    cr.execute("SET LOCAL session_replication_role = DEFAULT")
    cr.commit()
    cr.execute(f"ANALYZE {', '.join(rows)}")


def _shift(cr: Any, table: str, ids: list[int]) -> str:
    """The id of a copied row: behind all there are, in the order of the originals."""
    cr.execute(f'SELECT max(id) FROM "{table}"')
    first, last = min(ids), max(ids)
    return f'("{{column}}" + {cr.fetchone()[0] + 1 - first} + (copy - 1) * {last - first + 1})'


def _columns(cr: Any, table: str) -> list[str]:
    cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = current_schema() "
        "AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
        [table],
    )
    return [name for (name,) in cr.fetchall()]


def _links(cr: Any, table: str) -> dict[str, str]:
    """The tables that the columns of this one point at."""
    cr.execute(
        """
        SELECT attribute.attname, target.relname
          FROM pg_constraint link
          JOIN pg_class target ON target.oid = link.confrelid
          JOIN pg_attribute attribute ON attribute.attrelid = link.conrelid AND attribute.attnum = link.conkey[1]
         WHERE link.contype = 'f' AND link.conrelid = %s::regclass AND cardinality(link.conkey) = 1
        """,
        [table],
    )
    return dict(cr.fetchall())

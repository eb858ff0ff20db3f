"""The invariants of the ledger, proved on the data as they are. Each answers with the rows that break it.

These queries read what the triggers and constraints should have guarded; they share no code with them.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from settlement.queries.log import differing_heads

CREDIT_STATES = """('available', 'held_for_orders', 'pledged', 'frozen', 'buffer', 'in_transit',
                    'retired', 'cancelled', 'exported')"""
ENDED_STATES = "('retired', 'cancelled', 'exported')"
# What guards the rows that are only ever added; a guard that is switched off guards nothing.
APPEND_ONLY = """(VALUES ('settlement_entry', 'entry'), ('settlement_leg', 'leg'), ('settlement_entrykey', 'entry_key'),
    ('settlement_settlementbatch', 'settlement_batch'), ('settlement_serialmove', 'serial_move'),
    ('settlement_banknotice', 'bank_notice'), ('settlement_secondreading', 'second_reading'),
    ('settlement_invariantproof', 'invariant_proof'), ('settlement_evidence', 'evidence'),
    ('settlement_transfercheck', 'transfer_check'), ('settlement_entryreversal', 'reversal'),
    ('settlement_holdentry', 'hold_entry'), ('settlement_logleaf', 'log_leaf'),
    ('settlement_logposition', 'log_position'), ('settlement_lognode', 'log_node'), ('settlement_loghead', 'log_head'),
    ('settlement_logkey', 'log_key'), ('settlement_bankstatement', 'bank_statement'),
    ('settlement_statementline', 'statement_line'), ('settlement_lineexplained', 'line_explained'),
    ('settlement_invoice', 'invoice'), ('settlement_dayrun', 'day_run'))"""

PROOFS: dict[str, tuple[str, str]] = {
    "I1": (
        "an entry has legs, both ends of a leg are of its asset, a settlement has the entries it counts",
        """SELECT 'entry without legs' AS what, e.id FROM settlement_entry e
           WHERE NOT EXISTS (SELECT FROM settlement_leg l WHERE l.entry_id = e.id)
           UNION ALL SELECT 'leg between assets', l.id FROM settlement_leg l
           LEFT JOIN settlement_holding d ON d.id = l.debited_id LEFT JOIN settlement_holding c ON c.id = l.credited_id
           WHERE l.units <= 0 OR l.debited_id = l.credited_id OR d.asset_id IS DISTINCT FROM l.asset_id
              OR c.asset_id IS DISTINCT FROM l.asset_id
           UNION ALL SELECT 'leg without entry', l.id FROM settlement_leg l
           WHERE NOT EXISTS (SELECT FROM settlement_entry e WHERE e.id = l.entry_id)
           UNION ALL SELECT 'settlement counts wrong', b.id FROM settlement_settlementbatch b
           LEFT JOIN settlement_entry e ON e.settlement_id = b.id GROUP BY b.id HAVING count(e.id) <> b.entries""",
    ),
    "I2": (
        "a holding's units are the credits less the debits of its legs",
        """SELECT h.id AS holding, h.units, coalesce(m.units, 0) AS by_legs FROM settlement_holding h
           LEFT JOIN (SELECT holding_id, sum(units) AS units FROM (
               SELECT credited_id AS holding_id, units FROM settlement_leg
               UNION ALL SELECT debited_id, -units FROM settlement_leg) ends GROUP BY holding_id) m
             ON m.holding_id = h.id
           WHERE h.units <> coalesce(m.units, 0)""",
    ),
    "I3": (
        "no holding is below zero but the sources, and no source is above it",
        """SELECT id AS holding, purpose, units FROM settlement_holding
           WHERE (units < 0 AND purpose NOT IN ('issuance', 'bank'))
              OR (purpose IN ('issuance', 'bank') AND (units > 0 OR organisation_id IS NOT NULL))""",
    ),
    "I4": (
        "all holdings of an asset sum to zero",
        """SELECT asset_id AS asset, sum(units) AS units FROM settlement_holding
           GROUP BY asset_id HAVING sum(units) <> 0""",
    ),
    "I5": (
        "serials of a project and vintage run on over its batches; the blocks of a batch tile it",
        """SELECT 'block' AS what, asset_id AS asset, id FROM (
             SELECT b.id, b.asset_id, b.first_serial, b.last_serial, a.first_serial AS starts, a.last_serial AS ends,
                    lag(b.last_serial) OVER w AS before, lead(b.first_serial) OVER w AS after
             FROM settlement_serialblock b JOIN settlement_asset a ON a.id = b.asset_id
             WINDOW w AS (PARTITION BY b.asset_id ORDER BY b.first_serial)) x
           WHERE first_serial <> coalesce(before + 1, starts) OR last_serial <> coalesce(after - 1, ends)
              OR last_serial < first_serial
           UNION ALL SELECT 'batch without blocks', a.id, NULL FROM settlement_asset a
           WHERE a.kind = 'credit' AND NOT EXISTS (SELECT FROM settlement_serialblock b WHERE b.asset_id = a.id)
           UNION ALL SELECT 'block of no batch', b.asset_id, b.id FROM settlement_serialblock b
           WHERE NOT EXISTS (SELECT FROM settlement_asset a WHERE a.id = b.asset_id AND a.kind = 'credit')
           UNION ALL SELECT 'batch does not run on', id, before FROM (
             SELECT id, first_serial, lag(last_serial, 1, 0::bigint) OVER v AS ended, lag(id) OVER v AS before
             FROM settlement_asset WHERE kind = 'credit'
             WINDOW v AS (PARTITION BY project_code, vintage_year ORDER BY first_serial)) x
           WHERE first_serial <> ended + 1""",
    ),
    "I6": (
        "issued = the sum over the nine states, each 0 or more; what a holder has in a state is as long as its blocks",
        """SELECT 'holding' AS what, h.id, h.purpose, h.units, coalesce(b.units, 0) AS by_blocks
           FROM settlement_holding h JOIN settlement_asset a ON a.id = h.asset_id AND a.kind = 'credit'
           LEFT JOIN (SELECT holding_id, sum(last_serial - first_serial + 1) AS units
                      FROM settlement_serialblock GROUP BY holding_id) b ON b.holding_id = h.id
           WHERE coalesce(b.units, 0) <> CASE WHEN h.purpose IN CREDIT_STATES THEN h.units ELSE 0 END
           UNION ALL SELECT 'state of a batch', s.asset_id, s.purpose, s.units, coalesce(b.units, 0) FROM (
             SELECT h.asset_id, h.purpose, sum(h.units) AS units FROM settlement_holding h GROUP BY 1, 2) s
           JOIN settlement_asset a ON a.id = s.asset_id AND a.kind = 'credit'
           LEFT JOIN (SELECT h.asset_id, h.purpose, sum(b.last_serial - b.first_serial + 1) AS units
                      FROM settlement_serialblock b JOIN settlement_holding h ON h.id = b.holding_id GROUP BY 1, 2) b
             ON b.asset_id = s.asset_id AND b.purpose = s.purpose
           WHERE s.purpose <> 'issuance' AND (s.units < 0 OR s.units <> coalesce(b.units, 0)
                                              OR (s.units <> 0 AND s.purpose NOT IN CREDIT_STATES))
           UNION ALL SELECT 'batch', a.id, 'issued', a.last_serial - a.first_serial + 1, coalesce(sum(h.units), 0)
           FROM settlement_asset a
           LEFT JOIN settlement_holding h ON h.asset_id = a.id AND h.purpose IN CREDIT_STATES
           WHERE a.kind = 'credit' GROUP BY a.id HAVING coalesce(sum(h.units), 0) <> a.last_serial - a.first_serial + 1
           UNION ALL SELECT 'block of no holding', b.id, '', b.last_serial - b.first_serial + 1, 0
           FROM settlement_serialblock b WHERE NOT EXISTS (
             SELECT FROM settlement_holding h WHERE h.id = b.holding_id AND h.asset_id = b.asset_id)
           UNION ALL SELECT 'legs and serials of entry', entry_id, '', sum(units), sum(serials) FROM (
             SELECT l.entry_id, l.asset_id, l.debited_id, l.credited_id, l.units, 0 AS serials
             FROM settlement_leg l JOIN settlement_asset a ON a.id = l.asset_id AND a.kind = 'credit'
             UNION ALL SELECT entry_id, asset_id, debited_id, credited_id, 0, last_serial - first_serial + 1
             FROM settlement_serialmove) x
           GROUP BY entry_id, asset_id, debited_id, credited_id HAVING sum(units) <> sum(serials)""",
    ),
    "I7": (
        "retired, cancelled and exported units never leave; what was issued is what the batch is, for ever",
        """SELECT 'leg' AS what, l.id FROM settlement_leg l JOIN settlement_holding h ON h.id = l.debited_id
           WHERE h.purpose IN ENDED_STATES
           UNION ALL SELECT 'move', m.id FROM settlement_serialmove m JOIN settlement_holding h ON h.id = m.debited_id
           WHERE h.purpose IN ENDED_STATES
           UNION ALL SELECT 'issued number', a.id FROM settlement_asset a
           LEFT JOIN settlement_holding h ON h.asset_id = a.id AND h.purpose = 'issuance'
           LEFT JOIN settlement_leg l ON l.debited_id = h.id
           WHERE a.kind = 'credit' GROUP BY a.id
           HAVING coalesce(sum(l.units), 0) <> a.last_serial - a.first_serial + 1 OR count(l.id) <> 1
           UNION ALL SELECT 'back to the source', l.id FROM settlement_leg l
           JOIN settlement_holding h ON h.id = l.credited_id AND h.purpose = 'issuance'""",
    ),
    "I12": (
        "one key, one entry; one bank serial, one deposit of its amount to its payee; one withdrawal, one order",
        """SELECT 'entry without key' AS what, e.id FROM settlement_entry e
           WHERE NOT EXISTS (SELECT FROM settlement_entrykey k WHERE k.entry_id = e.id)
           UNION ALL SELECT 'key without entry', k.entry_id FROM settlement_entrykey k
           WHERE NOT EXISTS (SELECT FROM settlement_entry e WHERE e.id = k.entry_id)
           UNION ALL SELECT 'two keys', entry_id FROM settlement_entrykey GROUP BY entry_id HAVING count(*) > 1
           UNION ALL SELECT 'bank serial twice', min(id) FROM settlement_banknotice
           GROUP BY bank_serial HAVING count(*) > 1
           UNION ALL SELECT 'notice and deposit differ', n.id FROM settlement_banknotice n
           LEFT JOIN settlement_entry e ON e.id = n.entry_id AND e.kind = 'deposit'
           LEFT JOIN settlement_entrykey k ON k.entry_id = n.entry_id
           LEFT JOIN settlement_leg l ON l.entry_id = n.entry_id
           LEFT JOIN settlement_holding h ON h.id = l.credited_id
           WHERE e.id IS NULL OR k.key IS DISTINCT FROM 'bank:' || n.bank_serial
              OR l.units IS DISTINCT FROM n.amount_fen OR h.organisation_id IS DISTINCT FROM n.organisation_id
           UNION ALL SELECT 'deposit without notice', e.id FROM settlement_entry e
           WHERE e.kind = 'deposit' AND NOT EXISTS (SELECT FROM settlement_banknotice n WHERE n.entry_id = e.id)
           UNION ALL SELECT 'withdrawal and entries differ', w.id FROM settlement_withdrawal w
           LEFT JOIN settlement_entrykey asked ON asked.key = 'withdrawal:' || w.id || ':ask'
           LEFT JOIN settlement_entrykey paid ON paid.key = 'withdrawal:' || w.id || ':paid'
           LEFT JOIN settlement_entrykey returned ON returned.key = 'withdrawal:' || w.id || ':returned'
           LEFT JOIN settlement_leg l ON l.entry_id = asked.entry_id
           WHERE l.units IS DISTINCT FROM w.amount_fen OR (paid.key IS NOT NULL) <> (w.state = 'paid')
              OR (returned.key IS NOT NULL) <> (w.state = 'returned')
           UNION ALL SELECT 'withdrawal without its order', w.id FROM settlement_withdrawal w
           LEFT JOIN settlement_paymentorder o ON o.withdrawal_id = w.id
           WHERE (o.id IS NULL) <> (w.state = 'asked')""",
    ),
    "I13": (
        "what is only ever added is guarded: its triggers are on, and the app's role may neither change nor own it",
        """SELECT 'no guard' AS what, g.table_name, t.name AS guard
           FROM APPEND_ONLY g (table_name, stem)
           CROSS JOIN LATERAL (VALUES (g.stem || '_is_append_only'), (g.stem || '_is_not_truncated')) t (name)
           WHERE NOT EXISTS (SELECT FROM pg_trigger p WHERE p.tgrelid = g.table_name::regclass AND p.tgname = t.name
                             AND p.tgenabled IN ('O', 'A'))
           UNION ALL SELECT 'right to ' || lower(r.name), g.table_name, 'tanhui_app'
           FROM APPEND_ONLY g (table_name, stem)
           CROSS JOIN (VALUES ('UPDATE'), ('DELETE'), ('TRUNCATE'), ('TRIGGER')) r (name)
           WHERE has_table_privilege('tanhui_app', g.table_name, r.name)
              OR (r.name = 'UPDATE' AND has_any_column_privilege('tanhui_app', g.table_name, r.name))
           UNION ALL SELECT 'owned by the app', c.relname, 'tanhui_app' FROM pg_class c
           WHERE c.relowner = 'tanhui_app'::regrole AND c.relkind IN ('r', 'p', 'S', 'v')
             AND c.relnamespace = 'public'::regnamespace""",
    ),
    "I14": (
        "recorded time is the server's: the app's role may not write it",
        """SELECT c.relname AS table_name, a.attname AS column_name, r.name AS may
           FROM (VALUES ('settlement_entry', 'recorded_at'), ('settlement_entry', 'transaction_id'),
                        ('settlement_settlementbatch', 'transaction_id'), ('settlement_secondreading', 'recorded_at'),
                        ('settlement_invariantproof', 'recorded_at')) w (table_name, column_name)
           JOIN pg_class c ON c.oid = w.table_name::regclass
           JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = w.column_name
           CROSS JOIN (VALUES ('INSERT'), ('UPDATE')) r (name)
           WHERE has_column_privilege('tanhui_app', c.oid, a.attname, r.name)""",
    ),
    "I15": (
        "maker and checker are two persons, also of money out, bank accounts, lifted freezes, transfers, trust",
        """SELECT 'entry' AS what, id FROM settlement_entry WHERE maker_id = checker_id
           OR (kind IN ('issue', 'transfer', 'reversal') AND (maker_id IS NULL OR checker_id IS NULL))
           UNION ALL SELECT 'withdrawal', id FROM settlement_withdrawal WHERE approved_by_id = asked_by_id
           UNION ALL SELECT 'bank account', id FROM settlement_bankaccount
           WHERE approved_by_id = proposed_by_id OR ended_by_id = release_asked_by_id
              OR (state = 'bound' AND (approved_by_id IS NULL OR proposed_by_id IS NULL))
           UNION ALL SELECT 'freeze', id FROM settlement_assetfreeze
           WHERE lifted_at IS NOT NULL
             AND (lift_asked_by_id IS NULL OR lifted_by_id IS NULL OR lift_asked_by_id = lifted_by_id)
           UNION ALL SELECT 'transfer', id FROM settlement_transfer
           WHERE approved_by_id IN (proposed_by_id, confirmed_by_id) OR confirmed_by_id = proposed_by_id
              OR (hold_entry_id IS NOT NULL AND (approved_by_id IS NULL
                  OR (CASE WHEN kind = 'court' THEN proposed_by_id ELSE confirmed_by_id END) IS NULL))
           UNION ALL SELECT 'trusted account', id FROM settlement_trustedaccount WHERE approved_by_id = proposed_by_id
           UNION ALL SELECT 'reversal', id FROM settlement_reversalrequest
           WHERE state = 'done' AND decided_by_id IS NOT DISTINCT FROM proposed_by_id
           UNION ALL SELECT 'unknown money', id FROM settlement_suspenseexplanation
           WHERE state = 'done' AND decided_by_id IS NOT DISTINCT FROM proposed_by_id
           UNION ALL SELECT 'objection', id FROM settlement_objection
           WHERE state IN ('dismissed', 'compensated') AND decided_by_id IS NOT DISTINCT FROM proposed_by_id
           UNION ALL SELECT 'red letter', id FROM settlement_redletter
           WHERE state IN ('asked', 'sent', 'issued') AND decided_by_id IS NOT DISTINCT FROM proposed_by_id
           UNION ALL SELECT 'hold', id FROM settlement_holdlift
           WHERE state = 'done' AND decided_by_id IS NOT DISTINCT FROM asked_by_id
           UNION ALL SELECT 'pledge', id FROM settlement_hold
           WHERE reason = 'pledge'
             AND (confirmed_by_id = asked_by_id OR set_by_id IN (asked_by_id, confirmed_by_id))""",
    ),
    "I16": (
        "pledged and frozen units are those of live holds, and left only by an entry that names the release",
        """SELECT 'leg without a name' AS what, l.id, NULL::bigint AS units, NULL::bigint AS by_holds
           FROM settlement_leg l JOIN settlement_holding d ON d.id = l.debited_id
           LEFT JOIN settlement_holdentry n ON n.entry_id = l.entry_id
           LEFT JOIN settlement_holdlift r ON r.id = n.lift_id
           LEFT JOIN settlement_hold h ON h.id = n.hold_id
           WHERE d.purpose IN ('pledged', 'frozen')
             AND (n.entry_id IS NULL OR (h.organisation_id, h.asset_id) IS DISTINCT FROM (d.organisation_id, d.asset_id)
                  OR (n.kind = 'released' AND r.state IS DISTINCT FROM 'done')
                  OR (n.kind <> 'released' AND (d.purpose = 'frozen' OR h.reason = 'pledge')))
           UNION ALL
           SELECT 'frozen or pledged', g.id, g.units, coalesce(t.units, 0) FROM settlement_holding g LEFT JOIN (
               SELECT organisation_id, asset_id, purpose, sum(units) AS units FROM (
                   SELECT h.organisation_id, h.asset_id,
                          CASE WHEN h.reason = 'pledge' THEN 'pledged' ELSE 'frozen' END AS purpose, p.units
                   FROM settlement_holdpart p JOIN settlement_hold h ON h.id = p.hold_id AND h.state = 'live'
                   LEFT JOIN settlement_hold f ON f.id = p.taken_from_id
                   WHERE f.id IS NULL OR f.reason = 'pledge'
                   UNION ALL SELECT f.organisation_id, f.asset_id, 'pledged', -p.units
                   FROM settlement_holdpart p
                   JOIN settlement_hold f ON f.id = p.taken_from_id AND f.reason = 'pledge') s
               GROUP BY 1, 2, 3) t USING (organisation_id, asset_id, purpose)
           WHERE g.purpose IN ('frozen', 'pledged') AND g.units <> coalesce(t.units, 0)
           UNION ALL
           SELECT 'available under an open freeze', g.id, g.units, h.open_units FROM settlement_hold h
           JOIN settlement_holding g USING (organisation_id, asset_id)
           WHERE h.open_units > 0 AND g.purpose = 'available' AND g.units > 0
           UNION ALL
           SELECT 'released', h.id, h.released_units, coalesce(sum(r.units), 0) FROM settlement_hold h
           LEFT JOIN settlement_holdlift r ON r.hold_id = h.id AND r.state = 'done'
           GROUP BY h.id HAVING h.released_units <> coalesce(sum(r.units), 0)
           UNION ALL
           SELECT 'part', p.id, p.units, h.units FROM settlement_holdpart p JOIN settlement_hold h ON h.id = p.hold_id
           LEFT JOIN settlement_hold f ON f.id = p.taken_from_id
           WHERE p.units > 0 AND (h.state <> 'live' OR f.state <> 'live' OR h.organisation_id <> f.organisation_id
                                  OR h.asset_id <> f.asset_id)""",
    ),
    "I18": (
        "what the bank told us came in, less what it paid out, is what participants have, to the fen",
        """SELECT 'bank' AS what, h.id, -h.units AS fen,
                  (SELECT coalesce(sum(amount_fen), 0) FROM settlement_banknotice)
                  - (SELECT coalesce(sum(amount_fen), 0) FROM settlement_withdrawal WHERE state = 'paid') AS told
           FROM settlement_holding h WHERE h.purpose = 'bank' AND -h.units <>
                  (SELECT coalesce(sum(amount_fen), 0) FROM settlement_banknotice)
                  - (SELECT coalesce(sum(amount_fen), 0) FROM settlement_withdrawal WHERE state = 'paid')
           UNION ALL SELECT 'statement does not add up', s.id, s.closing_fen - s.opening_fen, coalesce(l.fen, 0)
           FROM settlement_bankstatement s LEFT JOIN (
               SELECT statement_id, sum(fen) AS fen, count(*) AS lines FROM settlement_statementline GROUP BY 1
           ) l ON l.statement_id = s.id
           WHERE (s.closing_fen - s.opening_fen, s.lines) IS DISTINCT FROM (coalesce(l.fen, 0), coalesce(l.lines, 0))
           UNION ALL SELECT 'line and what explains it differ', l.id, l.fen, coalesce(n.amount_fen, -w.amount_fen)
           FROM settlement_lineexplained e JOIN settlement_statementline l ON l.id = e.line_id
           LEFT JOIN settlement_banknotice n ON n.id = e.notice_id
           LEFT JOIN settlement_withdrawal w ON w.id = e.withdrawal_id
           WHERE l.fen IS DISTINCT FROM coalesce(n.amount_fen, -w.amount_fen)
           UNION ALL SELECT 'money on its way', h.id, h.units, coalesce(w.fen, 0) FROM settlement_holding h
           JOIN settlement_asset a ON a.id = h.asset_id AND a.kind = 'cash'
           LEFT JOIN (SELECT organisation_id, sum(amount_fen) AS fen FROM settlement_withdrawal
                      WHERE state IN ('asked', 'sent') GROUP BY 1) w
             ON w.organisation_id IS NOT DISTINCT FROM h.organisation_id
           WHERE h.purpose = 'in_transit' AND h.units <> coalesce(w.fen, 0)
           UNION ALL SELECT 'unknown money', h.id, h.units, n.fen FROM settlement_holding h
           CROSS JOIN (SELECT (SELECT coalesce(sum(amount_fen), 0) FROM settlement_banknotice
                               WHERE organisation_id IS NULL)
                            - (SELECT coalesce(sum(l.units), 0) FROM settlement_leg l
                               JOIN settlement_entry e ON e.id = l.entry_id AND e.kind = 'suspense_explained'
                               WHERE NOT EXISTS (SELECT FROM settlement_entryreversal r WHERE r.reverses_id = e.id)
                              )
                            - (SELECT coalesce(sum(amount_fen), 0) FROM settlement_withdrawal
                               WHERE returns_id IS NOT NULL AND state <> 'returned') AS fen) n
           WHERE h.purpose = 'suspense' AND h.units <> n.fen""",
    ),
    "L1": (
        "every entry has a leaf that says what the ledger says; places have no gap; hashes and heads fit the leaves",
        r"""SELECT 'entry without leaf' AS what, e.id FROM settlement_entry e
           WHERE NOT EXISTS (SELECT FROM settlement_logleaf f WHERE f.entry_id = e.id)
             AND e.transaction_id IS DISTINCT FROM pg_current_xact_id_if_assigned()  -- Its own are judged at commit.
           UNION ALL SELECT 'leaf and ledger differ', f.entry_id FROM settlement_logleaf f
           LEFT JOIN LATERAL settlement_entry_texts(ARRAY[f.entry_id], ARRAY[f.salt]) t ON true
           WHERE f.entry_id IS NOT NULL AND t.text IS DISTINCT FROM f.text
           UNION ALL SELECT 'leaf neither waits nor has a place, or both', f.id FROM settlement_logleaf f
           LEFT JOIN settlement_logqueue q ON q.leaf_id = f.id LEFT JOIN settlement_logposition p ON p.leaf_id = f.id
           WHERE (q.leaf_id IS NULL) = (p.leaf_id IS NULL)
           UNION ALL SELECT 'place is not right after the last', p.position FROM settlement_logposition p
           WHERE p.position > 0 AND NOT EXISTS (SELECT FROM settlement_logposition b WHERE b.position = p.position - 1)
           UNION ALL SELECT 'hash of a leaf', p.position FROM settlement_logposition p
           LEFT JOIN settlement_logleaf f ON f.id = p.leaf_id
           WHERE p.hash IS DISTINCT FROM sha256('\x00'::bytea || convert_to(f.text, 'UTF8'))
           UNION ALL SELECT 'hash of a node', n.index FROM settlement_lognode n
           LEFT JOIN LATERAL (
               SELECT sha256('\x01'::bytea || string_agg(half.hash, ''::bytea ORDER BY half.index)) AS hash FROM (
                   SELECT c.index, c.hash FROM settlement_lognode c
                   WHERE c.level = n.level - 1 AND c.index IN (2 * n.index, 2 * n.index + 1)
                   UNION ALL SELECT p.position, p.hash FROM settlement_logposition p
                   WHERE n.level = 1 AND p.position IN (2 * n.index, 2 * n.index + 1)) half) halves ON true
           WHERE n.hash IS DISTINCT FROM halves.hash
           UNION ALL SELECT 'head of no tree', h.id FROM settlement_loghead h
           WHERE h.size > (SELECT count(*) FROM settlement_logposition)""",
    ),
    "R1": (
        "a reversal has the legs and serials of the one entry it names, the ends swapped; only some kinds are reversed",
        """SELECT 'reversal names nothing' AS what, e.id FROM settlement_entry e WHERE e.kind = 'reversal'
           AND NOT EXISTS (SELECT FROM settlement_entryreversal r WHERE r.entry_id = e.id)
           UNION ALL SELECT 'kind', r.entry_id FROM settlement_entryreversal r
           JOIN settlement_entry e ON e.id = r.entry_id JOIN settlement_entry o ON o.id = r.reverses_id
           WHERE e.kind <> 'reversal' OR o.kind NOT IN ('transfer', 'suspense_explained')
           UNION ALL SELECT 'legs', r.entry_id FROM settlement_entryreversal r WHERE (
               SELECT array_agg((l.asset_id, l.debited_id, l.credited_id, l.units)::text ORDER BY
                   (l.asset_id, l.debited_id, l.credited_id, l.units)::text)
               FROM settlement_leg l WHERE l.entry_id = r.entry_id) IS DISTINCT FROM (
               SELECT array_agg((l.asset_id, l.credited_id, l.debited_id, l.units)::text ORDER BY
                   (l.asset_id, l.credited_id, l.debited_id, l.units)::text)
               FROM settlement_leg l WHERE l.entry_id = r.reverses_id)
           UNION ALL SELECT 'serials', r.entry_id FROM settlement_entryreversal r WHERE (
               SELECT range_agg(int8range(first_serial, last_serial, '[]')) FROM settlement_serialmove
               WHERE entry_id = r.entry_id) IS DISTINCT FROM (
               SELECT range_agg(int8range(first_serial, last_serial, '[]')) FROM settlement_serialmove
               WHERE entry_id = r.reverses_id)""",
    ),
    "T1": (
        "credits in transit are those of the transfers under way, serial by serial, and move by entries that name them",
        """SELECT 'holding' AS what, h.id, h.units, coalesce(t.units, 0) AS by_transfers FROM settlement_holding h
           JOIN settlement_asset a ON a.id = h.asset_id AND a.kind = 'credit'
           LEFT JOIN (SELECT from_organisation_id, asset_id, sum(units) AS units FROM settlement_transfer
                      WHERE state = 'approved' GROUP BY 1, 2) t
             ON t.from_organisation_id = h.organisation_id AND t.asset_id = h.asset_id
           WHERE h.purpose = 'in_transit' AND h.units <> coalesce(t.units, 0)
           UNION ALL SELECT 'transfer', t.id, t.units, (
               SELECT sum(b.last_serial - b.first_serial + 1) FROM settlement_serialmove m
               JOIN settlement_serialblock b ON b.holding_id = m.credited_id
                AND b.first_serial >= m.first_serial AND b.last_serial <= m.last_serial
               WHERE m.entry_id = t.hold_entry_id) AS in_place
           FROM settlement_transfer t WHERE t.state = 'approved' AND t.units IS DISTINCT FROM (
               SELECT sum(b.last_serial - b.first_serial + 1) FROM settlement_serialmove m
               JOIN settlement_serialblock b ON b.holding_id = m.credited_id
                AND b.first_serial >= m.first_serial AND b.last_serial <= m.last_serial
               WHERE m.entry_id = t.hold_entry_id)
           UNION ALL SELECT 'entry without transfer', e.id, NULL, NULL FROM settlement_entry e
           WHERE e.kind IN ('transfer_hold', 'transfer', 'transfer_release') AND NOT EXISTS (
               SELECT FROM settlement_transfer t WHERE e.id IN (t.hold_entry_id, t.end_entry_id, t.return_entry_id))
           UNION ALL SELECT 'units move otherwise', l.id, l.units, NULL FROM settlement_leg l
           JOIN settlement_holding h ON h.id IN (l.debited_id, l.credited_id) AND h.purpose = 'in_transit'
           JOIN settlement_asset a ON a.id = l.asset_id AND a.kind = 'credit'
           JOIN settlement_entry e ON e.id = l.entry_id
           WHERE e.kind NOT IN ('transfer_hold', 'transfer', 'transfer_release', 'reversal')""",
    ),
    "S1": (
        "days follow each other and close in their order, after both steps agreed; nothing came into a sealed day; the"
        " risk reserve has what days gave it, less what it paid",
        """SELECT 'day does not follow' AS what, d.day::text FROM (
               SELECT day, covers_from, lag(day) OVER (ORDER BY day) AS before FROM settlement_settlementday) d
           WHERE d.covers_from <> d.before + 1
           UNION ALL SELECT 'closed before an earlier one', d.day::text FROM settlement_settlementday d
           WHERE d.closed_at IS NOT NULL
             AND EXISTS (SELECT FROM settlement_settlementday e WHERE e.day < d.day AND e.closed_at IS NULL)
           UNION ALL SELECT 'closed without both steps', d.day::text FROM settlement_settlementday d
           WHERE d.closed_at IS NOT NULL AND (SELECT count(*) FROM (
               SELECT DISTINCT ON (step) step, found, transaction_id FROM settlement_dayrun r WHERE r.day_id = d.day
               ORDER BY step, id DESC) r
             WHERE step IN ('clearing', 'reconciliation') AND found = 0 AND transaction_id > d.sealed_xid) <> 2
           UNION ALL SELECT 'entry came into a sealed day', e.id::text FROM settlement_settlementday d
           JOIN settlement_entry e ON e.business_date BETWEEN d.covers_from AND d.day
           WHERE e.transaction_id > d.sealed_xid
           UNION ALL SELECT 'reserve of a day was not moved', d.day::text FROM settlement_settlementday d
           WHERE d.reserve_fen > 0 AND NOT EXISTS (
               SELECT FROM settlement_entry e JOIN settlement_leg l ON l.entry_id = e.id
               WHERE e.id = d.reserve_entry_id AND e.kind = 'reserve' AND l.units = d.reserve_fen)
           UNION ALL SELECT 'risk reserve', h.id::text FROM settlement_holding h
           WHERE h.purpose = 'risk_reserve' AND h.units <>
               (SELECT coalesce(sum(reserve_fen), 0) FROM settlement_settlementday)
               - (SELECT coalesce(sum(compensation_fen), 0) FROM settlement_objection
                  WHERE state = 'compensated' AND paid_from = 'risk_reserve')
           UNION ALL SELECT 'compensation is not what was decided', o.id::text FROM settlement_objection o
           WHERE o.state = 'compensated' AND NOT EXISTS (
               SELECT FROM settlement_entry e JOIN settlement_leg l ON l.entry_id = e.id
               JOIN settlement_holding c ON c.id = l.credited_id JOIN settlement_holding d ON d.id = l.debited_id
               WHERE e.id = o.compensation_id AND e.kind = 'compensation' AND l.units = o.compensation_fen
                 AND (c.organisation_id, c.purpose) = (o.organisation_id, 'available')
                 AND d.organisation_id IS NOT DISTINCT FROM
                     CASE o.paid_from WHEN 'counterparty' THEN o.against_id END)""",
    ),
    "V1": (
        "each invoiced fen is a fee's fen, once; numbers are one; a red letter mirrors its invoice and frees its fees",
        """SELECT 'item is no fee' AS what, i.id::text FROM settlement_invoiceitem i
           JOIN settlement_invoicerequest r ON r.id = i.request_id
           LEFT JOIN settlement_leg l ON l.id = i.leg_id AND l.entry_id = i.entry_id
           LEFT JOIN settlement_holding d ON d.id = l.debited_id LEFT JOIN settlement_holding c ON c.id = l.credited_id
           WHERE l.units IS DISTINCT FROM i.fen OR c.purpose <> 'fees' OR c.organisation_id IS NOT NULL
              OR d.organisation_id IS DISTINCT FROM r.organisation_id
           UNION ALL SELECT 'fee invoiced twice', min(id)::text FROM settlement_invoiceitem WHERE is_live
           GROUP BY leg_id HAVING count(*) > 1
           UNION ALL SELECT 'item and request differ', i.id::text FROM settlement_invoiceitem i
           JOIN settlement_invoicerequest r ON r.id = i.request_id
           WHERE i.is_live <> (r.state IN ('asked', 'sent', 'issued'))
           UNION ALL SELECT 'request is not its fees', r.id::text FROM settlement_invoicerequest r
           LEFT JOIN settlement_invoiceitem i ON i.request_id = r.id GROUP BY r.id
           HAVING r.amount_fen IS DISTINCT FROM sum(i.fen)::bigint OR r.amount_fen <> r.net_fen + r.tax_fen
           UNION ALL SELECT 'number twice or malformed', min(number) FROM settlement_invoice
           GROUP BY number HAVING count(*) > 1 OR number !~ '^[0-9]{20}$'
           UNION ALL SELECT 'invoice is not what was asked', v.number FROM settlement_invoice v
           JOIN settlement_invoicerequest r ON r.id = v.request_id JOIN settlement_invoicetitle t ON t.id = r.title_id
           CROSS JOIN LATERAL (SELECT CASE WHEN v.red_letter_id IS NULL THEN 1 ELSE -1 END AS sign) s
           WHERE (v.amount_fen, v.net_fen, v.tax_fen, v.taxpayer_id) IS DISTINCT FROM
                 (s.sign * r.amount_fen, s.sign * r.net_fen, s.sign * r.tax_fen, t.taxpayer_id)
           UNION ALL SELECT 'state and invoices differ', r.id::text FROM settlement_invoicerequest r
           LEFT JOIN settlement_invoice v ON v.request_id = r.id GROUP BY r.id
           HAVING (count(v.id) - count(v.red_letter_id), count(v.red_letter_id)) IS DISTINCT FROM (
               (r.state IN ('issued', 'corrected'))::int::bigint, (r.state = 'corrected')::int::bigint)
           UNION ALL SELECT 'request without its order', r.id::text FROM settlement_invoicerequest r
           WHERE NOT EXISTS (SELECT FROM settlement_taxorder o WHERE o.request_id = r.id)
           UNION ALL SELECT 'red letter without its order', r.id::text FROM settlement_redletter r
           WHERE r.state IN ('asked', 'sent', 'issued')
             AND NOT EXISTS (SELECT FROM settlement_taxorder o WHERE o.red_letter_id = r.id)""",
    ),
}


def _filled(sql: str) -> str:
    """Return a proof with its lists written out."""
    for name, words in (("CREDIT_STATES", CREDIT_STATES), ("ENDED_STATES", ENDED_STATES), ("APPEND_ONLY", APPEND_ONLY)):
        sql = sql.replace(name, words)
    return sql


def broken_invariants(*, most: int = 20) -> dict[str, dict[str, Any]]:
    """Return, for each invariant of this room, its sentence and at most `most` rows that break it (none: it holds)."""
    answers: dict[str, dict[str, Any]] = {}
    with connection.cursor() as cursor:
        for name, (sentence, sql) in PROOFS.items():
            cursor.execute(f"{_filled(sql)} LIMIT {most:d}")
            columns = [column.name for column in cursor.description]
            answers[name] = {"holds": sentence, "broken": [dict(zip(columns, row, strict=True)) for row in cursor]}
    if not answers["L1"]["broken"]:  # Else there is no tree that a head could be compared with.
        answers["L1"]["broken"] += [
            {"what": "head is not of its tree", "id": one} for one in differing_heads(most=most)
        ]
    return answers


def unreconciled_holdings() -> list[dict[str, Any]]:
    """Return the holdings whose units are not what their legs say (I2). After a lost update this is not empty."""
    with connection.cursor() as cursor:
        cursor.execute(PROOFS["I2"][1])
        columns = [column.name for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor]

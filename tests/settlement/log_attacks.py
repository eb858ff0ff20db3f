"""What is tried on the transparency log, and the name of the guard that refuses it. See test_refusals.py."""

PLACE = "INSERT INTO settlement_logposition (position, leaf_id, hash) SELECT {position}, min(id), '' FROM settlement_logleaf"
NODE = "INSERT INTO settlement_lognode (level, index, hash) VALUES ({level}, 0, '')"
HEAD = "INSERT INTO settlement_loghead (size, root, note, at) VALUES ({size}, '', '', now())"
KEY = "INSERT INTO settlement_logkey (verifier_key, at) VALUES ('a', now())"
FIRST = PLACE.format(position=0)

LOG_ATTACKS = {
    "a move of a logged entry": (
        [
            "INSERT INTO settlement_serialmove (entry_id, asset_id, debited_id, credited_id, first_serial, last_serial)"
            " SELECT entry_id, asset_id, debited_id, credited_id, first_serial, last_serial FROM settlement_serialmove"
            " ORDER BY id LIMIT 1"
        ],
        "serial_move_comes_before_the_leaf",
    ),
    "a place after a gap": ([PLACE.format(position=1000000)], "log_has_no_gaps"),
    "a place below the first": ([PLACE.format(position=-1)], "log_position_not_below_zero"),
    "out of the queue without a place": (["DELETE FROM settlement_logqueue"], "queued_leaf_is_sealed"),
    "change the queue": (["UPDATE settlement_logqueue SET leaf_id = leaf_id"], "log_queue_is_fixed"),
    "empty the queue": (["TRUNCATE settlement_logqueue"], "log_queue_is_not_truncated"),
    "a node that is a leaf": ([NODE.format(level=0)], "log_node_has_a_place"),
    "a head below nothing": ([HEAD.format(size=-1)], "log_head_size_not_below_zero"),
    "a head of no tree": ([HEAD.format(size=1000000)], "log_heads_only_grow"),
    "a head that shrinks": ([FIRST, HEAD.format(size=1), HEAD.format(size=0)], "log_heads_only_grow"),
    "a leaf of no entry": (
        [
            "INSERT INTO settlement_logleaf (subject, entry_id, salt, text) VALUES ('x', 987654321, gen_random_uuid(), '')"
        ],
        "leaf_of_an_entry",
    ),
    "change a leaf": (["UPDATE settlement_logleaf SET text = ''"], "log_leaf_is_append_only"),
    "remove a leaf": (["DELETE FROM settlement_logleaf"], "log_leaf_is_append_only"),
    "change a place": ([FIRST, "UPDATE settlement_logposition SET hash = ''"], "log_position_is_append_only"),
    "change a node": ([NODE.format(level=1), "UPDATE settlement_lognode SET hash = ''"], "log_node_is_append_only"),
    "change a head": ([HEAD.format(size=0), "UPDATE settlement_loghead SET note = ''"], "log_head_is_append_only"),
    "change a signing key": ([KEY, "UPDATE settlement_logkey SET at = now()"], "log_key_is_append_only"),
    "empty the leaves": (["TRUNCATE settlement_logleaf CASCADE"], "log_leaf_is_not_truncated"),
    "empty the places": (["TRUNCATE settlement_logposition"], "log_position_is_not_truncated"),
    "empty the nodes": (["TRUNCATE settlement_lognode"], "log_node_is_not_truncated"),
    "empty the heads": (["TRUNCATE settlement_loghead"], "log_head_is_not_truncated"),
    "empty the signing keys": (["TRUNCATE settlement_logkey"], "log_key_is_not_truncated"),
}
LOG_ALSO = {
    "a head below nothing": ("log_heads_only_grow",),
    "remove a leaf": ("foreign key",),
    "empty the leaves": ("log_queue_is_not_truncated",),
}

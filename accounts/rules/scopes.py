"""Scopes of the REST API. The wording is English and translated where it is shown."""

SCOPES: dict[str, str] = {
    "organisations:read": "Read the own organisation",
    "registry:read": "Read projects, monitoring periods and issuances",
    "registry:write": "Register parcels and projects, hand in monitoring data",
    "orders:read": "Read own orders and trades",
    "orders:write": "Place, change and cancel orders",
    "ledger:read": "Read holdings, statements and certificates",
    "ledger:write": "Retire credits, announce deposits and withdrawals",
    "interregistry:read": "Read transfers between registries",
    "interregistry:write": "Hand over and take in credits between registries",
    "webhooks:write": "Manage own webhooks",
}

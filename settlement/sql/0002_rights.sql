-- What the app's role may write. It owns nothing, so it can neither drop a trigger nor truncate.
-- A column it must not set (the server's clock, the units of a holding, the ends of a block) it has no right to.
REVOKE ALL ON settlement_entry, settlement_leg, settlement_entrykey, settlement_settlementbatch, settlement_holding,
    settlement_serialblock, settlement_serialmove, settlement_asset, settlement_banknotice FROM tanhui_app;
GRANT SELECT ON settlement_entry, settlement_leg, settlement_entrykey, settlement_settlementbatch, settlement_holding,
    settlement_serialblock, settlement_serialmove, settlement_asset, settlement_banknotice TO tanhui_app;
GRANT INSERT (id, kind, at, business_date, maker_id, checker_id, basis, settlement_id) ON settlement_entry TO tanhui_app;
GRANT INSERT ON settlement_leg, settlement_entrykey, settlement_asset, settlement_banknotice TO tanhui_app;
GRANT INSERT (id, at, entries) ON settlement_settlementbatch TO tanhui_app;
GRANT INSERT ON settlement_holding, settlement_serialblock TO tanhui_app;
GRANT UPDATE (may_be_posted) ON settlement_holding TO tanhui_app;
GRANT UPDATE (holding_id, entry_id) ON settlement_serialblock TO tanhui_app;
GRANT UPDATE (code) ON settlement_asset TO tanhui_app; -- So that a row can be locked; the trigger refuses any change.

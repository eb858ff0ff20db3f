-- Sale money waits for midnight alone, as before 0013.
DROP FUNCTION settlement_day_goes_its_way, settlement_day_reserve_is_moved, settlement_day_run_is_of_an_unclosed_day,
    settlement_entry_is_of_an_open_day, settlement_objection_is_raised, settlement_compensation_moves_what_was_decided CASCADE;
CREATE FUNCTION settlement_sales_of_day(holder bigint, day date) RETURNS bigint LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT coalesce(sum(CASE WHEN l.credited_id = h.id THEN l.units ELSE -l.units END), 0)::bigint
    FROM settlement_settlementbatch b JOIN settlement_entry e ON e.settlement_id = b.id AND e.kind = 'trade'
    JOIN settlement_leg l ON l.entry_id = e.id JOIN settlement_holding h ON h.organisation_id = holder AND h.purpose = 'available'
    JOIN settlement_asset a ON a.id = h.asset_id AND a.kind = 'cash'
    JOIN settlement_holding d ON d.id = l.debited_id
    WHERE b.at >= day::timestamp AT TIME ZONE 'Asia/Shanghai' AND b.at < (day + 1)::timestamp AT TIME ZONE 'Asia/Shanghai'
      AND (l.debited_id = h.id OR (l.credited_id = h.id AND d.organisation_id IS DISTINCT FROM holder))
$$;
CREATE OR REPLACE FUNCTION settlement_withdrawal_leaves_sales() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF coalesce((SELECT h.units FROM settlement_holding h JOIN settlement_asset a ON a.id = h.asset_id AND a.kind = 'cash'
                 WHERE h.organisation_id = NEW.organisation_id AND h.purpose = 'available'), 0)
       < settlement_sales_of_day(NEW.organisation_id, (NEW.asked_at AT TIME ZONE 'Asia/Shanghai')::date) THEN
        RAISE 'what was sold for today leaves only after the day' USING ERRCODE = '23514', CONSTRAINT = 'withdrawal_leaves_sales_of_the_day';
    END IF;
    RETURN NULL;
END $$;
DROP FUNCTION settlement_sales_not_closed, settlement_claimed_from, settlement_day_differences;
GRANT EXECUTE ON FUNCTION settlement_sales_of_day TO tanhui_app;

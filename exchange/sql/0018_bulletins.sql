-- What was published stays as it was published.
CREATE TRIGGER daily_figure_is_append_only BEFORE UPDATE OR DELETE ON exchange_dailyfigure FOR EACH ROW EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER daily_figure_is_not_truncated BEFORE TRUNCATE ON exchange_dailyfigure FOR EACH STATEMENT EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER reference_price_is_append_only BEFORE UPDATE OR DELETE ON exchange_referenceprice FOR EACH ROW EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER reference_price_is_not_truncated BEFORE TRUNCATE ON exchange_referenceprice FOR EACH STATEMENT EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER bulletin_is_append_only BEFORE UPDATE OR DELETE ON exchange_bulletin FOR EACH ROW EXECUTE FUNCTION exchange_fixed();
CREATE TRIGGER bulletin_is_not_truncated BEFORE TRUNCATE ON exchange_bulletin FOR EACH STATEMENT EXECUTE FUNCTION exchange_fixed();
REVOKE UPDATE, DELETE ON exchange_dailyfigure, exchange_referenceprice, exchange_bulletin FROM tanhui_app;

-- A day whose bulletin is out has no more trades: its figures would be wrong.
CREATE FUNCTION exchange_trade_is_before_its_bulletin() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM added t JOIN exchange_bulletin b ON b.day = t.business_date) THEN
        RAISE 'the bulletin of this day is out' USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER trade_is_before_its_bulletin AFTER INSERT ON exchange_trade REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION exchange_trade_is_before_its_bulletin();

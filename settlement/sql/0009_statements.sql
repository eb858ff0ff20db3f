-- A bank's statement adds up, stays as it was taken, and is explained to the fen (I18).
CREATE FUNCTION settlement_statement_adds_up() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF (SELECT (count(*), coalesce(sum(fen), 0)::bigint) FROM settlement_statementline WHERE statement_id = NEW.id)
       IS DISTINCT FROM (NEW.lines::bigint, NEW.closing_fen - NEW.opening_fen) THEN
        RAISE 'closing less opening is the sum of the lines' USING ERRCODE = '23514', CONSTRAINT = 'statement_adds_up';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER statement_adds_up AFTER INSERT ON settlement_bankstatement DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION settlement_statement_adds_up();

-- A line comes with its statement, in one transaction; else the sum would never be looked at.
ALTER TABLE settlement_bankstatement ADD COLUMN transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE FUNCTION settlement_line_comes_with_its_statement() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM added a JOIN settlement_bankstatement s ON s.id = a.statement_id
               WHERE s.transaction_id <> pg_current_xact_id()) THEN
        RAISE 'a line comes with its statement' USING ERRCODE = '23514', CONSTRAINT = 'line_comes_with_its_statement';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER line_comes_with_its_statement AFTER INSERT ON settlement_statementline REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_line_comes_with_its_statement();

CREATE FUNCTION settlement_line_is_explained_to_the_fen() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added e JOIN settlement_statementline l ON l.id = e.line_id
        LEFT JOIN settlement_banknotice n ON n.id = e.notice_id LEFT JOIN settlement_withdrawal w ON w.id = e.withdrawal_id
        WHERE l.fen IS DISTINCT FROM coalesce(n.amount_fen, -w.amount_fen)
           OR (n.id IS NOT NULL AND n.bank_serial <> l.bank_serial) OR (w.id IS NOT NULL AND w.state <> 'paid')
    ) THEN
        RAISE 'a line is explained by what moved just that money' USING ERRCODE = '23514', CONSTRAINT = 'line_is_explained_to_the_fen';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER line_is_explained_to_the_fen AFTER INSERT ON settlement_lineexplained REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_line_is_explained_to_the_fen();

CREATE TRIGGER bank_statement_is_append_only BEFORE UPDATE OR DELETE ON settlement_bankstatement FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER bank_statement_is_not_truncated BEFORE TRUNCATE ON settlement_bankstatement FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER statement_line_is_append_only BEFORE UPDATE OR DELETE ON settlement_statementline FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER statement_line_is_not_truncated BEFORE TRUNCATE ON settlement_statementline FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER line_explained_is_append_only BEFORE UPDATE OR DELETE ON settlement_lineexplained FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER line_explained_is_not_truncated BEFORE TRUNCATE ON settlement_lineexplained FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

REVOKE ALL ON settlement_bankstatement, settlement_statementline, settlement_lineexplained FROM tanhui_app;
GRANT SELECT ON settlement_bankstatement, settlement_statementline, settlement_lineexplained TO tanhui_app;
GRANT INSERT (account, statement_id, source, digest, business_date, opening_fen, closing_fen, lines, taken_by_id, at, sequence)
    ON settlement_bankstatement TO tanhui_app;
GRANT INSERT ON settlement_statementline, settlement_lineexplained TO tanhui_app;

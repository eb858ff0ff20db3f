-- Invoices over fees (docs/decisions/0025-fee-invoices.md): a fee is invoiced once at a time, to the fen, to who paid it.
CREATE FUNCTION settlement_invoice_title_is_the_organisations() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM accounts_organisation o WHERE o.id = NEW.organisation_id AND (o.name, o.uscc) = (NEW.name, NEW.taxpayer_id)) THEN
        RAISE 'a title has the name and code of its organisation' USING ERRCODE = '23514', CONSTRAINT = 'invoice_title_is_the_organisations';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER invoice_title_is_the_organisations BEFORE INSERT ON settlement_invoicetitle FOR EACH ROW
    EXECUTE FUNCTION settlement_invoice_title_is_the_organisations();
CREATE TRIGGER invoice_title_is_only_superseded BEFORE UPDATE ON settlement_invoicetitle FOR EACH ROW
    WHEN (OLD.superseded_at IS NOT NULL OR (OLD.id, OLD.organisation_id, OLD.name, OLD.taxpayer_id, OLD.taxpayer_type, OLD.address_phone, OLD.bank_account, OLD.email, OLD.set_by_id, OLD.at)
          IS DISTINCT FROM (NEW.id, NEW.organisation_id, NEW.name, NEW.taxpayer_id, NEW.taxpayer_type, NEW.address_phone, NEW.bank_account, NEW.email, NEW.set_by_id, NEW.at))
    EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER invoice_title_is_kept BEFORE DELETE ON settlement_invoicetitle FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER invoice_title_is_not_truncated BEFORE TRUNCATE ON settlement_invoicetitle FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

-- A request: for the title of who asks, what it says is fixed, and it goes one way.
CREATE FUNCTION settlement_invoice_request_fits_its_title() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM settlement_invoicetitle t WHERE t.id = NEW.title_id AND t.organisation_id = NEW.organisation_id AND t.superseded_at IS NULL
          AND (NEW.kind <> 'special' OR (t.taxpayer_type <> 'other' AND t.address_phone <> '' AND t.bank_account <> ''))) THEN
        RAISE 'a request is for the present title of who asks; a special invoice for a taxpayer with address and bank'
            USING ERRCODE = '23514', CONSTRAINT = 'invoice_request_fits_its_title';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER invoice_request_fits_its_title BEFORE INSERT ON settlement_invoicerequest FOR EACH ROW
    EXECUTE FUNCTION settlement_invoice_request_fits_its_title();
CREATE TRIGGER invoice_request_begins_asked BEFORE INSERT ON settlement_invoicerequest FOR EACH ROW
    WHEN (NEW.state <> 'asked') EXECUTE FUNCTION settlement_begins_proposed();
CREATE TRIGGER invoice_request_content_is_fixed BEFORE UPDATE ON settlement_invoicerequest FOR EACH ROW
    WHEN ((OLD.id, OLD.organisation_id, OLD.title_id, OLD.kind, OLD.amount_fen, OLD.net_fen, OLD.tax_fen, OLD.vat_rate, OLD.asked_by_id, OLD.asked_at)
          IS DISTINCT FROM (NEW.id, NEW.organisation_id, NEW.title_id, NEW.kind, NEW.amount_fen, NEW.net_fen, NEW.tax_fen, NEW.vat_rate, NEW.asked_by_id, NEW.asked_at))
    EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER invoice_request_takes_its_steps BEFORE UPDATE ON settlement_invoicerequest FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NOT (
        (OLD.state = 'asked' AND NEW.state IN ('sent', 'issued', 'refused')) OR (OLD.state = 'sent' AND NEW.state IN ('issued', 'refused'))
        OR (OLD.state = 'issued' AND NEW.state = 'corrected')))
    EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER invoice_request_is_kept BEFORE DELETE ON settlement_invoicerequest FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER invoice_request_is_not_truncated BEFORE TRUNCATE ON settlement_invoicerequest FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

CREATE FUNCTION settlement_invoice_request_sums_its_items() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF (SELECT coalesce(sum(fen), 0) FROM settlement_invoiceitem WHERE request_id = NEW.id) <> NEW.amount_fen THEN
        RAISE 'a request is over the sum of its fees' USING ERRCODE = '23514', CONSTRAINT = 'invoice_request_sums_its_items';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER invoice_request_sums_its_items AFTER INSERT ON settlement_invoicerequest DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION settlement_invoice_request_sums_its_items();

-- A fee comes on a request in the transaction that makes it; else the sum would never be looked at.
ALTER TABLE settlement_invoicerequest ADD COLUMN transaction_id xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE FUNCTION settlement_invoice_item_comes_with_its_request() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (SELECT FROM added a JOIN settlement_invoicerequest r ON r.id = a.request_id WHERE r.transaction_id <> pg_current_xact_id()) THEN
        RAISE 'a fee comes with its request' USING ERRCODE = '23514', CONSTRAINT = 'invoice_item_comes_with_its_request';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER invoice_item_comes_with_its_request AFTER INSERT ON settlement_invoiceitem REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_invoice_item_comes_with_its_request();

-- An item is a leg that took just this money from who asks to the venue's fees. Legs never change, so once is enough.
CREATE FUNCTION settlement_invoice_item_is_a_fee() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF EXISTS (
        SELECT FROM added a JOIN settlement_invoicerequest r ON r.id = a.request_id
        WHERE NOT a.is_live OR NOT EXISTS (
            SELECT FROM settlement_leg l JOIN settlement_holding d ON d.id = l.debited_id JOIN settlement_holding c ON c.id = l.credited_id
            WHERE l.id = a.leg_id AND l.entry_id = a.entry_id AND l.units = a.fen AND c.purpose = 'fees' AND c.organisation_id IS NULL
              AND d.organisation_id = r.organisation_id)
    ) THEN
        RAISE 'what is invoiced is a fee that the organisation has paid' USING ERRCODE = '23514', CONSTRAINT = 'invoice_item_is_a_fee';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER invoice_item_is_a_fee AFTER INSERT ON settlement_invoiceitem REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION settlement_invoice_item_is_a_fee();

-- A fee is free again when its request is refused or corrected, and by nothing else.
CREATE FUNCTION settlement_invoice_item_is_freed_by_its_request() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF (OLD.id, OLD.request_id, OLD.leg_id, OLD.entry_id, OLD.fen, true, false)
         IS DISTINCT FROM (NEW.id, NEW.request_id, NEW.leg_id, NEW.entry_id, NEW.fen, OLD.is_live, NEW.is_live)
       OR (SELECT state FROM settlement_invoicerequest WHERE id = OLD.request_id) NOT IN ('refused', 'corrected') THEN
        RAISE 'a fee is freed by a refusal or a red letter' USING ERRCODE = '23514', CONSTRAINT = 'invoice_item_is_freed_by_its_request';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER invoice_item_is_freed_by_its_request BEFORE UPDATE ON settlement_invoiceitem FOR EACH ROW
    EXECUTE FUNCTION settlement_invoice_item_is_freed_by_its_request();
CREATE FUNCTION settlement_invoice_request_frees_its_items() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    UPDATE settlement_invoiceitem SET is_live = false WHERE request_id = NEW.id AND is_live;
    RETURN NULL;
END $$;
CREATE TRIGGER invoice_request_frees_its_items AFTER UPDATE ON settlement_invoicerequest FOR EACH ROW
    WHEN (NEW.state IN ('refused', 'corrected') AND OLD.state <> NEW.state) EXECUTE FUNCTION settlement_invoice_request_frees_its_items();
CREATE TRIGGER invoice_item_is_kept BEFORE DELETE ON settlement_invoiceitem FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER invoice_item_is_not_truncated BEFORE TRUNCATE ON settlement_invoiceitem FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

-- A red letter corrects an issued invoice.
CREATE FUNCTION settlement_red_letter_corrects_an_invoice() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM settlement_invoicerequest WHERE id = NEW.request_id AND state = 'issued') THEN
        RAISE 'a red letter corrects an issued invoice' USING ERRCODE = '23514', CONSTRAINT = 'red_letter_corrects_an_invoice';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER red_letter_corrects_an_invoice BEFORE INSERT ON settlement_redletter FOR EACH ROW EXECUTE FUNCTION settlement_red_letter_corrects_an_invoice();
CREATE TRIGGER red_letter_begins_proposed BEFORE INSERT ON settlement_redletter FOR EACH ROW
    WHEN (NEW.state <> 'proposed') EXECUTE FUNCTION settlement_begins_proposed();
CREATE TRIGGER red_letter_content_is_fixed BEFORE UPDATE ON settlement_redletter FOR EACH ROW
    WHEN ((OLD.id, OLD.request_id, OLD.reason, OLD.digest, OLD.proposed_by_id, OLD.proposed_at)
          IS DISTINCT FROM (NEW.id, NEW.request_id, NEW.reason, NEW.digest, NEW.proposed_by_id, NEW.proposed_at)
          OR (OLD.state <> 'proposed' AND (OLD.decided_by_id, OLD.decided_at) IS DISTINCT FROM (NEW.decided_by_id, NEW.decided_at)))
    EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER red_letter_takes_its_steps BEFORE UPDATE ON settlement_redletter FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND NOT (
        (OLD.state = 'proposed' AND NEW.state IN ('asked', 'refused')) OR (OLD.state = 'asked' AND NEW.state IN ('sent', 'issued', 'refused'))
        OR (OLD.state = 'sent' AND NEW.state IN ('issued', 'refused'))))
    EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER red_letter_is_kept BEFORE DELETE ON settlement_redletter FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER red_letter_is_not_truncated BEFORE TRUNCATE ON settlement_redletter FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

-- An invoice says what was asked for; a red one mirrors its blue one in full.
CREATE FUNCTION settlement_invoice_is_what_was_asked() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM settlement_invoicerequest r JOIN settlement_invoicetitle t ON t.id = r.title_id
        LEFT JOIN settlement_redletter l ON l.id = NEW.red_letter_id
        CROSS JOIN LATERAL (SELECT CASE WHEN NEW.red_letter_id IS NULL THEN 1 ELSE -1 END AS sign) s
        WHERE r.id = NEW.request_id AND t.taxpayer_id = NEW.taxpayer_id AND (NEW.red_letter_id IS NULL OR l.request_id = r.id)
          AND (NEW.amount_fen, NEW.net_fen, NEW.tax_fen) = (s.sign * r.amount_fen, s.sign * r.net_fen, s.sign * r.tax_fen)) THEN
        RAISE 'an invoice says what was asked for' USING ERRCODE = '23514', CONSTRAINT = 'invoice_is_what_was_asked';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER invoice_is_what_was_asked AFTER INSERT ON settlement_invoice FOR EACH ROW EXECUTE FUNCTION settlement_invoice_is_what_was_asked();

-- At commit: what is issued has its invoice, and an invoice ends what asked for it.
CREATE FUNCTION settlement_invoice_ends_its_request() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    asked bigint := CASE WHEN TG_TABLE_NAME = 'settlement_invoicerequest' THEN NEW.id ELSE (to_jsonb(NEW) ->> 'request_id')::bigint END;
BEGIN
    IF EXISTS (
        SELECT FROM settlement_invoicerequest r
        CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE red_letter_id IS NULL) AS blue, count(red_letter_id) AS red FROM settlement_invoice WHERE request_id = r.id) i
        CROSS JOIN LATERAL (SELECT count(*) FILTER (WHERE state = 'issued') AS red FROM settlement_redletter WHERE request_id = r.id) l
        WHERE r.id = asked AND (i.blue, i.red, l.red) IS DISTINCT FROM (
            (r.state IN ('issued', 'corrected'))::int::bigint, (r.state = 'corrected')::int::bigint, (r.state = 'corrected')::int::bigint)
    ) THEN
        RAISE 'what is issued has its invoice, and an invoice ends what asked for it' USING ERRCODE = '23514', CONSTRAINT = TG_NAME;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER request_has_its_invoice AFTER INSERT OR UPDATE ON settlement_invoicerequest DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION settlement_invoice_ends_its_request();
CREATE CONSTRAINT TRIGGER red_letter_has_its_invoice AFTER INSERT OR UPDATE ON settlement_redletter DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION settlement_invoice_ends_its_request();
CREATE CONSTRAINT TRIGGER invoice_ends_its_request AFTER INSERT ON settlement_invoice DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION settlement_invoice_ends_its_request();
CREATE TRIGGER invoice_is_append_only BEFORE UPDATE OR DELETE ON settlement_invoice FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER invoice_is_not_truncated BEFORE TRUNCATE ON settlement_invoice FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

-- An order to the tax port names its act for ever and stays.
CREATE TRIGGER tax_order_names_its_act BEFORE UPDATE ON settlement_taxorder FOR EACH ROW
    WHEN ((OLD.id, OLD.request_id, OLD.red_letter_id) IS DISTINCT FROM (NEW.id, NEW.request_id, NEW.red_letter_id)
          OR (OLD.done_at IS NOT NULL AND OLD.done_at IS DISTINCT FROM NEW.done_at))
    EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER tax_order_is_kept BEFORE DELETE ON settlement_taxorder FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER tax_order_is_not_truncated BEFORE TRUNCATE ON settlement_taxorder FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();

REVOKE ALL ON settlement_invoicetitle, settlement_invoicerequest, settlement_invoiceitem, settlement_redletter, settlement_invoice, settlement_taxorder FROM tanhui_app;
GRANT SELECT ON settlement_invoicetitle, settlement_invoicerequest, settlement_invoiceitem, settlement_redletter, settlement_invoice, settlement_taxorder TO tanhui_app;
GRANT INSERT (organisation_id, name, taxpayer_id, taxpayer_type, address_phone, bank_account, email, set_by_id, at, superseded_at, recorded_at) ON settlement_invoicetitle TO tanhui_app;
GRANT INSERT (organisation_id, title_id, kind, amount_fen, net_fen, tax_fen, vat_rate, state, reason, asked_by_id, asked_at, closed_at, recorded_at) ON settlement_invoicerequest TO tanhui_app;
GRANT INSERT (request_id, reason, digest, state, refusal, proposed_by_id, proposed_at, decided_by_id, decided_at, closed_at, recorded_at) ON settlement_redletter TO tanhui_app;
GRANT INSERT (number, request_id, red_letter_id, taxpayer_id, amount_fen, net_fen, tax_fen, issued_on, file_name, file_size, sha256, at, recorded_at) ON settlement_invoice TO tanhui_app;
GRANT INSERT ON settlement_invoiceitem, settlement_taxorder TO tanhui_app;
GRANT UPDATE (superseded_at) ON settlement_invoicetitle TO tanhui_app;
GRANT UPDATE (state, reason, closed_at) ON settlement_invoicerequest TO tanhui_app;
GRANT UPDATE (state, refusal, decided_by_id, decided_at, closed_at) ON settlement_redletter TO tanhui_app;
GRANT UPDATE (attempts, next_at, done_at, dead_at, last_error) ON settlement_taxorder TO tanhui_app;

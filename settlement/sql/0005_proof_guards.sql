-- What a proof has found stands as it was found; a run only goes on.
CREATE TRIGGER second_reading_is_append_only BEFORE UPDATE OR DELETE ON settlement_secondreading FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER second_reading_is_not_truncated BEFORE TRUNCATE ON settlement_secondreading FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER invariant_proof_is_append_only BEFORE UPDATE OR DELETE ON settlement_invariantproof FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER invariant_proof_is_not_truncated BEFORE TRUNCATE ON settlement_invariantproof FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER proof_run_is_kept BEFORE DELETE ON settlement_proofrun FOR EACH ROW EXECUTE FUNCTION settlement_fixed();
CREATE TRIGGER proof_run_is_not_truncated BEFORE TRUNCATE ON settlement_proofrun FOR EACH STATEMENT EXECUTE FUNCTION settlement_fixed();
-- A run keeps what it is, and one that has ended stays so.
CREATE TRIGGER proof_run_only_goes_on BEFORE UPDATE ON settlement_proofrun FOR EACH ROW
    WHEN (OLD.state IN ('done', 'failed') OR (OLD.id, OLD.kind, OLD.night, OLD.asked_by_id, OLD.at)
          IS DISTINCT FROM (NEW.id, NEW.kind, NEW.night, NEW.asked_by_id, NEW.at))
    EXECUTE FUNCTION settlement_fixed();
REVOKE ALL ON settlement_secondreading, settlement_invariantproof, settlement_proofrun FROM tanhui_app;
GRANT SELECT ON settlement_secondreading, settlement_invariantproof, settlement_proofrun TO tanhui_app;
GRANT INSERT (run_id, at, snapshot, last_entry_id, legs_read, moves_read, seconds, found, differences) ON settlement_secondreading TO tanhui_app;
GRANT INSERT (run_id, at, seconds, proved, broken) ON settlement_invariantproof TO tanhui_app;
GRANT INSERT ON settlement_proofrun TO tanhui_app;
GRANT UPDATE (state, done_steps, all_steps, error) ON settlement_proofrun TO tanhui_app;

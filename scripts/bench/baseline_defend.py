"""scripts/oracle/run_record.py for a net of any width."""

import baseline_model  # first: it finds the oracle
import run_record

if __name__ == "__main__":
    run_record.load_model = baseline_model.load_model
    run_record.main()

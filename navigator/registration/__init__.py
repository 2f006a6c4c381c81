"""Where the patient of the planning scan lies in the intraoperative scan."""

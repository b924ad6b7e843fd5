"""What HMPPS answers about the demonstration's person when everything is in order."""

from datetime import datetime
from typing import Any

from sallyport_rig.demonstration import records

NUMBER = records.PRISONER
PERSON = f"/v1/persons/{NUMBER}"


def answers(now: datetime) -> dict[str, Any]:
    """HMPPS in order: by path, what it says of one sentenced person who is due today."""
    said = dict(records.standing(now))
    prisoner, calculation = said["PRISONER"], dict(said["CALCULATION"])
    return {
        PERSON: {
            **{key: value for key, value in prisoner.items() if key not in records.NAME},
            "firstName": records.NAME["forenames"],
            "lastName": records.NAME["surname"],
            "dateOfBirth": records.NAME["dateOfBirth"],
            "restrictedPatient": False,
            "aliases": [],
            "cellLocation": "A-1-002",
        },
        f"/person/prison/{NUMBER}": {
            "cprUUID": said["IDENTITY"]["cprUuids"][0],
            "identifiers": {"prisonNumbers": [NUMBER]},
            "aliases": [],
        },
        f"{PERSON}/active-alerts": {"alerts": []},
        f"/calculation/{NUMBER}/latest?checkForChange=true": {
            **calculation,
            "calculationStatus": calculation.pop("status"),
        },
        f"{PERSON}/sentences/latest-key-dates-and-adjustments": {"adjustments": []},
        f"{PERSON}/warrants": {"warrants": [said["WARRANT"]], "papers": []},
        "/v1/warrants/unmatched": {"warrants": []},
        f"{PERSON}/custodial-status": {"cases": [said["COURT_CASE"]]},
        f"{PERSON}/status-information": {"records": []},
        f"{PERSON}/recalls": {"recalls": []},
        f"{PERSON}/licences/conditions": {"licences": [said["LICENCE"]]},
    }

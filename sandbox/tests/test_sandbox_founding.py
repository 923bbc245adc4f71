"""Founding companies while the sandbox runs."""

from plumbline_sandbox.laboratory import Laboratory


async def test_founded_company_takes_calls_of_its_client_and_of_no_other(lab: Laboratory) -> None:
    asked = {"id": "77", "name": "Third", "customers": {"Owner": "ap@owner.example"}}
    made = (await lab.control.post("/control/quickbooks", json=asked)).json()
    headers = {"authorization": f"Bearer {made['access_token']}", "accept": "application/json"}
    own = await lab.quickbooks.get(f"/v3/company/77/customer/{made['customers']['Owner']}", headers=headers)
    assert own.json()["Customer"]["PrimaryEmailAddr"] == {"Address": "ap@owner.example"}
    vendor_id = next(iter(made["vendors"].values()))
    vendor = await lab.quickbooks.get(f"/v3/company/77/vendor/{vendor_id}", headers=headers)
    assert vendor.json()["Vendor"]["DisplayName"] in made["vendors"]
    other = await lab.quickbooks.get(f"/v3/company/{lab.realms[0].id}/customer/1", headers=headers)
    assert other.status_code == 403


async def test_taken_id_and_missing_fields_are_refused_in_words(lab: Laboratory) -> None:
    taken = {"id": lab.realms[0].id, "name": "x", "customers": {}}
    refused = await lab.control.post("/control/quickbooks", json=taken)
    assert (refused.status_code, refused.json()["error"]) == (
        400,
        f"there is a company {lab.realms[0].id} already",
    )
    refused = await lab.control.post("/control/quickbooks", json={"name": "x"})
    assert (refused.status_code, refused.json()["error"]) == (400, "a company needs id, name and customers")

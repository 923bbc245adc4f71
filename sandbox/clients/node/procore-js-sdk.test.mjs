// @procore/js-sdk: get, post, patch, delete, paging headers, errors.
import assert from "node:assert/strict";
import test from "node:test";
import sdk from "@procore/js-sdk";
import { company, sandbox, seed } from "./sandbox.mjs";

const grant = await fetch(`${sandbox.procore.login_url}/oauth/token`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({
    grant_type: "client_credentials", client_id: company.client_id, client_secret: company.client_secret,
  }),
});
const { access_token: token } = await grant.json();
const bearer = { authorize: (request) => request(["Authorization", `Bearer ${token}`]) };
const client = sdk.client(bearer, undefined, {
  apiHostname: sandbox.procore.url,
  defaultCompanyId: company.id,
});
const project = seed.companies[0].projects[0];
const contract = project.prime_contract_id;

test("projects are listed page by page", async () => {
  const { body, response } = await client.get({ base: "/projects", qs: { company_id: company.id, per_page: 2 } });
  assert.equal(body.length, 2);
  assert.equal(response.headers.get("Total"), "6");
  assert.match(response.headers.get("Link"), /rel="next"/);
});

test("a prime contract and its owner are read", async () => {
  const { body } = await client.get({ base: "/prime_contract/{contract}", params: { contract }, qs: { project_id: project.id } });
  assert.equal(body.vendor.name, project.owner.name);
});

test("a contract payment is made, changed and removed", async () => {
  const qs = { project_id: project.id, contract_id: contract };
  const payment = { amount: "10.00", date: "2026-11-20" };
  const made = await client.post({ base: "/contract_payments", qs }, { project_id: project.id, contract_id: contract, contract_payment: payment });
  const id = made.body.id;
  assert.ok(id);
  const changed = await client.patch({ base: "/contract_payments/{payment}", params: { payment: id }, qs }, { project_id: project.id, contract_payment: { amount: "12.00" } });
  assert.equal(changed.body.amount, "12.00");
  await client.delete({ base: "/contract_payments/{payment}", params: { payment: id }, qs }, undefined, { formatter: (response) => response.text() });
  await assert.rejects(
    client.get({ base: "/contract_payments/{payment}", params: { payment: id }, qs }),
    (refused) => refused.response.status === 404,
  );
});

test("what is not there is 404", async () => {
  await assert.rejects(
    client.get({ base: "/payment_applications/1", qs: { project_id: project.id } }),
    (refused) => refused.response.status === 404,
  );
});

// @procore/js-sdk: each resource listed page by page, made, read, changed, removed and refused; v1 and v2; tokens.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
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
const bearer = (value) => ({ authorize: (request) => request(["Authorization", `Bearer ${value}`]) });
const options = { apiHostname: sandbox.procore.url, defaultCompanyId: company.id };
const client = sdk.client(bearer(token), undefined, options);

const project = seed.companies[0].projects[0];
const contract = project.prime_contract_id;
const ofCompany = { company_id: company.id };
const ofProject = { project_id: project.id };
const v2 = `/companies/${company.id}`;
const noBody = { formatter: (response) => response.text() };
const name = () => `N ${randomUUID()}`;
const status = (wanted) => (refused) => refused.response.status === wanted;

// Lists: where each is, and what it asks for. Those of v2 answer under `data`.
const LISTS = [
  { base: "/companies" },
  { base: "/projects", qs: ofCompany },
  { base: "/vendors", qs: ofCompany },
  { base: "/projects/{project}/vendors" },
  { base: "/companies/{company}/people" },
  { base: "/projects/{project}/people" },
  { base: "/prime_contracts", qs: ofProject },
  { base: "/projects/{project}/billing_periods" },
  { base: "/payment_applications", qs: ofProject },
  { base: "/prime_contracts/{contract}/payment_applications", qs: ofProject },
  { base: "/contract_payments", qs: { ...ofProject, contract_id: contract } },
  { base: "/cost_codes", qs: ofProject },
  { base: "/companies/{company}/timecard_entries", qs: { start_date: "2026-11-01", end_date: "2026-11-30" } },
  { base: "/projects/{project}/timesheets" },
  { base: "/projects/{project}/documents" },
  { base: `${v2}/projects/${project.id}/prime_contracts`, version: "v2.0" },
  { base: `${v2}/webhooks/hooks`, version: "v2.0", qs: { namespace: "checks" } },
];
const params = { project: project.id, company: company.id, contract };
const rows = (body) => body.data ?? body;

for (const { base, version, qs = {} } of LISTS) {
  test(`pages of ${version ?? "v1.0"} ${base} cover it once`, async () => {
    const seen = [];
    for (let page = 1; ; page += 1) {
      const { body, response } = await client.get({ base, version, params, qs: { ...qs, page, per_page: 2 } });
      seen.push(...rows(body).map((row) => row.id));
      const total = Number(response.headers.get("Total"));
      assert.equal(response.headers.get("Per-Page"), "2");
      const more = /rel="next"/.test(response.headers.get("Link") ?? "");
      assert.equal(more, page * 2 < total);
      if (!more) return assert.equal(new Set(seen).size, total);
    }
  });
}

// Resources with a life: how one is made, changed and removed, and what must be in it.
const hook = { payload_version: "v2.0", namespace: "checks", destination_url: "https://app.example/hook" };
const RESOURCES = {
  project: {
    base: "/projects", qs: ofCompany, key: "project", make: () => ({ name: name(), project_number: "X1" }),
    change: { city: "Waco" }, bad: { name: "" }, kept: true,
  },
  vendor: {
    base: "/vendors", qs: ofCompany, key: "vendor", make: () => ({ name: name() }),
    change: { city: "Waco" }, bad: { name: "" }, kept: true,
  },
  "contract payment": {
    base: "/contract_payments", qs: { ...ofProject, contract_id: contract }, key: "contract_payment",
    make: () => ({ amount: "10.00", date: "2026-11-20" }), change: { amount: "12.00" }, bad: { amount: "much" },
  },
  "owner invoice": {
    base: "/payment_applications", made: "/prime_contracts/{contract}/payment_applications", qs: ofProject,
    key: "payment_application",
    make: () => ({ invoice_number: name() }), change: { status: "under_review" }, bad: { status: "paid" },
  },
  folder: {
    base: "/folders", qs: ofProject, key: "folder", make: () => ({ name: name() }), change: { name: name() },
    bad: { parent_id: 1 }, shownAfter: true,
  },
  webhook: {
    base: `${v2}/webhooks/hooks`, version: "v2.0", qs: {}, make: () => hook,
    change: { status: "disabled" }, bad: { status: "asleep" },
  },
};

for (const [what, one] of Object.entries(RESOURCES)) {
  test(`a ${what} is made, read, changed, removed and refused`, async () => {
    const { base, version, qs, key } = one;
    const wrapped = (values) => (key ? { ...qs, [key]: values } : values);
    const plain = (body) => body.data ?? body;
    const made = plain((await client.post({ base: one.made ?? base, version, params, qs }, wrapped(one.make()))).body);
    const at = { base, version, params: { ...params, id: made.id }, qs };
    const changedAt = { ...at, base: one.made ?? base };
    assert.equal(plain((await client.get(at)).body).id, made.id);
    const changed = plain((await client.patch(changedAt, wrapped(one.change))).body);
    for (const [field, wanted] of Object.entries(one.change)) assert.equal(changed[field], wanted);
    await assert.rejects(client.patch(changedAt, wrapped(one.bad)), status(422));
    await assert.rejects(client.get({ ...at, params: { ...params, id: 1 } }), status(404));
    if (one.kept) return;
    await client.delete(at, undefined, noBody);
    if (one.shownAfter) await assert.rejects(client.patch(changedAt, wrapped(one.change)), status(404));
    else await assert.rejects(client.get(at), status(404));
  });
}

test("a prime contract and its owner are read", async () => {
  const { body } = await client.get({ base: "/prime_contract/{contract}", params, qs: ofProject });
  assert.equal(body.vendor.name, project.owner.name);
});

test("vendors are synchronised", async () => {
  const updates = [{ name: name(), origin_id: randomUUID() }, { id: 1, name: "nobody" }];
  const { body } = await client.patch({ base: "/vendors/sync", params, qs: ofCompany }, { ...ofCompany, updates });
  assert.deepEqual([body.entities.length, body.errors.length], [1, 1]);
});

test("a trigger is added to a hook, and deliveries are listed", async () => {
  const hooks = `${v2}/webhooks/hooks`;
  const { body } = await client.post({ base: hooks, version: "v2.0" }, { ...hook, namespace: "triggers" });
  const of = { base: `${hooks}/${body.data.id}/triggers`, version: "v2.0" };
  const trigger = await client.post(of, { resource_name: "Projects", event_type: "update" });
  assert.equal(trigger.body.data.webhook_hook_id, body.data.id);
  const { body: deliveries } = await client.get({ base: `${hooks}/${body.data.id}/deliveries`, version: "v2.0" });
  assert.deepEqual(deliveries.data, []);
  await client.delete({ base: `${hooks}/${body.data.id}`, version: "v2.0" }, undefined, noBody);
});

test("refusals have their status", async () => {
  const asked = { base: "/projects", qs: ofCompany };
  await assert.rejects(sdk.client(bearer("nonsense"), undefined, options).get(asked), status(401));
  const elsewhere = { companyId: seed.companies[1].id };
  await assert.rejects(client.get({ base: "/projects", qs: { company_id: elsewhere.companyId } }, elsewhere), status(403));
  await assert.rejects(client.get({ base: "/payment_applications" }), status(400));
  await assert.rejects(client.get({ base: "/no_such_thing" }, noBody), status(404));
});

// node-quickbooks: each family made, read, changed, ended, paged and refused; batch, changes, files, PDF, tokens.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test from "node:test";
import QuickBooks from "node-quickbooks";
import { FORMS, filled, known } from "./forms.mjs";
import { realm, sandbox } from "./sandbox.mjs";

QuickBooks.V3_ENDPOINT_BASE_URL = `${sandbox.quickbooks.url}/v3/company/`;
const books = new QuickBooks(
  realm.client_id, realm.client_secret, realm.access_token, false, realm.id, true, false, 75, "2.0", realm.refresh_token,
);

const call = (name, ...given) =>
  new Promise((done, failed) =>
    books[name](...given, (error, said) => (error ? failed(error) : done(said))),
  );
const fault = (error) => (error.response?.data ?? error).Fault.Error[0].code;

const plural = (family) => family.replace(/s$/, "se").replace(/y$/, "ie") + "s";
const find = (family, criteria) => call(`find${plural(family)}`, criteria).then((said) => said.QueryResponse);
const rows = (found, family) => found[family] ?? [];

// Families that are read only, beside those in the forms.
const READ_ONLY = ["CompanyInfo", "Preferences", "TaxCode", "TaxRate"];
const FAMILIES = [...Object.keys(FORMS), ...READ_ONLY].sort();
const MADE = Object.keys(FORMS).filter((family) => FORMS[family].create);
// There is no way to make or change these in this client.
const UNMADE = ["CompanyCurrency"];

async function make(family, more = {}) {
  const form = FORMS[family].create;
  const text = JSON.stringify(form);
  const owed = {};
  if (text.includes("$invoice")) owed.$invoice = (await make("Invoice")).Id;
  if (text.includes("$bill")) owed.$bill = (await make("Bill")).Id;
  return call(`create${family}`, { ...filled(form, { ...known, ...owed }), ...more });
}

const end = {
  inactive: async (family, made) => {
    const ended = await call(`update${family}`, { ...made, Active: false });
    assert.equal(ended.Active, false);
  },
  delete: async (family, made) => {
    await call(`delete${family}`, { Id: made.Id, SyncToken: made.SyncToken });
    await assert.rejects(call(`get${family}`, made.Id), (error) => fault(error) === "610");
  },
  void: async (family, made) => {
    if (!books[`void${family}`]) return end.delete(family, made);
    await call(`void${family}`, { Id: made.Id, SyncToken: made.SyncToken });
    assert.equal((await call(`get${family}`, made.Id)).TotalAmt, 0);
  },
};

for (const family of MADE) {
  test(`${family} is made, read, changed and ended`, async () => {
    let made = await make(family);
    assert.deepEqual(await call(`get${family}`, made.Id), made);
    if (FORMS[family].change) {
      const change = filled(FORMS[family].change);
      made = await call(`update${family}`, { Id: made.Id, SyncToken: made.SyncToken, ...change });
      assert.equal(made.SyncToken, "1");
      for (const [name, wanted] of Object.entries(change)) assert.equal(made[name], wanted);
      const stale = call(`update${family}`, { Id: made.Id, SyncToken: "0", ...change });
      await assert.rejects(stale, (error) => fault(error) === "5010");
    }
    if (FORMS[family].end) await end[FORMS[family].end](family, made);
  });
}

for (const family of Object.keys(FORMS).filter((one) => !UNMADE.includes(one))) {
  test(`${family} is refused with a code`, async () => {
    const { body, code } = FORMS[family].refused;
    await assert.rejects(call(`create${family}`, filled(body)), (error) => fault(error) === String(code));
  });
}

for (const family of FAMILIES) {
  test(`pages of ${family} cover it once`, async () => {
    const seen = [];
    for (let offset = 1; ; offset += 2) {
      const page = rows(await find(family, { asc: "Id", offset, limit: 2 }), family);
      if (page.length === 0) break;
      seen.push(...page.map((row) => row.Id));
    }
    const { totalCount } = await find(family, { count: true });
    assert.equal(seen.length, totalCount);
    assert.equal(new Set(seen).size, totalCount);
    if (seen.length && !["CompanyInfo", "Preferences"].includes(family)) {
      assert.equal((await call(`get${family}`, seen[0])).Id, seen[0]);
      await assert.rejects(call(`get${family}`, "999999"), (error) => fault(error) === "610");
    }
  });
}

for (const family of ["CreditMemo", "Estimate", "Invoice", "PurchaseOrder", "SalesReceipt"]) {
  test(`${family} is sent and printed`, async () => {
    const made = await make(family);
    const send = books[`send${family}Pdf`] ? `send${family}Pdf` : `send${family}`;
    assert.equal((await call(send, made.Id, "ap@owner.example")).EmailStatus, "EmailSent");
    if (!books[`get${family}Pdf`]) return;
    const pdf = await call(`get${family}Pdf`, made.Id);
    assert.equal(Buffer.from(pdf).subarray(0, 4).toString(), "%PDF");
  });
}

test("company and preferences are read and changed", async () => {
  const company = await call("getCompanyInfo", realm.id);
  assert.equal(company.CompanyName, realm.name);
  const legal = `Lone Star ${randomUUID()}`;
  assert.equal((await call("updateCompanyInfo", { ...company, LegalName: legal })).LegalName, legal);
  const preferences = await call("getPreferences");
  assert.ok((await call("updatePreferences", preferences)).SalesFormsPrefs);
});

test("a tax code is made with a rate", async () => {
  const agency = rows(await find("TaxAgency", { limit: 1 }), "TaxAgency")[0];
  const TaxRateDetails = [{ TaxRateName: `Rate ${randomUUID()}`, RateValue: 8.25, TaxAgencyId: agency.Id }];
  const made = await call("createTaxService", { TaxCode: `Code ${randomUUID()}`, TaxRateDetails });
  assert.equal((await call("getTaxCode", made.TaxCodeId)).Name, made.TaxCode);
});

test("a file is attached", async () => {
  const invoice = await make("Invoice");
  const file = Buffer.from("%PDF-1.4\n%%EOF\n");
  const saved = await call("upload", "application.pdf", "application/pdf", file, "Invoice", invoice.Id);
  assert.equal(saved.Size, file.length);
  assert.equal(saved.AttachableRef[0].EntityRef.value, invoice.Id);
});

test("a grant is refreshed and ended", async () => {
  QuickBooks.TOKEN_URL = `${sandbox.quickbooks.oauth_url}/oauth2/v1/tokens/bearer`;
  QuickBooks.REVOKE_URL = `${sandbox.quickbooks.oauth_url}/v2/oauth2/tokens/revoke`;
  const other = sandbox.quickbooks.realms[1];
  const theirs = new QuickBooks(
    other.client_id, other.client_secret, other.access_token, false, other.id, true, false, 75, "2.0", other.refresh_token,
  );
  const ask = (name, ...given) =>
    new Promise((done, failed) => theirs[name](...given, (error, said) => (error ? failed(error) : done(said))));
  const tokens = await ask("refreshAccessToken");
  assert.notEqual(tokens.access_token, other.access_token);
  assert.equal((await ask("getCompanyInfo", other.id)).CompanyName, other.name);
  await ask("revokeAccess", true);
  await assert.rejects(ask("getCompanyInfo", other.id), (error) => error.response.status === 401);
});

test("families and reports that are not there are refused", async () => {
  for (const name of ["findBudgets", "findCustomerTypes", "findJournalCodes", "reportBalanceSheet"]) {
    await assert.rejects(call(name, {}));
  }
});

test("one request id makes one invoice", async () => {
  const form = { ...filled(FORMS.Invoice.create), requestId: randomUUID() };
  assert.equal((await call("createInvoice", { ...form })).Id, (await call("createInvoice", { ...form })).Id);
});

test("all pages are fetched", async () => {
  const all = (await call("findAccounts", { fetchAll: true })).QueryResponse.Account;
  const count = (await call("findAccounts", { count: true })).QueryResponse.totalCount;
  assert.equal(all.length, count);
});

test("a batch tells each item's fate", async () => {
  const name = randomUUID();
  const said = await call("batch", [
    { bId: "1", operation: "create", Customer: { DisplayName: name } },
    { bId: "2", operation: "create", Customer: { DisplayName: name } },
    { bId: "3", Query: "select * from Customer maxresults 1" },
  ]);
  const byId = Object.fromEntries(said.BatchItemResponse.map((item) => [item.bId, item]));
  const made = [byId["1"], byId["2"]].filter((item) => item.Customer);
  assert.equal(made.length, 1);
  assert.ok(byId["3"].QueryResponse);
});

test("changes since are told", async () => {
  const made = await make("Invoice");
  const said = await call("changeDataCapture", ["Invoice"], new Date(Date.now() - 60000));
  const rows = said.CDCResponse[0].QueryResponse[0].Invoice;
  assert.ok(rows.some((row) => row.Id === made.Id));
});

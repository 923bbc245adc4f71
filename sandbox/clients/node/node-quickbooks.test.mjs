// node-quickbooks: create, read, update, delete, void, query, paging, batch, changes, PDF, errors.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import test from "node:test";
import QuickBooks from "node-quickbooks";
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
const some = async (find) => Object.values((await call(find, { limit: 1 })).QueryResponse)[0][0];

const FAMILIES = [
  "Accounts", "Attachables", "Bills", "BillPayments", "Classes", "CompanyInfos", "CreditMemos", "Customers",
  "Departments", "Deposits", "Employees", "Estimates", "Invoices", "Items", "JournalEntries", "Payments",
  "PaymentMethods", "Preferenceses", "Purchases", "PurchaseOrders", "RefundReceipts", "SalesReceipts", "TaxAgencies",
  "TaxCodes", "TaxRates", "Terms", "TimeActivities", "Vendors", "VendorCredits", "Transfers",
];

for (const family of FAMILIES) {
  test(`find${family}`, async () => {
    const said = await call(`find${family}`, { limit: 5 });
    assert.ok(said.QueryResponse);
  });
}

const invoice = async (more = {}) => {
  const customer = await some("findCustomers");
  const item = (await call("findItems", { Type: "Service", limit: 1 })).QueryResponse.Item[0];
  return call("createInvoice", {
    CustomerRef: { value: customer.Id },
    Line: [{ Amount: 12.5, DetailType: "SalesItemLineDetail", SalesItemLineDetail: { ItemRef: { value: item.Id } } }],
    ...more,
  });
};

test("an invoice is made, read, updated, sent, printed, voided and deleted", async () => {
  const made = await invoice();
  assert.equal(made.TotalAmt, 12.5);
  const read = await call("getInvoice", made.Id);
  const updated = await call("updateInvoice", { ...read, PrivateNote: "seen" });
  assert.equal(updated.SyncToken, "1");
  await call("sendInvoicePdf", made.Id, "ap@owner.example");
  const pdf = await call("getInvoicePdf", made.Id);
  assert.equal(Buffer.from(pdf).subarray(0, 4).toString(), "%PDF");
  const sent = await call("getInvoice", made.Id);
  assert.equal(sent.EmailStatus, "EmailSent");
  const { Invoice: voided } = await call("voidInvoice", { Id: sent.Id, SyncToken: sent.SyncToken });
  assert.equal(voided.TotalAmt, 0);
  await call("deleteInvoice", { Id: voided.Id, SyncToken: voided.SyncToken });
  await assert.rejects(call("getInvoice", made.Id), (error) => fault(error) === "610");
});

test("one request id makes one invoice", async () => {
  const requestId = randomUUID();
  assert.equal((await invoice({ requestId })).Id, (await invoice({ requestId })).Id);
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
  const made = await invoice();
  const said = await call("changeDataCapture", ["Invoice"], new Date(Date.now() - 60000));
  const rows = said.CDCResponse[0].QueryResponse[0].Invoice;
  assert.ok(rows.some((row) => row.Id === made.Id));
});

test("faults come with their codes", async () => {
  await assert.rejects(call("createInvoice", { Line: [] }), (error) => fault(error) === "2020");
  await assert.rejects(call("getCustomer", "999999"), (error) => fault(error) === "610");
});

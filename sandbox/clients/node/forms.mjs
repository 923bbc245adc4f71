// The least that each QuickBooks family needs, with what to refer to filled in from the sandbox's seed.
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { realm, seed } from "./sandbox.mjs";

export const FORMS = JSON.parse(readFileSync(new URL("./quickbooks_forms.json", import.meta.url)));

const projects = seed.companies.flatMap((company) => company.projects);
const ours = projects.find((project) => project.quickbooks.realm === realm.id).quickbooks;
export const known = {
  $customer: ours.customer_id,
  $vendor: Object.values(ours.vendors)[0],
  $bank: ours.accounts.Checking,
  $savings: ours.accounts.Savings,
  $payable: ours.accounts["Accounts Payable (A/P)"],
  $income: ours.accounts["Construction Income"],
  $expense: ours.accounts["Job Materials"],
  $sale: {
    Amount: 100.25,
    DetailType: "SalesItemLineDetail",
    SalesItemLineDetail: { ItemRef: { value: ours.items.Services } },
  },
  $cost: {
    Amount: 100.25,
    DetailType: "AccountBasedExpenseLineDetail",
    AccountBasedExpenseLineDetail: { AccountRef: { value: ours.accounts["Job Materials"] } },
  },
};

export function filled(form, places = known) {
  if (Array.isArray(form)) return form.map((one) => filled(one, places));
  if (form === "$name") return `N ${randomUUID().slice(0, 13)}`;
  if (typeof form === "string") return places[form] ?? form;
  if (form === null || typeof form !== "object") return form;
  return Object.fromEntries(Object.entries(form).map(([name, value]) => [name, filled(value, places)]));
}

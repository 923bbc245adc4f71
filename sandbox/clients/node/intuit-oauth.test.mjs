// intuit-oauth (JavaScript): consent, code, refresh, revoke, user, id token, API calls.
import assert from "node:assert/strict";
import test from "node:test";
import OAuthClient from "intuit-oauth";
import { realm, sandbox } from "./sandbox.mjs";

const discovery = await (await fetch(sandbox.quickbooks.discovery_url)).json();
const client = new OAuthClient({
  clientId: realm.client_id,
  clientSecret: realm.client_secret,
  environment: "sandbox",
  redirectUri: "http://127.0.0.1/callback",
});
client.setAuthorizeURLs({
  authorizeEndpoint: discovery.authorization_endpoint,
  tokenEndpoint: discovery.token_endpoint,
  revokeEndpoint: discovery.revocation_endpoint,
  userInfoEndpoint: discovery.userinfo_endpoint,
});

async function consented(scope, decision = "connect") {
  const asked = new URL(client.authorizeUri({ scope, state: "s1" }));
  const form = new URLSearchParams(asked.search);
  form.set("realmId", realm.id);
  form.set("decision", decision);
  const back = await fetch(discovery.authorization_endpoint, { method: "POST", body: form, redirect: "manual" });
  return back.headers.get("location");
}

test("a code is exchanged, refreshed and revoked", async () => {
  const token = (await client.createToken(await consented([OAuthClient.scopes.Accounting]))).getToken();
  assert.equal(token.expires_in, 3600);
  assert.equal(token.realmId, realm.id);
  assert.ok(client.isAccessTokenValid());
  const first = token.access_token;
  await client.refresh();
  assert.notEqual(client.getToken().access_token, first);
  await client.refreshUsingToken(client.getToken().refresh_token);
  await client.revoke();
  await assert.rejects(client.refreshUsingToken(token.refresh_token));
});

test("a refused consent comes back as an error", async () => {
  const back = new URL(await consented([OAuthClient.scopes.Accounting], "cancel"));
  assert.equal(back.searchParams.get("error"), "access_denied");
  assert.equal(back.searchParams.get("state"), "s1");
});

test("a code is good once", async () => {
  const address = await consented([OAuthClient.scopes.Accounting]);
  await client.createToken(address);
  await assert.rejects(client.createToken(address));
});

test("the user is told by scope, and the id token holds by the published key", async () => {
  OAuthClient.jwks_uri = discovery.jwks_uri;
  const { Accounting, OpenId, Email } = OAuthClient.scopes;
  await client.createToken(await consented([Accounting, OpenId, Email]));
  assert.ok((await client.getUserInfo()).json.email);
  assert.ok(await client.validateIdToken());
});

test("API calls are made, paged and refused", async () => {
  await client.createToken(await consented([OAuthClient.scopes.Accounting]));
  const company = `${sandbox.quickbooks.url}/v3/company/${realm.id}`;
  const { json } = await client.makeApiCall({ url: `${company}/companyinfo/${realm.id}` });
  assert.equal(json.CompanyInfo.CompanyName, realm.name);
  const body = { DisplayName: `Owner ${Math.random()}` };
  const made = (await client.makeApiCall({ url: `${company}/customer`, method: "POST", body })).json.Customer;
  const change = { Id: made.Id, SyncToken: made.SyncToken, sparse: true, Notes: "seen" };
  const changed = await client.makeApiCall({ url: `${company}/customer`, method: "POST", body: change });
  assert.equal(changed.json.Customer.Notes, "seen");
  const query = (start) => `select * from Customer orderby Id startposition ${start} maxresults 2`;
  const pages = await Promise.all([1, 3].map((start) => client.makeApiCall({ url: `${company}/query`, params: { query: query(start) } })));
  const ids = pages.flatMap((page) => page.json.QueryResponse.Customer.map((row) => row.Id));
  assert.equal(new Set(ids).size, 4);
  const twin = client.makeApiCall({ url: `${company}/customer`, method: "POST", body });
  await assert.rejects(twin, (refused) => JSON.stringify(refused, Object.getOwnPropertyNames(refused)).includes("6240"));
});

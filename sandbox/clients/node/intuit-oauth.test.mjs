// intuit-oauth (JavaScript): consent, code, refresh, revoke.
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

test("a code is exchanged, refreshed and revoked", async () => {
  const asked = new URL(client.authorizeUri({ scope: [OAuthClient.scopes.Accounting], state: "s1" }));
  const form = new URLSearchParams(asked.search);
  form.set("realmId", realm.id);
  form.set("decision", "connect");
  const back = await fetch(discovery.authorization_endpoint, { method: "POST", body: form, redirect: "manual" });
  const token = (await client.createToken(back.headers.get("location"))).getToken();
  assert.equal(token.expires_in, 3600);
  assert.equal(token.realmId, realm.id);
  const first = token.access_token;
  await client.refresh();
  assert.notEqual(client.getToken().access_token, first);
  await client.revoke();
});

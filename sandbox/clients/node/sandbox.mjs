// The running sandbox, as its one line of JSON tells it, with limits that let a client hurry.
export const sandbox = JSON.parse(process.env.SANDBOX);
export const realm = sandbox.quickbooks.realms[0];
export const company = sandbox.procore.companies[0];

const roomy = {
  quickbooks: { per_second: 1000, per_minute: 100000 },
  procore: { spike: 1000, hourly: 100000 },
};
await fetch(`${sandbox.control_url}/control/limits`, { method: "POST", body: JSON.stringify(roomy) });

export const seed = await (await fetch(`${sandbox.control_url}/control/seed`)).json();

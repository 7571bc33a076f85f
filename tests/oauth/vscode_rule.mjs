// VS Code's way to the metadata of each server given as an argument (microsoft/vscode, src/vs/base/common/oauth.ts), and its
// rule: `new URL(metadata.resource).toString() === new URL(serverUrl).toString()`. Written anew; prints one JSON line for all.

const WELL_KNOWN = "/.well-known/oauth-protected-resource";

async function challenged(serverUrl) {
  const headers = { "Content-Type": "application/json", Accept: "application/json, text/event-stream" };
  const reply = await fetch(serverUrl, { method: "POST", headers, body: "{}" });
  const challenge = reply.headers.get("www-authenticate") ?? "";
  return { status: reply.status, named: /resource_metadata="([^"]*)"/.exec(challenge)?.[1] ?? "" };
}

async function found(url, serverUrl) {
  const reply = await fetch(url, { headers: { Accept: "application/json", "MCP-Protocol-Version": "2025-06-18" } });
  if (reply.status !== 200) return { status: reply.status };
  const metadata = await reply.json();
  const same = new URL(metadata.resource).toString() === new URL(serverUrl).toString();
  return { status: 200, resource: metadata.resource, servers: metadata.authorization_servers, same };
}

async function look(serverUrl) {
  const { status, named } = await challenged(serverUrl);
  const { origin, pathname } = new URL(serverUrl);
  const byPath = `${origin}${WELL_KNOWN}${pathname === "/" ? "" : pathname}`;
  return { serverUrl, status, named, byChallenge: named && (await found(named, serverUrl)), byPath: await found(byPath, serverUrl) };
}

console.log(JSON.stringify(await Promise.all(process.argv.slice(2).map(look))));
